// SPDX-License-Identifier: Apache-2.0
#include "view/frame.h"

#include "support/sample_run.h"

#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace firn::view {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using namespace firn::testing;
using sched::Phase;

constexpr Style kStyle{.colour = false, .unicode = true};

RunModel told(const std::vector<farm::Event>& events) {
  RunModel model;
  for (const auto& event : events)
    model.on(event);
  return model;
}

std::string drawn(const RunModel& model,
                  std::int64_t ms,
                  const ScreenSize& size,
                  const Style& style = kStyle) {
  std::string text;
  for (const Line& line : draw_frame(model, run_time(ms), size, style))
    text += line.text() + "\n";
  return text;
}

RunModel three_machines() {
  auto failed = not_built(
      {.step = 5}, sched::Verdict::Outcome::failed, sched::FailureClass::build_failed, "no", 9000);
  failed.verdict.fallen = step_ids({8, 9});
  return told(
      {plan_made({"localhost", "ssh://root@b1.farm", "ssh://b2"},
                 2,
                 {"gcc-13.2.0",
                  "python3.11-django-rest-framework-documentation-3.14.0",
                  "zlib-1.3",
                  "bash-5.2",
                  "curl-8.4",
                  "perl-5.38",
                  "hello-2.1",
                  "m",
                  "n",
                  "o"}),
       started({.step = 5}, 0),
       started({.step = 0}, 0),
       failed,
       entered({.step = 0}, Phase::building, 1000),
       started({.step = 1, .machine = 1}, 8000),
       entered({.step = 1, .machine = 1}, Phase::sending_inputs, 8000),
       moved({.step = 1, .machine = 1}, 3'000'000, 0, 9000),
       started({.step = 2, .machine = 1, .try_number = 2}, 9000),
       entered({.step = 2, .machine = 1, .try_number = 2}, Phase::waiting_for_transfer_slot, 9000),
       farm::MachineOut{.machine = sched::MachineId(2),
                        .reason = "connecting: no route to host",
                        .until = run_time(75'000),
                        .at = run_time(9000)}});
}

TEST(Frame, ShowsWhatRunsByMachine) {
  constexpr std::string_view kExpected = R"(
localhost  1/2
  ·
  gcc-13.2.0                                building                       0:10
b1.farm    1/2
  python3.11-django-rest-f…entation-3.14.0  sending inputs      3.0 MB/s   0:02
  zlib-1.3  try 2                           waiting for a transfer slot    0:01
b2         0/2  out for 1:05: connecting: no route to host
━━━━━━━━━━━━━━━━━━━━━━╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍──────────────────────────────  30%
0/10 built · 1 failed · 2 fell · 3 running      ↑ 3.0 MB/s  ↓    0 B/s     0:10
)";
  EXPECT_EQ(drawn(three_machines(), 10'000, {.rows = 24, .columns = 80}), kExpected);
}

TEST(Frame, KeepsItsColumnsOnANarrowTerminal) {
  constexpr std::string_view kExpected = R"(localhost  1/2
  ·
  gcc-13.2.0       building        0:10
b1.farm    1/2
  python3.1….14.0  sending inpu…   0:02
  zlib-1.3  try 2  waiting for …   0:01
b2         0/2  out for 1:05: connecti…
━━━━━━━━━━╍╍╍╍╍╍╍╍╍╍──────────────  30%
0/10 built · 1 failed              0:10
)";
  EXPECT_EQ(drawn(three_machines(), 10'000, {.rows = 10, .columns = 40}), kExpected);
}

TEST(Frame, DoesWithoutUnicode) {
  constexpr std::string_view kExpected = R"(
localhost  1/2
  -
  gcc-13.2.0                                building                       0:10
b1.farm    1/2
  python3.11-django-rest-...ntation-3.14.0  sending inputs      3.0 MB/s   0:02
  zlib-1.3  try 2                           waiting for a transfer slot    0:01
b2         0/2  out for 1:05: connecting: no route to host
xxxxxxxxxxxxxxxxxxxxxx======================------------------------------  30%
0/10 built, 1 failed, 2 fell, 3 running     up 3.0 MB/s  down    0 B/s     0:10
)";
  EXPECT_EQ(drawn(three_machines(), 10'000, {.rows = 24, .columns = 80}, {}), kExpected);
}

TEST(Frame, GivesEmptyRowsUpAfterAWhile) {
  const RunModel model = told({plan_made({"b1"}, 3, {"a", "b", "c"}),
                               started({.step = 0}, 0),
                               started({.step = 1}, 0),
                               started({.step = 2}, 0),
                               built({.step = 1}, 1000),
                               built({.step = 2}, 1000)});
  const ScreenSize size{.rows = 10, .columns = 60};
  const std::size_t before = draw_frame(model, run_time(4900), size, kStyle).size();
  EXPECT_EQ(draw_frame(model, run_time(5100), size, kStyle).size(), before - 2);
}

TEST(Frame, ShowsOneStepOfEachMachineWhereThereIsNoRoomForMore) {
  std::vector<std::string> machines;
  for (int i = 0; i < 9; ++i)
    machines.push_back("ssh://b" + std::to_string(i));
  RunModel model = told({plan_made(machines, 2, {"a-1.0", "b-1.0", "c-1.0"}),
                         started({.step = 1, .machine = 4}, 500),
                         started({.step = 0, .machine = 4}, 1000),
                         started({.step = 2, .machine = 7}, 1000)});
  constexpr std::string_view kExpected = R"(b4  2/2  b-1.0            connecting         0:01
b7  1/2  c-1.0            connecting         0:01
b0  0/2
and 6 more machines
╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍   0%
0/3 built · 3 running                        0:02
)";
  EXPECT_EQ(drawn(model, 2000, {.rows = 7, .columns = 50}), kExpected);
}

TEST(Frame, SharesRowsOutFairly) {
  std::vector<farm::Event> events{
      plan_made({"b0", "b1"}, 9, {"a", "b", "c", "d", "e", "f", "g", "h"})};
  for (std::uint32_t i = 0; i < 8; ++i)
    events.emplace_back(started({.step = i, .machine = i == 0 ? 0U : 1U}, i));
  const std::string text = drawn(told(events), 2000, {.rows = 10, .columns = 60});
  EXPECT_THAT(text, HasSubstr("\n  a "));
  EXPECT_THAT(text, HasSubstr("b1  7/9\n  b "));
  EXPECT_THAT(text, Not(HasSubstr("\n  g ")));
}

TEST(Frame, FitsEveryTerminal) {
  const RunModel model = three_machines();
  for (const std::size_t rows : {1U, 2U, 3U, 4U, 5U, 9U, 16U, 30U}) {
    for (std::size_t columns = 1; columns < 130; columns += columns < 12 ? 1 : 13) {
      for (const Style& style : {kStyle, Style{}}) {
        const auto lines =
            draw_frame(model, run_time(10'000), {.rows = rows, .columns = columns}, style);
        ASSERT_LE(lines.size(), rows);
        for (const Line& line : lines)
          ASSERT_LT(line.width(), columns) << rows << " x " << columns << ": " << line.text();
      }
    }
  }
}

TEST(BuiltLine, StandsInTheColumnsOfTheFrame) {
  const RunModel model = three_machines();
  const EndedAttempt ended{
      .step = sched::StepId(0), .machine = sched::MachineId(1), .time = std::chrono::seconds(192)};
  const auto text = [&](std::size_t columns) {
    return built_line(model, ended, {.rows = 24, .columns = columns}, kStyle).text();
  };
  EXPECT_EQ(text(80),
            "✓ gcc-13.2.0                                b1.farm                  3 min 12 s");
  EXPECT_EQ(text(40), "✓ gcc-13.2.0       b1.farm   3 min 12 s");
  for (std::size_t columns = 1; columns < 130; ++columns)
    EXPECT_LT(display_width(text(columns)), columns);
}

}  // namespace
}  // namespace firn::view
