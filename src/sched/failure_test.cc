// SPDX-License-Identifier: Apache-2.0
#include "sched/failure.h"

#include <set>
#include <string_view>

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
                      coordinator_restart}));
  const auto unbounded = classes_with([](const FailurePolicy& policy) {
    return policy.max_tries == 0 || (policy.retry == Retry::never) != (policy.max_tries == 1);
  });
  EXPECT_TRUE(unbounded.empty());
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
