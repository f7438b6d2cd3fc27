// SPDX-License-Identifier: Apache-2.0
// farm_bench: how many steps per second, and how fast large paths travel, beside stock Nix on the
// same machine in the same run.
#include "machine_facts.h"
#include "measurements.h"
#include "report.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace firn::bench {

namespace {

namespace fs = std::filesystem;

constexpr int kQuickRounds = 3;

struct Arguments {
  Options options;
  std::vector<std::string> only;
  bool quick = false;
  bool json = false;
};

/// build/release/bench/farm_bench → build/release/firn.
fs::path firn_beside_this() {
  return fs::read_symlink("/proc/self/exe").parent_path().parent_path() / "firn";
}

std::set<std::string> names() {
  std::set<std::string> result;
  for (const auto& measurement : measurements())
    result.emplace(measurement.name);
  return result;
}

std::string list_of_measurements() {
  std::string text = "Measurements:\n";
  for (const auto& measurement : measurements())
    text += fmt::format("  {:<12} {}\n", measurement.name, measurement.what);
  return text;
}

void add_options(CLI::App& app, Arguments& arguments) {
  auto& options = arguments.options;
  options.firn = firn_beside_this();
  app.footer(list_of_measurements());
  app.add_option("--rounds", options.rounds, "Rounds of each measurement")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  app.add_flag("--quick", arguments.quick, fmt::format("Short for --rounds {}", kQuickRounds));
  app.add_option("--only", arguments.only, "Measures NAME, and nothing else; several add up")
      ->check(CLI::IsMember(names()));
  app.add_option("--steps", options.steps, "Independent steps")
      ->check(CLI::Range(1, 2000))
      ->capture_default_str();
  app.add_option("--peer-ssh-steps", options.peer_ssh_steps, "The same through ssh, for stock Nix")
      ->check(CLI::Range(1, 2000))
      ->capture_default_str();
  app.add_option("--chain", options.chain, "Steps of a chain")
      ->check(CLI::Range(1, 2000))
      ->capture_default_str();
  app.add_option("--firn", options.firn, "The program to measure")
      ->check(CLI::ExistingFile)
      ->capture_default_str();
  app.add_flag("--json", arguments.json, "Prints JSON instead of tables");
}

void add_facts(Bench& bench, const std::string& load_before) {
  const auto& other = bench.other_work();
  bench.report().facts = {
      {"machine", describe_machine()},
      {"peer",
       describe_peers() + "; one ssh connection a step: no ControlMaster, as Nix does by itself"},
      {"date", fmt::format("{:%Y-%m-%d}", fmt::gmtime(std::time(nullptr)))},
      {"rounds", fmt::format("{}, programs by turns", bench.options().rounds)},
      {"load",
       fmt::format("{}; load average before: {}; others took {:.0f} % of the processors between "
                   "runs, {:.0f} % at worst",
                   other.is_quiet() ? "quiet" : "NOT QUIET: only ratios mean anything",
                   load_before,
                   100 * other.median(),
                   100 * other.worst())},
  };
}

int run(const Arguments& arguments) {
  auto options = arguments.options;
  if (arguments.quick) options.rounds = kQuickRounds;
  const std::set<std::string_view> only(arguments.only.begin(), arguments.only.end());
  const auto load_before = load_average();
  Bench bench(options);
  for (const auto& measurement : measurements()) {
    if (only.empty() || only.contains(measurement.name)) measurement.run(bench);
  }
  add_facts(bench, load_before);
  fmt::print("{}", arguments.json ? to_json(bench.report()) : to_table(bench.report()));
  return EXIT_SUCCESS;
}

int run_program(int argc, char** argv) {
  CLI::App app{"Measures firn beside stock Nix, with a builder in this machine", "farm_bench"};
  Arguments arguments;
  add_options(app, arguments);
  CLI11_PARSE(app, argc, argv);
  return run(arguments);
}

}  // namespace

}  // namespace firn::bench

int main(int argc, char** argv) {
  try {
    return firn::bench::run_program(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "farm_bench: {}\n", error.what());
    return EXIT_FAILURE;
  }
}
