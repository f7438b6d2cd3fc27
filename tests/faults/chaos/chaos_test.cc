// SPDX-License-Identifier: Apache-2.0
// Many steps on six builders while faults strike at random. FIRN_CHAOS_SECONDS and FIRN_CHAOS_SEED
// choose how long and which; without them it is short, and the seed is printed.
#include "faults/chaos/storm.h"
#include "faults/fault_fixture.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <map>
#include <random>
#include <set>
#include <sstream>
#include <string>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>

namespace firn::testing {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

/// With this file a machine does not sleep: the undisturbed run has it.
constexpr std::string_view kHurry = "/nix/var/hurry";

/// Eight layers between a first and a last step, which are alone. Each step sleeps 0.75 to 2.75 s,
/// depends on three of the layer before, and writes the same bytes wherever it runs: 30 of them, or
/// 2 MB. Every fifth needs a big input.
constexpr std::string_view kGraph = R"nix(
let
  width = {0} / 8;
  at = list: i: builtins.elemAt list (i - (i / width) * width);
  mod = a: b: a - (a / b) * b;
  big = builtins.storePath "{1}";
  pause = quarters: "n=${{toString quarters}}; while [ $n -gt 0 ] && [ ! -e {2} ]; do echo; sleep 0.25; n=$((n - 1)); done;";
  step = layer: below: i: mk {{
    name = "chaos-${{toString layer}}-${{toString i}}";
    script = pause (3 + mod (i * 5 + layer * 3) 9) + ''
      echo {3} ${{toString layer}} ${{toString i}} > $out
      cat ${{at below i}} ${{at below (i * 7 + 1)}} ${{at below (i * 13 + 5)}} | head -c 200 >> $out
      ${{if mod i 5 == 0 then "wc -c < ${{big}} >> $out" else ""}}
      ${{if mod i 10 == 3 then "yes $out | head -c 2000000 >> $out" else ""}}
    '';
  }};
  first = mk {{ name = "chaos-first"; script = pause 12 + "echo {3} > $out"; }};
  layers = builtins.foldl' (done: n: done ++ [ (builtins.genList (step n (builtins.elemAt done (n - 1))) width) ])
                           [ (builtins.genList (_: first) width) ] (builtins.genList (n: n + 1) 8);
in {{
  last = mk {{ name = "chaos-last"; script = pause 24 + "cat ${{toString (builtins.elemAt layers 8)}} | cksum > $out"; }};
}}
)nix";

std::uint32_t number_from(const char* variable, std::uint32_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr || *text == '\0' ? otherwise
                                          : static_cast<std::uint32_t>(std::stoul(text));
}

/// Whether FIRN_PROGRAM is one that keeps what it has freed, for its sanitizer to see. Such a firn
/// ends with a report and another exit code than 0 where it finds something.
bool is_sanitized() {
  return number_from("FIRN_SANITIZED", 0) != 0;
}

/// Connections to our own store and to builders come and go: what is more than this has leaked.
constexpr std::ptrdiff_t kComingAndGoing = 24;

/// What firn holds at a moment.
struct Holdings {
  std::ptrdiff_t descriptors = 0;
  std::uint64_t resident_kib = 0;
};

Holdings holdings_of(pid_t process) {
  Holdings holdings;
  std::error_code ignored;
  const auto folder = fs::path("/proc") / std::to_string(process);
  for ([[maybe_unused]] const auto& entry : fs::directory_iterator(folder / "fd", ignored))
    ++holdings.descriptors;
  std::istringstream lines(lab::read_file(folder / "status"));
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("VmRSS:")) holdings.resident_kib = std::stoull(line.substr(6));
  }
  return holdings;
}

Working::Fits at_step(std::string event, std::string name) {
  return [event = std::move(event), name = std::move(name)](const nlohmann::json& seen) {
    return seen.at("event") == event && seen.value("name", "") == name;
  };
}

/// Hashes of what the store says it has, by path; outputs of this run's steps only.
std::map<std::string, std::string> hashes_of(const lab::Host& host) {
  const auto listed = host.run(
      {"/bin/sh", "-c", "nix-store -q --hash $(ls -d /nix/store/*-chaos-* | grep -v .drv | sort)"});
  const auto names =
      host.run({"/bin/sh", "-c", "ls -d /nix/store/*-chaos-* | grep -v .drv | sort"});
  if (!listed.ok()) throw std::runtime_error(listed.describe());
  std::istringstream hashes(listed.out);
  std::istringstream paths(names.out);
  std::map<std::string, std::string> result;
  for (std::string path, hash; paths >> path && hashes >> hash;)
    result[path] = hash;
  return result;
}

/// Why attempts ended badly, how often, and how many tries a step took at most.
std::string summary_of(const Build& build) {
  std::map<std::string, int> counts;
  int most_tries = 0;
  for (const auto& ended : build.of("attempt_ended")) {
    most_tries = std::max(most_tries, ended.at("try").get<int>());
    if (!ended.at("failure").is_null())
      ++counts[fmt::format("{} ({})",
                           ended.at("failure").get<std::string>(),
                           ended.at("outcome").get<std::string>())];
  }
  return fmt::format("{}; at most {} tries", counts, most_tries);
}

class Chaos : public FaultTest {
 protected:
  void SetUp() override {
    FaultTest::SetUp();
    if (IsSkipped()) return;
    for (const std::size_t release : {1U, 2U})
      farm().add_builder(lab::kReleases.at(release));
  }

  static std::string machine_lines() {
    std::vector<const lab::Builder*> all;
    for (const auto& builder : farm().builders)
      all.push_back(builder.get());
    return machines(all);
  }
};

/// The same file on a machine that nothing happens to.
std::map<std::string, std::string> undisturbed(const lab::CoordinatorHost& home,
                                               const std::string& input,
                                               const std::string& file) {
  const lab::CoordinatorHost quiet({.has_tmpfs_store = true});
  const auto copied = home.run({"/bin/sh", "-c", fmt::format("nix-store --export {}", input)});
  const auto dump = quiet.dir() / "input";
  lab::write_file(dump, copied.out);
  const auto imported =
      quiet.run({"/bin/sh", "-c", fmt::format("nix-store --import < {}", dump.string())});
  if (!imported.ok()) throw std::runtime_error(imported.describe());
  lab::write_file(quiet.outside(kHurry), "");
  const auto built = quiet.run({firn_program(),
                                "build",
                                "--no-out-link",
                                "-j4",
                                "--builders",
                                "",
                                "--log-dir",
                                quiet.dir() / "logs",
                                file,
                                "-A",
                                "last"});
  if (!built.ok()) throw std::runtime_error(built.describe());
  return hashes_of(quiet);
}

TEST_F(Chaos, EverythingIsBuiltAndNothingIsLeft) {
  const auto seconds = number_from("FIRN_CHAOS_SECONDS", 60);
  const auto seed = number_from("FIRN_CHAOS_SEED", std::random_device()());
  const auto steps = seconds * 10 / 3;
  std::cerr << fmt::format(
      "chaos: {} steps, FIRN_CHAOS_SECONDS={} FIRN_CHAOS_SEED={}\n", steps, seconds, seed);
  const auto input = add_input(20'000'000);
  const auto file = write_nix(home(), fmt::format(kGraph, steps, input, kHurry, seed));

  auto firn = start(file, machine_lines(), Storm::kLongestStrike * 2, "destination-down = 10\n");
  ASSERT_TRUE(firn.await(at_step("phase_entered", "chaos-first"), 60s));
  std::this_thread::sleep_for(2s);
  const auto before = holdings_of(firn.process().pid());
  Storm storm(farm(), seed);
  const auto limit = std::chrono::seconds(seconds);
  const bool was_quick = firn.await(at_step("attempt_started", "chaos-last"), limit).has_value();
  storm.end();
  Holdings after;
  if (was_quick || firn.await(at_step("attempt_started", "chaos-last"), limit * 4)) {
    std::this_thread::sleep_for(5s);
    after = holdings_of(firn.process().pid());
  }
  const auto build = firn.finish(limit * 4);
  std::cerr << fmt::format(
      "chaos: {} attempts; {}\n", build.of("attempt_ended").size(), summary_of(build));
  SCOPED_TRACE(fmt::format("{}", fmt::join(storm.story(), "\n")));

  EXPECT_TRUE(build.outcome.ok()) << build.outcome.err;
  EXPECT_EQ(build.of("attempt_started").size(), build.of("attempt_ended").size());
  for (const auto& ended : build.of("attempt_ended"))
    EXPECT_NE(ended.at("outcome"), "failed") << ended.dump(2);
  EXPECT_EQ(build.of("run_ended").at(0).at("steps").at("succeeded"), build.steps());
  EXPECT_LE(after.descriptors, before.descriptors + kComingAndGoing);
  if (!is_sanitized()) EXPECT_LT(after.resident_kib, before.resident_kib + (32U << 10U));
  expect_idle();
  EXPECT_EQ(home().count_processes("ssh"), 0);
  EXPECT_EQ(home().count_processes("nix-daemon"), 0);
  EXPECT_TRUE(fs::is_empty(runtime_folder()));
  EXPECT_EQ(hashes_of(home()), undisturbed(home(), input, file));
  EXPECT_TRUE(home().run({"nix-store", "--verify", "--check-contents"}).ok());
}

}  // namespace
}  // namespace firn::testing
