// SPDX-License-Identifier: Apache-2.0
#include "view/plain_view.h"

#include "support/fake_terminal.h"
#include "support/sample_run.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace firn::view {
namespace {

using namespace firn::testing;
using sched::FailureClass;
using Outcome = sched::Verdict::Outcome;

std::string shown(const std::vector<farm::Event>& events, std::int64_t finish_ms) {
  FakeScreen screen;
  PlainView view(screen, {});
  for (const auto& event : events)
    view.on(event);
  view.finish(run_time(finish_ms));
  return screen.text();
}

TEST(PlainView, TellsARunLineByLine) {
  auto plan =
      plan_made({"ssh://b1", "ssh://b2"}, 2, {"hello-2.1", "zlib-1.3", "openssl-3.0", "curl-8.4"});
  plan.already_valid = 12;
  plan.substituted = 3;
  auto lost =
      not_built({.step = 1, .machine = 1}, Outcome::retry, FailureClass::machine_lost, "", 3100);
  lost.message = "no byte from b2\nfor a minute";
  lost.verdict.goes_elsewhere = true;
  lost.verdict.retry_at = run_time(13'100);
  auto failed = not_built({.step = 2}, Outcome::failed, FailureClass::build_failed, "", 5000);
  failed.message = "builder for '" + sample_drv("openssl-3.0").str() + "' failed with exit code 2";
  failed.verdict.fallen = step_ids({3});
  const std::string text = shown({plan,
                                  started({.step = 0}, 0),
                                  started({.step = 1, .machine = 1}, 0),
                                  entered({.step = 0}, sched::Phase::building, 100),
                                  built({.step = 0}, 1200, 1'200'000, 30'000),
                                  lost,
                                  farm::MachineOut{.machine = sched::MachineId(1),
                                                   .reason = "no byte from b2",
                                                   .until = run_time(13'100),
                                                   .at = run_time(3100)},
                                  started({.step = 1, .machine = 0, .try_number = 2}, 3200),
                                  started({.step = 2}, 3200),
                                  failed,
                                  built({.step = 1, .machine = 0, .try_number = 2}, 65'200),
                                  run_ended(65'200)},
                                 70'000);
  EXPECT_EQ(text, R"(4 steps to build on 2 machines, 12 derivations there already (3 just fetched)
building hello-2.1 on b1
building zlib-1.3 on b2
built hello-2.1 on b1 in 1.2 s (sent 1.2 MB, received 30 kB)
trying zlib-1.3 again elsewhere in 10 s: machine lost on b2 after 3.1 s: no byte from b2
b2 takes no work for 10 s: no byte from b2
building zlib-1.3 on b1, try 2
building openssl-3.0 on b1
failed openssl-3.0 on b1 after 1.8 s: builder for 'openssl-3.0.drv' failed with exit code 2; 1 step fell with it
built zlib-1.3 on b1 in 1 min 02 s

2 of 4 steps built in 1 min 05 s; 1 failed, 1 fell with it
sent 1.2 MB, received 30 kB

  machine     built    failed      sent  received
  b1              2         1    1.2 MB     30 kB
  b2              0         1       0 B       0 B

  slowest steps
  zlib-1.3       1 min 02 s  b1
  hello-2.1           1.2 s  b1
)");
}

TEST(PlainView, TellsWhatEndedWithoutBeingTried) {
  const std::string text = shown(
      {plan_made({"ssh://b1", "ssh://b2"}, 1, {"a", "b", "c", "d", "e"}),
       steps_ended({0}, sched::StepState::aborted, "no machine has {kvm}", 0),
       steps_ended({1, 2}, sched::StepState::dependency_failed, "no machine has {kvm}", 0),
       steps_ended({3, 4}, sched::StepState::cancelled, "", 0),
       farm::MachineOut{.machine = sched::MachineId(1),
                        .reason = "permission denied",
                        .until = std::nullopt,
                        .at = run_time(1)},
       farm::MachineAdded{.machine = {.id = sched::MachineId(2), .name = "ssh://b3", .max_jobs = 4},
                          .at = run_time(2)},
       farm::MachineNoted{
           .machine = sched::MachineId(0), .note = "its login is slow", .at = run_time(2)},
       farm::DispatchPaused{.reason = "nobody answers", .at = run_time(3)},
       farm::DispatchResumed{.at = run_time(4)},
       run_ended(2000)},
      2000);
  EXPECT_EQ(text, R"(5 steps to build on 2 machines
gave up a: no machine has {kvm}
2 steps fell with that
cancelled 2 steps
b2 takes no work any more: permission denied
b3 takes work, 4 steps at a time
b1: its login is slow
nothing is started until our own store is back: nobody answers
our own store is back

0 of 5 steps built in 2.0 s; 1 failed, 2 fell with it, 2 cancelled
)");
}

TEST(PlainView, EndsEveryRunWithOneSentence) {
  auto nothing = plan_made({"ssh://b1"}, 1, {});
  nothing.already_valid = 12;
  EXPECT_EQ(shown({nothing, run_ended(5)}, 5), "nothing to build: 12 derivations there already\n");

  const std::vector<farm::Event> begun{
      plan_made({"b1"}, 1, {"a", "b"}), started({.step = 0}, 0), built({.step = 0}, 900)};
  const std::string before = "2 steps to build on 1 machine\nbuilding a on b1\n";
  auto interrupted = begun;
  interrupted.emplace_back(run_ended(2000, true));
  EXPECT_TRUE(shown(interrupted, 2000)
                  .starts_with(before + "built a on b1 in 0.9 s\n\n"
                                        "stopped after 2.0 s: 1 of 2 steps built; 1 not tried\n"));
  EXPECT_TRUE(shown(begun, 3000)
                  .ends_with("stopped after 3.0 s: 1 of 2 steps built; 1 not tried\n"
                             "\n"
                             "  machine     built    failed      sent  received\n"
                             "  b1              1         0       0 B       0 B\n"));
  EXPECT_EQ(shown({}, 0), "stopped before there was a plan\n");
}

TEST(PlainView, LetsTheCallerSpeak) {
  FakeScreen screen;
  PlainView view(screen, {});
  view.note("stopping: \x1b[1mplease wait", run_time(0));
  EXPECT_EQ(screen.text(), "stopping: please wait\n");
}

TEST(PlainView, SaysHowManyLinesFoundNoRoom) {
  FakeScreen screen;
  PlainView view(screen, {});
  view.note("one", run_time(0));
  screen.untaken = std::size_t{4} << 20U;
  view.note("two", run_time(0));
  view.note("three", run_time(0));
  screen.untaken = 0;
  view.note("four", run_time(0));
  EXPECT_EQ(screen.text(), "one\n[firn: 2 lines left out here, for nobody read them]\nfour\n");
}

}  // namespace
}  // namespace firn::view
