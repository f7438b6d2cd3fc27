// SPDX-License-Identifier: Apache-2.0
// firn-lab: starts builders, runs a command beside them, takes everything down again.
#include "base/error.h"
#include "lab/builder.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <ranges>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace firn::lab {

namespace {

struct Arguments {
  unsigned builders = 1;
  unsigned jobs = 4;
  bool tmpfs = false;
  std::vector<std::string> features;
  std::vector<std::string> mandatory;
  std::vector<std::string> stock_sshd;
  std::vector<std::string> daemons;
  std::vector<std::string> releases;
  std::vector<std::string> command;
};

/// Splits "b2=kvm,big" and hands the items to the builder of that name.
std::vector<std::string> items_for(const std::string& name,
                                   const std::vector<std::string>& assignments) {
  std::vector<std::string> items;
  for (const auto& text : assignments) {
    if (!text.starts_with(name + '=')) continue;
    const auto values = CLI::detail::split(text.substr(name.size() + 1), ',');
    items.insert(items.end(), values.begin(), values.end());
  }
  return items;
}

Release parse_release(std::string_view suite) {
  const auto* found = std::ranges::find(kReleases, suite, &Release::suite);
  if (found != kReleases.end()) return *found;
  throw Error(Kind::invalid,
              fmt::format("no release '{}': it is one of {}",
                          suite,
                          fmt::join(kReleases | std::views::transform(&Release::suite), ", ")));
}

BuilderOptions options_of(const std::string& name, const Arguments& arguments) {
  BuilderOptions options{.name = name, .max_jobs = arguments.jobs};
  options.features = items_for(name, arguments.features);
  options.mandatory_features = items_for(name, arguments.mandatory);
  options.host.has_tmpfs_store = arguments.tmpfs;
  if (std::ranges::find(arguments.stock_sshd, name) != arguments.stock_sshd.end()) {
    options.sshd = SshdLimits::stock;
  }
  if (const auto trust = items_for(name, arguments.daemons); !trust.empty()) {
    options.host.daemon = Daemon{.is_trusted = trust.front() == "trusted"};
  }
  if (const auto suites = items_for(name, arguments.releases); !suites.empty()) {
    options.host.release = parse_release(suites.front());
  }
  return options;
}

int up(const Arguments& arguments) {
  const CoordinatorHost coordinator({.has_tmpfs_store = arguments.tmpfs});
  std::deque<Builder> builders;
  std::string machines;
  std::string stock_machines;
  for (unsigned i = 1; i <= arguments.builders; ++i) {
    builders.emplace_back(coordinator.key(), options_of(fmt::format("b{}", i), arguments));
    coordinator.introduce(builders.back());
    machines += builders.back().machines_line() + '\n';
    stock_machines += builders.back().stock_machines_line() + '\n';
  }
  write_file(coordinator.dir() / "machines", machines);
  write_file(coordinator.dir() / "machines.stock", stock_machines);

  // Ctrl-C is for the command; the lab outlives it and takes everything down.
  for (const int number : {SIGINT, SIGQUIT})
    std::signal(number, SIG_IGN);
  RunOptions options{.directory = std::filesystem::current_path(), .inherit_stdio = true};
  options.env = {{"FIRN_LAB_DIR", coordinator.dir()},
                 {"FIRN_LAB_MACHINES", coordinator.dir() / "machines"},
                 {"FIRN_LAB_STOCK_MACHINES", coordinator.dir() / "machines.stock"}};
  const auto outcome = coordinator.run(arguments.command, options);
  return outcome.signal != 0 ? 128 + outcome.signal : outcome.exit_code;
}

int check() {
  const auto reasons = lacking();
  for (const auto& reason : reasons)
    fmt::print(stderr, "firn-lab: {}\n", reason);
  return reasons.empty() ? EXIT_SUCCESS : EXIT_FAILURE;
}

/// No reason to refuse anything, but tests of these would first make them.
void tell_missing_roots() {
  for (const auto& release : kReleases) {
    if (!is_to_be_made(release)) continue;
    fmt::print(
        stderr,
        "firn-lab: no root with Nix {} in {} yet: firn-lab roots makes it, with mmdebstrap\n",
        release.nix,
        roots_cache().string());
  }
}

/// Makes what the cache lacks; says what cannot be had, and goes on.
int make_roots() {
  bool are_all_there = true;
  for (const auto& release : kReleases) {
    try {
      if (!is_to_be_made(release)) continue;
      fmt::print(stderr, "firn-lab: making a root with Nix {}\n", release.nix);
      root_of(release);
    } catch (const Error& error) {
      fmt::print(stderr, "firn-lab: {}\n", error.what());
      are_all_there = false;
    }
  }
  return are_all_there ? EXIT_SUCCESS : EXIT_FAILURE;
}

int run_program(int argc, char** argv) {
  CLI::App app{"Several real Nix builders on this machine, each with a store of its own",
               "firn-lab"};
  app.require_subcommand(1);
  const auto* checking = app.add_subcommand("check", "Say what this machine lacks to run the lab");
  const auto* roots = app.add_subcommand(
      "roots", "Make the roots with Nix of other years that this machine's cache lacks");
  Arguments arguments;
  auto* command = app.add_subcommand(
      "up", "Start builders b1 … bN, run a command, take all down; ends as the command did");
  command->footer(
      "The command finds FIRN_LAB_MACHINES (a machines file), FIRN_LAB_STOCK_MACHINES (the same "
      "for a stock\n"
      "Nix, by ssh alias) and FIRN_LAB_DIR, and runs on a host of its own with an empty /nix.");
  command->add_option("builders", arguments.builders, "How many builders")
      ->required()
      ->check(CLI::Range(0, 64));
  command->add_option("--jobs", arguments.jobs, "max-jobs of each")->capture_default_str();
  command->add_flag("--tmpfs", arguments.tmpfs, "Stores in memory");
  command->add_option("command", arguments.command, "What to run, after --")->required();
  const std::array lists{
      std::tuple{"--features", &arguments.features, "NAME=FEATURE,… that a builder supports"},
      std::tuple{"--mandatory", &arguments.mandatory, "NAME=FEATURE,… that it insists on"},
      std::tuple{
          "--stock-sshd", &arguments.stock_sshd, "NAME of a builder with Debian's own sshd_config"},
      std::tuple{"--daemon",
                 &arguments.daemons,
                 "NAME=trusted|untrusted: nix-daemon and an ordinary login"},
      std::tuple{"--release",
                 &arguments.releases,
                 "NAME=SUITE of Debian whose Nix and sshd it has: bullseye, bookworm, …"},
  };
  for (const auto& [name, values, help] : lists)
    command->add_option(name, *values, help)->allow_extra_args(false);
  CLI11_PARSE(app, argc, argv);
  if (const int status = check(); status != EXIT_SUCCESS) return status;
  if (checking->parsed()) tell_missing_roots();
  if (roots->parsed()) return make_roots();
  if (!command->parsed()) return EXIT_SUCCESS;
  return up(arguments);
}

}  // namespace

}  // namespace firn::lab

int main(int argc, char** argv) {
  try {
    return firn::lab::run_program(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "firn-lab: {}\n", error.what());
    return EXIT_FAILURE;
  }
}
