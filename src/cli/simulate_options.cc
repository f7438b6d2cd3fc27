// SPDX-License-Identifier: Apache-2.0
#include "cli/simulate_options.h"

#include "base/error.h"
#include "cli/usage.h"
#include "sim/generator.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace firn::cli {

namespace {

constexpr std::string_view kName = "simulate";
constexpr std::array<std::string_view, 16> kOptions = {"--database",
                                                       "--family",
                                                       "--steps",
                                                       "--projects",
                                                       "--durations",
                                                       "--replay",
                                                       "--seed",
                                                       "--builders",
                                                       "--fleet",
                                                       "--link",
                                                       "--order",
                                                       "--json",
                                                       "--gantt",
                                                       "--utilisation",
                                                       "--help",
                                                       "-h"};

constexpr std::string_view kHelp =
    R"(usage: firn simulate [SOURCE] [OPTION]...
       firn simulate --replay FILE

Runs a queue in virtual time, with the scheduler that runs the farm, and says
when it would be done, beside the earliest that is possible.

The queue:
  SOURCE             a .drv file and all that it needs, or what
                     nix-store -q --graph prints ("-": on standard input)
  --database WHERE   without SOURCE: what was built last, as the database says
                     (its .drv files, where they are left, say what needs what);
                     with SOURCE: how long it took
  --durations FILE   how long steps take: a derivation's name and seconds on
                     each line. What nothing is known of is guessed
  --family NAME      without any of those: a generated package set, work-bound,
                     balanced (default) or chain-bound, with its fleet
  --steps N          how many steps (default: 60000 generated, 10000 of a
                     database)
  --projects N       of so many projects (generated only; default: 1)
  --seed N           of all that is generated or guessed (default: 1)

A recording of firn queue-runner --record-schedule:
  --replay FILE      does the same again, and compares each decision

The machines:
  --builders TEXT    as for firn build, such as @/etc/nix/machines
  --fleet N×M        N machines with M slots, which take every step, such as
                     16x8 (default: 4x4, for a family its own)
  --link MBPS        megabytes a second to each machine (default: moving takes
                     no time)

The result:
  --order NAMES      orders to compare: critical-path,hydra,rdeps (default: all)
  --gantt FILE       draws who runs what when, in the first of these orders (SVG)
  --utilisation FILE draws how full the farm is, in each order (SVG)
  --json             all figures, for programs

Exit codes:
  0    the queue was simulated, or the replay decided as recorded
  1    the replay decides otherwise
  2    wrong usage or input, or no machine takes a step
  3    the database cannot be reached
)";

std::uint32_t number(std::string_view text, std::string_view whole) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || value == 0 ||
      value > 100'000) {
    throw Error(Kind::invalid,
                fmt::format("--fleet takes machines and slots such as 16x8, not '{}'", whole));
  }
  return value;
}

FleetSize parse_fleet(std::string_view text) {
  constexpr std::string_view kTimes = "×";
  const std::size_t times = text.find(kTimes);
  const std::size_t at = times == std::string_view::npos ? text.find('x') : times;
  const std::size_t length = times == std::string_view::npos ? 1 : kTimes.size();
  if (at == std::string_view::npos) return {.machines = number(text, text), .slots = 1};
  return {.machines = number(text.substr(0, at), text),
          .slots = number(text.substr(at + length), text)};
}

std::vector<sched::Order> parse_orders(std::string_view text) {
  std::vector<sched::Order> orders;
  while (true) {
    const std::size_t comma = std::min(text.find(','), text.size());
    const auto order = sched::parse_order(text.substr(0, comma));
    if (!order) {
      throw Error(Kind::invalid,
                  fmt::format("there is no order '{}': critical-path, hydra and rdeps are there",
                              text.substr(0, comma)));
    }
    if (std::find(orders.begin(), orders.end(), *order) == orders.end()) orders.push_back(*order);
    if (comma == text.size()) return orders;
    text.remove_prefix(comma + 1);
  }
}

void check_family(const std::string& name) {
  const auto families = sim::families();
  const bool is_known = std::any_of(
      families.begin(), families.end(), [&](const auto& family) { return family.name == name; });
  if (!is_known) {
    throw Error(Kind::invalid,
                fmt::format("there is no family '{}': work-bound, balanced and chain-bound are "
                            "there",
                            name));
  }
}

/// Words that are read after all options are there.
struct Words {
  std::string fleet;
  std::string orders;
  std::optional<double> megabytes;
};

void read_words(SimulateOptions& options, const Words& words) {
  if (!words.fleet.empty()) options.fleet = parse_fleet(words.fleet);
  if (!words.orders.empty()) options.orders = parse_orders(words.orders);
  if (words.megabytes) options.link = *words.megabytes * 1e6;
  check_family(options.family);
  if (options.fleet && !options.builders.empty())
    throw Error(Kind::invalid, "--fleet and --builders both name the machines");
}

}  // namespace

std::variant<SimulateOptions, Exit> parse_simulate(int argc, const char* const* argv) {
  SimulateOptions options;
  Words words;
  bool wants_help = false;
  CLI::App app;
  app.set_help_flag("");
  app.allow_extras();
  app.add_option("SOURCE", options.source);
  app.add_option("--database", options.database);
  app.add_option("--family", options.family);
  app.add_option("--steps", options.steps)->check(CLI::Range(1, 10'000'000));
  app.add_option("--projects", options.projects)->check(CLI::Range(1, 1000));
  app.add_option("--durations", options.durations);
  app.add_option("--replay", options.replay);
  app.add_option("--seed", options.seed);
  app.add_option("--builders", options.builders);
  app.add_option("--fleet", words.fleet);
  app.add_option("--link", words.megabytes)->check(CLI::Range(0.001, 1e6));
  app.add_option("--order", words.orders);
  app.add_flag("--json", options.json);
  app.add_option("--gantt", options.gantt);
  app.add_option("--utilisation", options.utilisation);
  app.add_flag("-h,--help", wants_help);
  try {
    app.parse(argc, argv);
    for (const auto& word : app.remaining())
      if (word != "-") throw unknown_word(kName, word, kOptions);
    if (!app.remaining().empty()) options.source = "-";
    read_words(options, words);
  } catch (const CLI::ParseError& e) {
    return usage_error(kName, e.what());
  } catch (const Error& e) {
    return usage_error(kName, e.message());
  }
  if (wants_help) return Exit{.code = ExitCode::success, .text = std::string(kHelp)};
  return options;
}

}  // namespace firn::cli
