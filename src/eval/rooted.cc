// SPDX-License-Identifier: Apache-2.0
#include "eval/rooted.h"

#include "base/error.h"

#include <algorithm>
#include <filesystem>
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

}  // namespace firn::eval
