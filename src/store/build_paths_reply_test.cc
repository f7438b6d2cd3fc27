// SPDX-License-Identifier: Apache-2.0
#include "store/build_paths_reply.h"

#include "support/store_samples.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace firn::store {
namespace {

using nix::BuildStatus;
using wire::worker::KeyedBuildResult;

KeyedBuildResult result_of(const char* name, BuildStatus status, std::string message = "") {
  KeyedBuildResult keyed{.target = testing::store_path(name), .result = {}};
  keyed.result.status = status;
  keyed.result.error_message = std::move(message);
  return keyed;
}

std::uint32_t status_of(BuildStatus status, std::string message = "") {
  return build_paths_reply({result_of("a", status, std::move(message))}).exit_status;
}

TEST(BuildPathsReply, StatusIsThatOfNixItself) {
  EXPECT_EQ(build_paths_reply(std::vector<KeyedBuildResult>()).exit_status, 0U);
  EXPECT_EQ(status_of(BuildStatus::already_valid), 0U);
  EXPECT_EQ(status_of(BuildStatus::permanent_failure), 100U);
  EXPECT_EQ(status_of(BuildStatus::input_rejected), 100U);
  EXPECT_EQ(status_of(BuildStatus::dependency_failed), 100U);
  EXPECT_EQ(status_of(BuildStatus::timed_out), 101U);
  EXPECT_EQ(status_of(BuildStatus::output_rejected, "hash mismatch in fixed-output …"), 102U);
  EXPECT_EQ(status_of(BuildStatus::not_deterministic), 104U);
  EXPECT_EQ(status_of(BuildStatus::output_rejected, "failed to produce output"), 1U);
  EXPECT_EQ(status_of(BuildStatus::misc_failure), 1U);
  EXPECT_EQ(build_paths_reply({result_of("a", BuildStatus::timed_out),
                               result_of("b", BuildStatus::not_deterministic)})
                .exit_status,
            109U);
}

TEST(BuildPathsReply, OneFailureIsToldAsItIs) {
  const auto reply =
      build_paths_reply({result_of("a", BuildStatus::built),
                         result_of("b", BuildStatus::permanent_failure, "no luck\nat all")});
  EXPECT_EQ(reply.message, "\x1b[31;1merror:\x1b[0m no luck\n       at all");
}

TEST(BuildPathsReply, AColourAtTheStartIsNotRepeated) {
  const auto reply =
      build_paths_reply({result_of("a", BuildStatus::permanent_failure, "\x1b[0mno luck")});
  EXPECT_EQ(reply.message, "\x1b[31;1merror:\x1b[0m no luck");
}

TEST(BuildPathsReply, WhatNobodyCouldSubstituteHasAnErrorInNewerNixOnly) {
  const auto plain = build_paths_reply({result_of("a", BuildStatus::no_substituters, "no luck")});
  EXPECT_EQ(plain.exit_status, 1U);
  EXPECT_EQ(plain.message,
            "\x1b[31;1merror:\x1b[0m build of \x1b[35;1m'" + testing::store_path("a").str() +
                "'\x1b[0m failed");
  const auto error =
      build_paths_reply({result_of("a", BuildStatus::no_substituters, "no \x1b[1mluck")});
  EXPECT_EQ(error.message, "\x1b[31;1merror:\x1b[0m no \x1b[1mluck");
}

TEST(BuildPathsReply, OfSeveralTheNamesAreTold) {
  const std::string a = testing::store_path("a").str();
  const std::string b = testing::store_path("b").str();
  const auto reply = build_paths_reply({result_of("a", BuildStatus::permanent_failure, "x"),
                                        result_of("b", BuildStatus::permanent_failure, "y")});
  EXPECT_EQ(reply.message,
            "\x1b[31;1merror:\x1b[0m build of \x1b[35;1m'" + std::min(a, b) + "', '" +
                std::max(a, b) + "'\x1b[0m failed");
}

TEST(BuildPathsReply, AnErrorBelow126HasItsStatus) {
  const wire::worker::Failure failure{.message = "no luck", .exit_status = 100, .traces = {}};
  const auto old = build_paths_reply(
      failure, wire::worker::Protocol{.version = wire::WorkerVersion(21), .features = {}});
  EXPECT_EQ(old, (wire::BuildPathsReply{.exit_status = 100, .message = "no luck"}));
  const auto newer = build_paths_reply(
      failure, wire::worker::Protocol{.version = wire::WorkerVersion(26), .features = {}});
  EXPECT_EQ(newer.message, "\x1b[31;1merror:\x1b[0m no luck");
}

TEST(Classify, AnswersToBuildPaths) {
  struct Case {
    std::uint32_t exit_status;
    std::string message;
    BuildStatus expected;
  };

  for (const Case& c : {
           Case{0, "", BuildStatus::built},
           Case{100, "", BuildStatus::permanent_failure},
           Case{101, "", BuildStatus::timed_out},
           Case{102, "hash mismatch in fixed-output derivation", BuildStatus::permanent_failure},
           Case{104, "", BuildStatus::permanent_failure},
           Case{1, "cannot connect to daemon", BuildStatus::misc_failure},
           Case{1, "builder for 'x' failed with exit code 2", BuildStatus::permanent_failure},
           Case{1, "building of 'x' timed out after 3 seconds", BuildStatus::timed_out},
       }) {
    const auto result = build_result_of({.exit_status = c.exit_status, .message = c.message});
    EXPECT_EQ(result.status, c.expected) << c.exit_status << " " << c.message;
    EXPECT_EQ(result.error_message, c.message);
  }
}

}  // namespace
}  // namespace firn::store
