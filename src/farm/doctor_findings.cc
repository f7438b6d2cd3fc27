// SPDX-License-Identifier: Apache-2.0
#include "farm/doctor_findings.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace firn::farm {

using namespace std::chrono_literals;

namespace {

constexpr Duration kSlowGreeting = 1s;
constexpr std::int64_t kClockSeconds = 30;
constexpr std::uint64_t kGigabyte = 1'000'000'000;
constexpr std::uint64_t kLittleSpace = 5 * kGigabyte;
/// Of all inodes, one in so many.
constexpr std::uint64_t kFewInodes = 20;
constexpr std::uint32_t kLongestAlive = 300;

Check unknown(std::string name) {
  return {.name = std::move(name), .grade = Grade::unknown, .found = "its login does not tell"};
}

std::set<std::string> beyond(const std::set<std::string>& wanted,
                             const std::set<std::string>& offered) {
  std::set<std::string> rest;
  std::ranges::set_difference(wanted, offered, std::inserter(rest, rest.end()));
  return rest;
}

Check judge_systems(const MachineFacts& facts,
                    const nix::Machine& machine,
                    const std::set<std::string>& systems) {
  if (facts.systems.empty()) return unknown("systems");
  Check check{.name = "systems",
              .found = fmt::format(
                  "{}; {}", fmt::join(facts.systems, " "), fmt::join(facts.features, " "))};
  std::set<std::string> features(machine.supported_features.begin(),
                                 machine.supported_features.end());
  features.insert(machine.mandatory_features.begin(), machine.mandatory_features.end());
  auto missing = beyond(systems, facts.systems);
  missing.merge(beyond(features, facts.features));
  if (missing.empty()) return check;
  check.grade = Grade::attention;
  check.found = fmt::format("its Nix does not offer {}", fmt::join(missing, ", "));
  check.advice =
      "take it out of the machine's line, or add it to extra-platforms or system-features in its "
      "nix.conf";
  return check;
}

Check judge_space(const std::optional<Room>& space) {
  if (!space) return unknown("space");
  Check check{.name = "space",
              .found = fmt::format("{:.1f} of {:.1f} GB are free",
                                   static_cast<double>(space->free) / kGigabyte,
                                   static_cast<double>(space->total) / kGigabyte)};
  if (space->free >= kLittleSpace) return check;
  check.grade = Grade::attention;
  check.advice = "collect garbage there: nix-collect-garbage, or min-free in its nix.conf";
  return check;
}

Check judge_inodes(const std::optional<Room>& inodes) {
  if (!inodes) return unknown("inodes");
  Check check{.name = "inodes",
              .found = fmt::format("{} of {} are free", inodes->free, inodes->total)};
  if (inodes->free >= inodes->total / kFewInodes) return check;
  check.grade = Grade::attention;
  check.advice = "collect garbage there: nix-collect-garbage";
  return check;
}

Check judge_clock(std::optional<std::int64_t> clock, WallTime now) {
  if (!clock) return unknown("clock");
  const auto ours = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count();
  const auto offset = *clock - ours;
  Check check{.name = "clock",
              .found = offset == 0 ? std::string("the same as ours")
                                   : fmt::format("{} s {} ours",
                                                 offset < 0 ? -offset : offset,
                                                 offset < 0 ? "behind" : "ahead of")};
  if (-kClockSeconds <= offset && offset <= kClockSeconds) return check;
  check.grade = Grade::attention;
  check.advice = "set its clock, or start a time service there";
  return check;
}

Check judge_alive(std::optional<std::uint32_t> interval) {
  if (!interval) return unknown("keepalive");
  Check check{.name = "keepalive",
              .found = fmt::format("its sshd asks silent clients every {} s", *interval)};
  if (*interval > 0 && *interval <= kLongestAlive) return check;
  check.grade = Grade::attention;
  if (*interval == 0) check.found = "its sshd never asks whether a silent client is alive";
  check.advice =
      "set ClientAliveInterval 15 and ClientAliveCountMax 4 in its sshd_config: builds of a "
      "client that is cut off end after a minute then";
  return check;
}

}  // namespace

std::vector<Check> judge_facts(const MachineFacts& facts,
                               const nix::Machine& machine,
                               const std::set<std::string>& systems,
                               WallTime now) {
  return {judge_systems(facts, machine, systems),
          judge_space(facts.space),
          judge_inodes(facts.inodes),
          judge_clock(facts.clock, now),
          judge_alive(facts.client_alive)};
}

Check judge_greeting(Duration took) {
  Check check{.name = "login", .found = "its shell is quiet", .took = took};
  if (took <= kSlowGreeting) return check;
  check.grade = Grade::attention;
  check.found = "a session takes long to begin";
  check.advice =
      "see what the start-up files of its login (~/.bashrc, ~/.profile, /etc/profile.d) do";
  return check;
}

}  // namespace firn::farm
