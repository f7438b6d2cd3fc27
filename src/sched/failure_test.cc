// SPDX-License-Identifier: Apache-2.0
#include "sched/failure.h"

#include <fstream>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace firn::sched {
namespace {

using enum FailureClass;

template <class Property>
std::set<FailureClass> classes_with(Property property) {
  std::set<FailureClass> found;
  for (std::size_t i = 0; i < kFailureClassCount; ++i) {
    const auto failure = static_cast<FailureClass>(i);
    if (property(policy_of(failure))) found.insert(failure);
  }
  return found;
}

TEST(FailurePolicy, OnlyTheBuildsOwnVerdictsAndFetchesMayFailABuild) {
  const auto found =
      classes_with([](const FailurePolicy& policy) { return policy.may_fail_build; });
  EXPECT_EQ(found,
            (std::set{build_failed,
                      timed_out,
                      silent_too_long,
                      silent_by_our_clock,
                      log_too_big,
                      output_too_big,
                      not_deterministic,
                      fetch_failed}));
}

TEST(FailurePolicy, OnlyWhatMayFailABuildForGoodMayBeRemembered) {
  const auto found =
      classes_with([](const FailurePolicy& policy) { return policy.may_be_remembered; });
  EXPECT_EQ(found, (std::set{build_failed, not_deterministic}));
}

TEST(FailurePolicy, OnlyItsOwnFaultsCountAgainstTheMachine) {
  const auto found =
      classes_with([](const FailurePolicy& policy) { return policy.counts_against_machine; });
  EXPECT_EQ(found, (std::set{machine_lost, transfer_stalled, protocol_error, disk_full}));
}

TEST(FailurePolicy, InfrastructureIsRetriedAndEveryPathIsBounded) {
  const auto retried = classes_with([](const FailurePolicy& policy) {
    return policy.retry != Retry::never && !policy.may_fail_build;
  });
  EXPECT_EQ(retried,
            (std::set{transient,
                      machine_lost,
                      transfer_stalled,
                      protocol_error,
                      disk_full,
                      destination_down,
                      input_missing,
                      unsigned_inputs,
                      coordinator_restart}));
  const auto unbounded = classes_with([](const FailurePolicy& policy) {
    return policy.max_tries == 0 || (policy.retry == Retry::never) != (policy.max_tries == 1);
  });
  EXPECT_TRUE(unbounded.empty());
}

std::string_view words_for(Retry retry) {
  switch (retry) {
    case Retry::never:
      return "no";
    case Retry::elsewhere_at_once:
      return "elsewhere, at once";
    case Retry::elsewhere_later:
      return "elsewhere, later";
    case Retry::anywhere_later:
      return "anywhere, later";
    case Retry::elsewhere_only:
      return "elsewhere only";
  }
  return "";
}

TEST(FailurePolicy, IsWhatTheDocumentationSays) {
  std::ifstream file(FIRN_DOCS "/failure-classes.md");
  std::string line;
  std::vector<std::string> found;
  while (std::getline(file, line)) {
    if (line.starts_with("| ")) found.push_back(line);
  }
  std::vector<std::string> expected{found.empty() ? "no table" : found.front()};
  const auto yes = [](bool value) { return value ? "yes" : "no"; };
  for (std::size_t i = 0; i < kFailureClassCount; ++i) {
    const auto& policy = policy_of(static_cast<FailureClass>(i));
    expected.push_back(fmt::format("| {} | {} | {} | {} | {} | {} |",
                                   policy.name,
                                   yes(policy.may_fail_build),
                                   yes(policy.may_be_remembered),
                                   words_for(policy.retry),
                                   policy.max_tries == kOneOnEachMachine
                                       ? "one on each machine"
                                       : std::to_string(policy.max_tries),
                                   yes(policy.counts_against_machine)));
  }
  EXPECT_EQ(found, expected);
}

TEST(FailurePolicy, NamesAreDistinct) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kFailureClassCount; ++i) {
    names.insert(to_string(static_cast<FailureClass>(i)));
  }
  EXPECT_EQ(names.size(), kFailureClassCount);
}

}  // namespace
}  // namespace firn::sched
