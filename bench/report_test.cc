// SPDX-License-Identifier: Apache-2.0
#include "report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace firn::bench {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Figure, RatioAboveOneMeansThatFirnWins) {
  const Figure rate{.better = Better::higher, .ours = {200, 300}, .peers = {100, 100}};
  EXPECT_THAT(rate.ratios(), ElementsAre(2, 3));
  const Figure time{.better = Better::lower, .ours = {4, 5}, .peers = {8, 10}};
  EXPECT_THAT(time.ratios(), ElementsAre(2, 2));
}

TEST(Figure, AimIsForTheMedianOrTheRatio) {
  Figure time{.better = Better::lower, .ours = {9, 10, 30}, .peers = {20, 20, 20}};
  time.aim = {.value = 10};
  EXPECT_TRUE(time.reaches_aim());
  time.aim = {.value = 9.5};
  EXPECT_FALSE(time.reaches_aim());
  time.aim = {.value = 2, .is_ratio = true};
  EXPECT_TRUE(time.reaches_aim());
  time.aim = {.value = 2.1, .is_ratio = true};
  EXPECT_FALSE(time.reaches_aim());
}

TEST(Report, TableAndJsonHoldTheSameFigures) {
  Report report{.facts = {{"machine", "two cores"}}};
  report.figures.push_back(
      {.what = "chain", .unit = "ms/step", .ours = {12.5}, .peers = {25}, .aim = Aim{.value = 10}});
  report.runs.push_back({.what = "firn: chain", .costs = {{.wall = Seconds(0.625)}}});
  report.runs.front().add_part("connecting", Seconds(0.25));
  const auto table = to_table(report);
  EXPECT_THAT(table, HasSubstr("machine     two cores\n"));
  EXPECT_THAT(table, HasSubstr("12.5 (12.5..12.5)"));
  EXPECT_THAT(table, HasSubstr("connecting 0.25"));
  const auto json = to_json(report);
  EXPECT_THAT(json, HasSubstr(R"("median": 12.5)"));
  EXPECT_THAT(json, HasSubstr(R"("machine": "two cores")"));
}

}  // namespace
}  // namespace firn::bench
