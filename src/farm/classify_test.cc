// SPDX-License-Identifier: Apache-2.0
#include "farm/classify.h"

#include <string>

#include <gtest/gtest.h>

namespace firn::farm {
namespace {

using nix::BuildStatus;
using sched::FailureClass;
using sched::Phase;

TEST(Classify, Errors) {
  struct Case {
    Kind kind;
    std::string message;
    Source source;
    Phase phase;
    FailureClass expected;
  };

  constexpr auto kHere = Source::builder;
  for (const Case& c : {
           Case{Kind::cancelled, "", kHere, Phase::building, FailureClass::cancelled},
           Case{Kind::cancelled, "", Source::destination, Phase::building, FailureClass::cancelled},
           Case{Kind::timeout, "", kHere, Phase::connecting, FailureClass::machine_lost},
           Case{Kind::timeout, "", kHere, Phase::sending_inputs, FailureClass::transfer_stalled},
           Case{Kind::timeout, "", kHere, Phase::building, FailureClass::timed_out},
           Case{Kind::timeout, "", kHere, Phase::receiving_outputs, FailureClass::transfer_stalled},
           Case{Kind::protocol, "", kHere, Phase::connecting, FailureClass::protocol_error},
           Case{Kind::invalid, "", kHere, Phase::receiving_outputs, FailureClass::protocol_error},
           Case{Kind::unavailable, "", kHere, Phase::building, FailureClass::machine_lost},
           Case{Kind::permission, "", kHere, Phase::connecting, FailureClass::machine_lost},
           Case{Kind::resource, "", kHere, Phase::connecting, FailureClass::machine_lost},
           Case{Kind::unavailable,
                "b1 ended the conversation: error: writing to file: No space left on device",
                kHere,
                Phase::sending_inputs,
                FailureClass::disk_full},
           Case{Kind::unavailable,
                "error: database or disk is full",
                kHere,
                Phase::building,
                FailureClass::disk_full},
           Case{Kind::unavailable,
                "No space left on device",
                Source::destination,
                Phase::receiving_outputs,
                FailureClass::destination_down},
           Case{Kind::timeout,
                "",
                Source::destination,
                Phase::receiving_outputs,
                FailureClass::destination_down},
           Case{
               Kind::not_found, "", Source::origin, Phase::connecting, FailureClass::input_missing},
           Case{Kind::unavailable,
                "the local store cannot be reached",
                Source::origin,
                Phase::connecting,
                FailureClass::destination_down},
           Case{Kind::timeout,
                "",
                Source::origin,
                Phase::connecting,
                FailureClass::destination_down},
           Case{Kind::conflict,
                "/nix/store/x has changed on disk",
                Source::origin,
                Phase::sending_inputs,
                FailureClass::input_missing},
       }) {
    EXPECT_EQ(classify(Error(c.kind, c.message), c.source, c.phase), c.expected)
        << to_string(c.kind) << " in " << sched::to_string(c.phase) << ": " << c.message;
  }
}

TEST(Classify, Results) {
  struct Case {
    BuildStatus status;
    std::string message;
    FailureClass expected;
  };

  for (const Case& c : {
           Case{BuildStatus::permanent_failure,
                "builder for 'x' failed with exit code 1",
                FailureClass::build_failed},
           Case{BuildStatus::permanent_failure,
                "builder for 'x' failed due to signal 11 (Segmentation fault)",
                FailureClass::build_failed},
           Case{BuildStatus::permanent_failure,
                "builder for 'x' failed due to signal 9 (Killed)",
                FailureClass::transient},
           Case{BuildStatus::permanent_failure,
                "builder for 'x' failed due to signal 15 (Terminated)",
                FailureClass::transient},
           Case{BuildStatus::permanent_failure, "due to signal 9", FailureClass::transient},
           Case{BuildStatus::permanent_failure, "due to signal 99", FailureClass::build_failed},
           Case{BuildStatus::permanent_failure,
                "builder for 'x' failed; cp: No space left on device",
                FailureClass::disk_full},
           Case{BuildStatus::input_rejected, "", FailureClass::build_failed},
           Case{BuildStatus::output_rejected, "hash mismatch", FailureClass::build_failed},
           Case{BuildStatus::transient_failure, "", FailureClass::transient},
           Case{BuildStatus::cached_failure, "", FailureClass::build_failed},
           Case{BuildStatus::timed_out,
                "building of 'x' timed out after 3 seconds",
                FailureClass::timed_out},
           Case{BuildStatus::timed_out,
                "building of 'x' timed out after 3 seconds of silence",
                FailureClass::silent_too_long},
           Case{BuildStatus::misc_failure,
                "dependency '/nix/store/x' does not exist, and substitution is disabled",
                FailureClass::input_missing},
           Case{BuildStatus::misc_failure,
                "path '/nix/store/x' is not valid",
                FailureClass::input_missing},
           Case{BuildStatus::misc_failure, "Disk quota exceeded", FailureClass::disk_full},
           Case{BuildStatus::misc_failure,
                "executing SQLite statement 'pragma synchronous': disk I/O error",
                FailureClass::disk_full},
           Case{BuildStatus::misc_failure, "cannot fork", FailureClass::transient},
           Case{BuildStatus::dependency_failed, "", FailureClass::transient},
           Case{BuildStatus::log_limit_exceeded, "", FailureClass::log_too_big},
           Case{BuildStatus::not_deterministic, "", FailureClass::not_deterministic},
           Case{BuildStatus::no_substituters, "", FailureClass::transient},
           Case{static_cast<BuildStatus>(77), "", FailureClass::transient},
       }) {
    nix::BuildResult result;
    result.status = c.status;
    result.error_message = c.message;
    EXPECT_EQ(classify(result), c.expected) << to_string(c.status) << ": " << c.message;
  }
}

TEST(Classify, TheClockTellsWhichLimitItWas) {
  nix::BuildResult result;
  result.status = BuildStatus::timed_out;
  using namespace std::chrono_literals;
  EXPECT_EQ(classify(result, {.took = 3s, .timeout = 0s, .max_silent_time = 2s}),
            FailureClass::silent_too_long);
  EXPECT_EQ(classify(result, {.took = 3s, .timeout = 5s, .max_silent_time = 2s}),
            FailureClass::silent_too_long);
  EXPECT_EQ(classify(result, {.took = 5s, .timeout = 5s, .max_silent_time = 2s}),
            FailureClass::timed_out);
  EXPECT_EQ(classify(result, {.took = 5s, .timeout = 5s, .max_silent_time = 0s}),
            FailureClass::timed_out);
}

TEST(Classify, ReasonIsOneCleanLine) {
  struct Case {
    BuildStatus status;
    std::string message;
    std::string reason;
  };

  for (const Case& c : {
           Case{BuildStatus::permanent_failure,
                "\x1b[31;1merror:\x1b[0m builder for '\x1b[35;1m/nix/store/x.drv\x1b[0m' failed "
                "with exit code 1;\n       last 10 log lines:\n       > no\n",
                "builder for '/nix/store/x.drv' failed with exit code 1"},
           Case{BuildStatus::permanent_failure,
                "Cannot build '\x1b[35;1m/nix/store/x.drv\x1b[0m'.\nReason: \x1b[31;1mbuilder "
                "failed with exit code 1\x1b[0m.\nOutput paths:\n  /nix/store/x\n",
                "builder failed with exit code 1"},
           Case{BuildStatus::misc_failure, "Cannot build 'x'.", "Cannot build 'x'"},
           Case{BuildStatus::misc_failure, "broken", "broken"},
           Case{BuildStatus::permanent_failure, "", "PermanentFailure"},
           Case{BuildStatus::permanent_failure, " ;: \nmore", "PermanentFailure"},
       }) {
    nix::BuildResult result;
    result.status = c.status;
    result.error_message = c.message;
    EXPECT_EQ(reason_of(result), c.reason);
  }
}

TEST(ClassifyLog, NoRoomIsTheMachinesDoing) {
  const std::vector<std::string> tail{"compiling", "touch: 'x': No space left on device", "bye"};
  EXPECT_EQ(line_of_full_disk(FailureClass::build_failed, tail), tail[1]);
  EXPECT_EQ(line_of_full_disk(FailureClass::transient, tail), tail[1]);
  EXPECT_EQ(line_of_full_disk(FailureClass::timed_out, tail), "");
  EXPECT_EQ(line_of_full_disk(FailureClass::build_failed, {"compiling", "no such luck"}), "");
}

}  // namespace
}  // namespace firn::farm
