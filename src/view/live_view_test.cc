// SPDX-License-Identifier: Apache-2.0
#include "view/live_view.h"

#include "support/fake_terminal.h"
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
using Outcome = sched::Verdict::Outcome;

constexpr Style kStyle{.colour = true, .unicode = true};
constexpr ScreenSize kSize{.rows = 12, .columns = 60};

constexpr std::string_view kBegun = R"(  3 steps to build on 1 machine
b1  2/2
  hello-2.1                        connecting          0:00
  zlib-1.3                         connecting          0:00
╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍──────────────────   0%
0/3 built · 2 running · 1 waiting                      0:00
)";

constexpr std::string_view kHalfway = R"(  3 steps to build on 1 machine
✓ hello-2.1                        b1                 1.2 s
✗ failed zlib-1.3 on b1 after 2.0 s: builder failed with
  exit code 1
b1  1/2
  curl-8.4                         connecting          0:01
  ·
━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍╍  66%
1/3 built · 1 failed · 1 running                       0:03
)";

constexpr std::string_view kOver = R"(  3 steps to build on 1 machine
✓ hello-2.1                        b1                 1.2 s
✗ failed zlib-1.3 on b1 after 2.0 s: builder failed with
  exit code 1
✓ curl-8.4                         b1                 2.0 s

2 of 3 steps built in 4.0 s; 1 failed

  machine     built    failed      sent  received
  b1              2         1       0 B       0 B

  slowest steps
  curl-8.4            2.0 s  b1
  hello-2.1           1.2 s  b1

)";

void tell(LiveView& view, const std::vector<farm::Event>& events) {
  for (const auto& event : events)
    view.on(event);
}

TEST(LiveView, PaintsWhatRunsAndLetsTheRestScrollBy) {
  FakeTerminal terminal(kSize);
  LiveView view(terminal, kStyle);
  tell(view,
       {plan_made({"ssh://b1"}, 2, {"hello-2.1", "zlib-1.3", "curl-8.4"}),
        started({.step = 0}, 0),
        started({.step = 1}, 0)});
  view.repaint(run_time(100));
  EXPECT_FALSE(terminal.is_cursor_visible);
  EXPECT_EQ(terminal.text(), kBegun);
  auto failed =
      not_built({.step = 1}, Outcome::failed, sched::FailureClass::build_failed, "", 2000);
  failed.message = "builder failed with exit code 1";
  tell(view, {built({.step = 0}, 1200), failed, started({.step = 2}, 2000)});
  view.repaint(run_time(3000));
  EXPECT_EQ(terminal.text(), kHalfway);
  tell(view, {built({.step = 2}, 4000), run_ended(4000)});
  view.finish(run_time(4000));
  EXPECT_EQ(terminal.text(), kOver);
  EXPECT_TRUE(terminal.is_cursor_visible);
  EXPECT_FALSE(terminal.has_left_screen);
  EXPECT_FALSE(terminal.has_too_wide_line);
}

TEST(LiveView, WritesOncePerFrameAndOnlyWhatIsNew) {
  FakeTerminal terminal(kSize);
  LiveView view(terminal, kStyle);
  view.repaint(run_time(0));
  EXPECT_EQ(terminal.write_count, 0);
  tell(view, {plan_made({"b1"}, 1, {"a"}), started({.step = 0}, 0)});
  EXPECT_EQ(terminal.write_count, 0);
  view.repaint(run_time(100));
  view.repaint(run_time(200));
  EXPECT_EQ(terminal.write_count, 1);
  view.repaint(run_time(1100));
  EXPECT_EQ(terminal.write_count, 2);
}

TEST(LiveView, GivesTheCursorBackWhateverHappens) {
  FakeTerminal terminal(kSize);
  {
    LiveView view(terminal, kStyle);
    tell(view, {plan_made({"b1"}, 1, {"a"})});
    view.repaint(run_time(0));
    EXPECT_FALSE(terminal.is_cursor_visible);
  }
  EXPECT_TRUE(terminal.is_cursor_visible);
}

TEST(LiveView, LeavesNoTraceOfItsFrames) {
  FakeTerminal terminal(kSize);
  LiveView view(terminal, kStyle);
  tell(view, {plan_made({"b1"}, 1, {"a"}), started({.step = 0}, 0)});
  view.repaint(run_time(0));
  view.note("stopping", run_time(10));
  tell(view,
       {not_built({.step = 0}, Outcome::cancelled, sched::FailureClass::cancelled, "", 20),
        run_ended(30, true)});
  view.finish(run_time(30));
  EXPECT_EQ(terminal.text(),
            "  1 step to build on 1 machine\n"
            "! stopping\n"
            "\n"
            "stopped after 30 ms: 0 of 1 step built; 1 cancelled\n"
            "\n");
}

TEST(LiveView, DoesNotWaitForAFrameWithThousandsOfLines) {
  FakeTerminal terminal(kSize);
  LiveView view(terminal, kStyle);
  view.on(plan_made({"b1"}, 1, std::vector<std::string>(700, "a")));
  for (std::uint32_t i = 0; i < 700; ++i)
    tell(view, {started({.step = i}, i), built({.step = i}, i + 1)});
  EXPECT_EQ(terminal.write_count, 1);
}

TEST(LiveView, WaitsForATerminalThatWasStopped) {
  FakeTerminal terminal(kSize);
  LiveView view(terminal, kStyle);
  tell(view, {plan_made({"b1"}, 1, std::vector<std::string>(2, "a")), started({.step = 0}, 0)});
  view.repaint(run_time(0));
  terminal.untaken = 1;
  for (int i = 0; i < 20'005; ++i)
    view.note("somebody stopped me", run_time(100));
  EXPECT_EQ(terminal.write_count, 1);
  terminal.untaken = 0;
  view.repaint(run_time(200));
  EXPECT_EQ(terminal.write_count, 2);
  EXPECT_THAT(terminal.text(), HasSubstr("! somebody stopped me\n[firn: 5 lines left out here"));
  EXPECT_FALSE(terminal.has_left_screen);
}

TEST(LiveView, FindsItsFrameAgainAfterAResize) {
  FakeScreen screen;
  screen.screen_size = {.rows = 24, .columns = 80};
  LiveView view(screen, {.colour = false, .unicode = true});
  tell(view, {plan_made({"b1"}, 1, {"a"}), started({.step = 0}, 0)});
  view.repaint(run_time(0));
  view.repaint(run_time(1000));
  EXPECT_THAT(screen.writes.back(), HasSubstr("\r\x1b[4A"));
  // The step, the bar and the counts take two rows each now.
  screen.screen_size.columns = 60;
  view.repaint(run_time(1000));
  EXPECT_THAT(screen.writes.back(), HasSubstr("\r\x1b[7A"));
}

TEST(LiveView, TellsBadNewsInFull) {
  FakeTerminal terminal(kSize);
  LiveView view(terminal, kStyle);
  auto lost = not_built({.step = 0}, Outcome::retry, sched::FailureClass::machine_lost, "", 2000);
  lost.message = "ssh: connect to host b1 port 22: Connection refused by the remote host";
  tell(view, {plan_made({"b1"}, 1, {"hello-2.1"}), started({.step = 0}, 0), lost});
  view.repaint(run_time(2000));
  EXPECT_THAT(terminal.text(), HasSubstr(R"(
↻ trying hello-2.1 again: machine lost on b1 after 2.0 s:
  ssh: connect to host b1 port 22: Connection refused by
  the remote host
)"));
  EXPECT_THAT(terminal.text(), Not(HasSubstr("\x1b")));
}

}  // namespace
}  // namespace firn::view
