// SPDX-License-Identifier: Apache-2.0
#include "eval/rooted.h"

#include "base/error.h"
#include "eval/nix_process.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>
#include <utility>

#include <fmt/format.h>

namespace firn::eval {

namespace fs = std::filesystem;

namespace {

Target read_root(std::string_view line) {
  const auto mark = line.substr(line.rfind('/') + 1).find('!');
  const auto size = mark == std::string_view::npos ? line.size() : line.rfind('/') + 1 + mark;
  std::error_code error;
  const fs::path target = fs::read_symlink(fs::path(line.substr(0, size)), error);
  if (error) {
    throw Error(
        Kind::protocol,
        fmt::format("nix-instantiate printed '{}', which is no root: {}", line, error.message()));
  }
  const auto output = size == line.size() ? std::string_view("out") : line.substr(size + 1);
  return {.drv = nix::DrvPath(nix::parse_store_path(target.native())),
          .outputs = {std::string(output)}};
}

/// An expression whose value is all the derivations. `import` of a derivation has been an ordinary
/// one-path look-up since before Nix 2.0; it writes nothing.
void write_imports(const fs::path& file, const std::vector<Target>& targets) {
  std::ofstream out(file);
  out << "[\n";
  for (const auto& target : targets)
    out << "  (import \"" << target.drv.str() << "\")\n";
  out << "]\n";
  out.close();
  if (!out) throw Error(Kind::resource, "cannot write " + file.string());
}

}  // namespace

void merge(std::vector<Target>& targets, Target target) {
  const auto known = std::find_if(
      targets.begin(), targets.end(), [&](const Target& t) { return t.drv == target.drv; });
  if (known == targets.end()) {
    targets.push_back(std::move(target));
  } else if (known->outputs.empty() || target.outputs.empty()) {
    known->outputs.clear();
  } else {
    known->outputs.merge(target.outputs);
  }
}

std::vector<Target> read_roots(std::string_view text) {
  std::vector<Target> targets;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    if (end > 0) merge(targets, read_root(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return targets;
}

bool are_present(const std::vector<Target>& targets, const Options& options) {
  return std::all_of(targets.begin(), targets.end(), [&](const Target& target) {
    std::error_code ignored;
    return fs::exists(fs::path(options.store_folder) / target.drv.path().base_name(), ignored);
  });
}

aio::Task<bool> root_all(aio::Loop& loop,
                         const std::vector<Target>& targets,
                         EvaluationRoots& roots,
                         const Options& options) {
  const fs::path link = roots.next_link();
  const std::string file = link.string() + ".nix";
  write_imports(file, targets);
  std::vector<std::string> argv = {"nix-instantiate", file, "--add-root", link, "--indirect"};
  argv.insert(argv.end(), {"--option", "restrict-eval", "false", "--option", "pure-eval", "false"});
  const NixOutput output =
      co_await run_nix(loop, "rooting of derivations", std::move(argv), options);
  // Only after the root is made does presence mean anything; and absence explains a failure.
  if (!are_present(targets, options)) co_return false;
  if (!output.status.is_success()) throw output.error("rooting of derivations");
  co_return true;
}

}  // namespace firn::eval
