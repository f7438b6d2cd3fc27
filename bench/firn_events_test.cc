// SPDX-License-Identifier: Apache-2.0
#include "firn_events.h"

#include "base/error.h"

#include <string>

#include <gtest/gtest.h>

namespace firn::bench {
namespace {

std::string attempt_ended(int elapsed, int sending) {
  return R"({"event":"attempt_ended","elapsed_ms":)" + std::to_string(elapsed) +
         R"(,"phases":{"sending_inputs":{"ms":)" + std::to_string(sending) +
         R"(,"bytes":7},"building":{"ms":2.5,"bytes":0}}})" + '\n';
}

TEST(FirnEvents, SumsPhasesOverAttempts) {
  const auto events = parse_events(attempt_ended(100, 30) + attempt_ended(200, 40));
  EXPECT_DOUBLE_EQ(events.phase("sending_inputs").count(), 0.07);
  EXPECT_DOUBLE_EQ(events.phase("building").count(), 0.005);
  EXPECT_DOUBLE_EQ(events.phase("publishing").count(), 0);
}

TEST(FirnEvents, MeasuresTheRunFromThePlanOn) {
  const auto events = parse_events(
      "{\"event\":\"plan_made\",\"elapsed_ms\":50}\n{\"event\":\"run_ended\",\"elapsed_ms\":300}"
      "\n");
  EXPECT_DOUBLE_EQ(events.run.count(), 0.25);
}

TEST(FirnEvents, TakesTheMedianFromEndToEnd) {
  const auto events = parse_events(attempt_ended(500, 0) + attempt_ended(510, 0) +
                                   attempt_ended(520, 0) + attempt_ended(590, 0));
  EXPECT_NEAR(events.step_to_step.count(), 0.01, 1e-9);
}

TEST(FirnEvents, RefusesWhatIsNoStream) {
  EXPECT_THROW(parse_events("building hello\n"), Error);
  EXPECT_THROW(parse_events("{\"event\":\"attempt_ended\",\"elapsed_ms\":1}\n"), Error);
}

}  // namespace
}  // namespace firn::bench
