// SPDX-License-Identifier: Apache-2.0
#include "sched/failure.h"

#include <array>

namespace firn::sched {

namespace {

using enum FailureClass;

// clang-format off
// NOLINTBEGIN(modernize-use-designated-initializers): a table, its columns are named above.
constexpr std::array<FailurePolicy, kFailureClassCount> kPolicies{{
    // class              name                    may fail  may be      retry                     max    counts against
    //                                            a build   remembered                            tries  the machine
    {build_failed,        "build failed",         true,     true,       Retry::never,             1,     false},
    {timed_out,           "timed out",            true,     false,      Retry::never,             1,     false},
    {silent_too_long,     "silent too long",      true,     false,      Retry::never,             1,     false},
    {silent_by_our_clock, "silent by our clock",  true,     false,      Retry::elsewhere_at_once, 2,     false},
    {log_too_big,         "log too big",          true,     false,      Retry::never,             1,     false},
    {output_too_big,      "output too big",       true,     false,      Retry::never,             1,     false},
    {not_deterministic,   "not deterministic",    true,     true,       Retry::never,             1,     false},
    {fetch_failed,        "fetch failed",         true,     false,      Retry::elsewhere_later,   2,     false},
    {transient,           "transient failure",    false,    false,      Retry::elsewhere_at_once, 4,     false},
    {machine_lost,        "machine lost",         false,    false,      Retry::elsewhere_at_once, 4,     true},
    {transfer_stalled,    "transfer stalled",     false,    false,      Retry::elsewhere_at_once, 4,     true},
    {protocol_error,      "protocol error",       false,    false,      Retry::elsewhere_at_once, 4,     true},
    {disk_full,           "disk full",            false,    false,      Retry::elsewhere_at_once, 4,     true},
    {destination_down,    "destination down",     false,    false,      Retry::anywhere_later,    4,     false},
    {input_missing,       "input missing",        false,    false,      Retry::elsewhere_at_once, 4,     false},
    {unsigned_inputs,     "unsigned inputs",      false,    false,      Retry::elsewhere_only,    kOneOnEachMachine, false},
    {coordinator_restart, "coordinator restart",  false,    false,      Retry::anywhere_later,    4,     false},
    {cancelled,           "cancelled",            false,    false,      Retry::never,             1,     false},
}};
// NOLINTEND(modernize-use-designated-initializers)
// clang-format on

constexpr bool is_in_order() {
  for (std::size_t i = 0; i < kPolicies.size(); ++i) {
    if (static_cast<std::size_t>(kPolicies[i].failure) != i) return false;
  }
  return true;
}

static_assert(is_in_order(), "a row per class, in the order of the enum");

}  // namespace

Tries default_tries() {
  Tries tries{};
  for (const auto& policy : kPolicies)
    tries.at(static_cast<std::size_t>(policy.failure)) = policy.max_tries;
  return tries;
}

const FailurePolicy& policy_of(FailureClass failure) {
  return kPolicies.at(static_cast<std::size_t>(failure));
}

std::string_view to_string(FailureClass failure) {
  return policy_of(failure).name;
}

}  // namespace firn::sched
