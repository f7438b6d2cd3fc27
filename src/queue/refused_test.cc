// SPDX-License-Identifier: Apache-2.0
#include "queue/refused.h"

#include <string>

#include <gmock/gmock.h>

namespace firn::queue {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

db::FinishedBuild success(std::int64_t id) {
  return {.id = db::BuildId(id),
          .status = db::Status::success,
          .start = {},
          .stop = {},
          .size = std::nullopt,
          .closure_size = std::nullopt,
          .notification_pending_since = std::nullopt};
}

TEST(Refused, AStepsEndKeepsItsStatusAndSaysWhy) {
  StepFinished change{};
  change.step.status = db::Status::failed;
  change.step.machine = "ssh://b1";
  change.step.outputs.push_back({.name = "out", .path = "/nix/store/a"});
  const auto instead = instead_of(change, "too long");
  ASSERT_THAT(instead, SizeIs(1));
  const auto& step = std::get<StepFinished>(instead.front()).step;
  EXPECT_EQ(step.status, db::Status::failed);
  EXPECT_THAT(step.error_message, HasSubstr("too long"));
  EXPECT_THAT(step.outputs, IsEmpty());
  EXPECT_THAT(instead_of(instead.front(), "again"), IsEmpty());
}

TEST(Refused, BuildsAreTakenAloneThenAborted) {
  const BuildsEnded together{.builds = {success(1), success(2)},
                             .products = {{.type = "doc",
                                           .subtype = "",
                                           .file_size = std::nullopt,
                                           .sha256 = std::nullopt,
                                           .path = "/p",
                                           .name = "",
                                           .default_path = ""}},
                             .metrics = {}};
  const auto alone = instead_of(together, "no");
  ASSERT_THAT(alone, SizeIs(2));
  const auto& first = std::get<BuildsEnded>(alone.front());
  EXPECT_EQ(first.builds.front().status, db::Status::success);
  EXPECT_THAT(first.products, SizeIs(1));
  const auto last = instead_of(alone.front(), "no");
  ASSERT_THAT(last, SizeIs(1));
  const auto& aborted = std::get<BuildsEnded>(last.front());
  EXPECT_EQ(aborted.builds.front().status, db::Status::aborted);
  EXPECT_THAT(aborted.products, IsEmpty());
  EXPECT_THAT(instead_of(last.front(), "no"), IsEmpty());
}

TEST(Refused, WhatNobodyMissesIsLeftOut) {
  EXPECT_THAT(instead_of(BuildStarted{.build = db::BuildId(1)}, "no"), IsEmpty());
  EXPECT_EQ(name_of(BuildStarted{.build = db::BuildId(1)}), "the begin of a build");
}

}  // namespace
}  // namespace firn::queue
