// SPDX-License-Identifier: Apache-2.0
#include "bench_lab.h"

#include "base/error.h"

#include <chrono>
#include <iterator>
#include <sstream>
#include <thread>
#include <unistd.h>

#include <fmt/format.h>

namespace firn::bench {

namespace {

using Words = std::vector<std::string>;

constexpr std::string_view kGraphs = R"nix(
{ tag, count ? "0", input ? "", file ? "" }:
let
  step = name: more: derivation ({
    inherit name tag;
    system = builtins.currentSystem;
    builder = "/bin/sh";
    args = [ "-c" "echo > $out" ];
  } // more);
  each = builtins.genList (i: i) (builtins.fromJSON count);
in {
  independent = map (i: step "step-${toString i}" { }) each;
  chain = builtins.foldl' (before: i: step "link-${toString i}" { inherit before; }) null each;
  consumer = step "consumer" { input = builtins.storePath input; };
  producer = step "producer" { args = [ "-c" "/bin/cp ${file} $out" ]; };
}
)nix";

constexpr std::chrono::milliseconds kDeletePause{100};
constexpr int kDeleteTries = 100;

Words words(const std::string& text) {
  std::istringstream in(text);
  return {std::istream_iterator<std::string>(in), {}};
}

Words operator+(Words left, const Words& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

/// Never the same twice, not in the next run either.
std::string new_tag() {
  static int count = 0;
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return fmt::format("{}-{}-{}", ::getpid(), now.count(), ++count);
}

Words must_run(const lab::Host& host, const Words& argv) {
  const auto outcome = host.run(argv);
  if (!outcome.ok()) throw Error(Kind::unavailable, argv.at(0) + ": " + outcome.describe());
  return words(outcome.out);
}

}  // namespace

BenchLab::BenchLab(const std::filesystem::path& firn, bool has_tmpfs_stores)
    : firn_(firn.filename()),
      coordinator_({.has_tmpfs_store = has_tmpfs_stores}),
      builder_(coordinator_.key(),
               {.max_jobs = kSlots, .host = {.has_tmpfs_store = has_tmpfs_stores}}) {
  coordinator_.introduce(builder_);
  coordinator_.install(firn);
  lab::write_file(coordinator_.dir() / "machines", builder_.machines_line() + '\n');
  lab::write_file(coordinator_.dir() / "machines.stock", builder_.stock_machines_line() + '\n');
}

Words BenchLab::instantiate(std::string_view attribute, const Words& arguments) const {
  Words argv{"nix-instantiate", "-E", std::string(kGraphs), "-A", std::string(attribute)};
  argv = argv + Words{"--argstr", "tag", new_tag()};
  for (std::size_t i = 0; i + 1 < arguments.size(); i += 2)
    argv = argv + Words{"--argstr", arguments[i], arguments[i + 1]};
  return must_run(coordinator_, argv);
}

FirnRun BenchLab::run_firn(Place place, const Words& drvs) const {
  const auto dir = coordinator_.dir().string();
  Words argv{firn_, "build", "--json", "--no-out-link", "--log-dir", dir + "/log"};
  if (place == Place::coordinator) {
    argv = argv + Words{"--builders", "", "--max-jobs", std::to_string(kSlots)};
  } else {
    argv = argv + Words{"--builders", "@" + dir + "/machines", "--max-jobs", "0"};
  }
  const auto run = run_command(argv + drvs);
  expect_outputs(drvs);
  return {.cost = run.cost, .events = parse_events(run.out)};
}

Cost BenchLab::run_nix(Place place, const Words& drvs) const {
  Words argv{"nix-store", "--realise"};
  if (place == Place::coordinator) {
    argv = argv + Words{"--option", "builders", "", "--max-jobs", std::to_string(kSlots)};
  } else {
    const auto machines = "@" + (coordinator_.dir() / "machines.stock").string();
    argv = argv + Words{"--option", "builders", machines, "--max-jobs", "0"};
  }
  const auto run = run_command(argv + drvs);
  expect_outputs(drvs);
  return run.cost;
}

MeasuredRun BenchLab::run_command(const Words& argv) const {
  return measure(coordinator_, builder_.host(), argv);
}

std::string BenchLab::add_to_store(const std::filesystem::path& path) const {
  return must_run(coordinator_, {"nix-store", "--add", path.string()}).at(0);
}

std::string BenchLab::add_each_to_store(const std::filesystem::path& folder) const {
  const auto list = folder.string() + ".list";
  must_run(coordinator_,
           {"sh",
            "-c",
            fmt::format("find {} -type f | xargs nix-store --add > {}", folder.string(), list)});
  const auto file = fmt::format(R"(builtins.toFile "all" (toString (map builtins.storePath
        (builtins.filter (line: line != "" && builtins.isString line)
          (builtins.split "\n" (builtins.readFile {}))))))",
                                list);
  const auto quoted =
      must_run(coordinator_, {"nix-instantiate", "--eval", "--read-write-mode", "--expr", file});
  const auto& text = quoted.at(0);
  return text.substr(1, text.size() - 2);
}

std::string BenchLab::output_of(const std::string& drv) const {
  return must_run(coordinator_, {"nix-store", "--query", "--outputs", drv}).at(0);
}

void BenchLab::expect_outputs(const Words& drvs) const {
  const auto outputs = must_run(coordinator_, Words{"nix-store", "--query", "--outputs"} + drvs);
  must_run(coordinator_, Words{"nix-store", "--check-validity"} + outputs);
}

void collect_garbage(const lab::Host& host) {
  must_run(host, {"nix-store", "--gc", "--quiet"});
}

void delete_path(const lab::Host& host, const std::string& path) {
  for (int attempt = 1; host.store_has(path); ++attempt) {
    const auto outcome = host.run({"nix-store", "--delete", path});
    if (outcome.ok()) return;
    if (attempt == kDeleteTries) {
      throw Error(Kind::conflict, fmt::format("delete {}: {}", path, outcome.describe()));
    }
    std::this_thread::sleep_for(kDeletePause);
  }
}

}  // namespace firn::bench
