// SPDX-License-Identifier: Apache-2.0
#include "view/json_view.h"

#include "support/fake_terminal.h"
#include "support/sample_run.h"

#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace firn::view {
namespace {

using namespace firn::testing;
using sched::FailureClass;
using sched::Phase;
using Outcome = sched::Verdict::Outcome;

/// 2026-02-03T04:05:06.789Z at the beginning of the run.
ClockAnchor sample_clock() {
  using namespace std::chrono;
  return {.steady = run_time(0), .wall = sys_days(2026y / February / 3) + 4h + 5min + 6s + 789ms};
}

std::string shown(const std::vector<farm::Event>& events) {
  FakeScreen screen;
  JsonView view(screen, sample_clock());
  for (const auto& event : events)
    view.on(event);
  view.finish(run_time(99'000));
  return screen.text();
}

std::vector<nlohmann::json> lines_of(const std::string& text) {
  std::vector<nlohmann::json> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);)
    lines.push_back(nlohmann::json::parse(line));
  return lines;
}

/// Broken up for the eye: a line of the real thing goes on where the next one here is indented.
constexpr std::string_view kRun = R"(
{"event":"plan_made","time":"2026-02-03T04:05:06.789Z","elapsed_ms":0.0,"steps":1,
 "machines":[{"machine":"ssh://root@b1","max_jobs":2}],"already_valid":12,"substituted":3}
{"event":"step_planned","time":"2026-02-03T04:05:06.789Z","elapsed_ms":0.0,
 "drv":"/nix/store/00000000000000000000000000000000-hello-2.1.drv","name":"hello-2.1",
 "system":"x86_64-linux"}
{"event":"attempt_started","time":"2026-02-03T04:05:06.799Z","elapsed_ms":10.0,"attempt":0,
 "drv":"/nix/store/00000000000000000000000000000000-hello-2.1.drv","name":"hello-2.1",
 "machine":"ssh://root@b1","try":1}
{"event":"phase_entered","time":"2026-02-03T04:05:07.039Z","elapsed_ms":250.0,"attempt":0,
 "drv":"/nix/store/00000000000000000000000000000000-hello-2.1.drv","name":"hello-2.1",
 "machine":"ssh://root@b1","try":1,"phase":"sending_inputs"}
{"event":"bytes_moved","time":"2026-02-03T04:05:07.089Z","elapsed_ms":300.0,"attempt":0,
 "drv":"/nix/store/00000000000000000000000000000000-hello-2.1.drv","name":"hello-2.1",
 "machine":"ssh://root@b1","try":1,"sent_bytes":1000,"received_bytes":20}
{"event":"attempt_ended","time":"2026-02-03T04:05:08.289Z","elapsed_ms":1500.0,"attempt":0,
 "drv":"/nix/store/00000000000000000000000000000000-hello-2.1.drv","name":"hello-2.1",
 "machine":"ssh://root@b1","try":1,"outcome":"succeeded","failure":null,"message":null,
 "retry_at":null,"ms":1490.0,"sent_bytes":1200,"received_bytes":30,
 "phases":{"connecting":{"ms":0.0,"bytes":0},"sending_inputs":{"ms":12.345,"bytes":1200},
 "building":{"ms":1000.0,"bytes":0},"waiting_for_a_transfer_slot":{"ms":0.0,"bytes":0},
 "receiving_outputs":{"ms":0.0,"bytes":30},"publishing":{"ms":0.0,"bytes":0}},
 "log_file":null,"log_tail":[],"fallen":0}
{"event":"step_ended","time":"2026-02-03T04:05:08.289Z","elapsed_ms":1500.0,
 "drv":"/nix/store/00000000000000000000000000000000-hello-2.1.drv","name":"hello-2.1",
 "state":"succeeded","cause":null,"reason":null}
{"event":"run_ended","time":"2026-02-03T04:05:08.290Z","elapsed_ms":1501.0,"how":"finished",
 "ms":1501.0,"steps":{"total":1,"succeeded":1,"failed":0,"dependency_failed":0,"cancelled":0,
 "not_tried":0},"sent_bytes":1200,"received_bytes":30}
)";

/// The lines of `kRun` as they are written; its first line is empty.
std::string without_breaks(std::string text) {
  for (auto at = text.find("\n "); at != std::string::npos; at = text.find("\n "))
    text.erase(at, 2);
  return text.substr(1);
}

TEST(JsonView, WritesAnObjectALine) {
  auto ended = built({.step = 0}, 1500, 1200, 30);
  cost(ended, Phase::sending_inputs).time = std::chrono::microseconds(12'345);
  auto plan = plan_made({"ssh://root@b1"}, 2, {"hello-2.1"});
  plan.already_valid = 12;
  plan.substituted = 3;
  EXPECT_EQ(shown({plan,
                   started({.step = 0}, 10),
                   entered({.step = 0}, Phase::sending_inputs, 250),
                   moved({.step = 0}, 1000, 20, 300),
                   ended,
                   run_ended(1501)}),
            without_breaks(std::string(kRun)));
}

TEST(JsonView, TellsOfEveryStepThatEnds) {
  auto failed = not_built({.step = 0}, Outcome::failed, FailureClass::build_failed, "exit 1", 20);
  failed.log_file = "/logs/a";
  failed.log_tail = {"one", "t\xffwo"};
  failed.verdict.fallen = step_ids({1});
  const auto lines =
      lines_of(shown({plan_made({"b1"}, 1, {"a", "b", "c", "d"}),
                      started({.step = 0}, 0),
                      failed,
                      started({.step = 2}, 30),
                      not_built({.step = 2}, Outcome::retry, FailureClass::machine_lost, "", 40),
                      steps_ended({2, 3}, sched::StepState::aborted, "no machine left", 50)}));
  std::vector<std::string> ends;
  for (const auto& line : lines) {
    if (line["event"] == "step_ended")
      ends.push_back(
          nlohmann::json{line["name"], line["state"], line["cause"], line["reason"]}.dump());
  }
  const std::string drv = sample_drv("a").str();
  EXPECT_EQ(ends,
            (std::vector<std::string>{R"(["a","failed",null,"exit 1"])",
                                      R"(["b","dependency_failed",")" + drv + R"(",null])",
                                      R"(["c","aborted",null,"no machine left"])",
                                      R"(["d","aborted",null,"no machine left"])"}));
  const auto& end = lines.at(6);
  EXPECT_EQ(end["event"], "attempt_ended");
  EXPECT_EQ(end["failure"], "build_failed");
  EXPECT_EQ(end["fallen"], 1);
  EXPECT_EQ(end["log_file"], "/logs/a");
  EXPECT_EQ(end["log_tail"], (nlohmann::json{"one", "t\ufffdwo"}));
}

TEST(JsonView, AlwaysEndsWithTheEndOfTheRun) {
  EXPECT_EQ(lines_of(shown({run_ended(5, true)})).back()["how"], "interrupted");
  const auto lines = lines_of(shown({plan_made({"b1"}, 1, {"a", "b"}), started({.step = 0}, 0)}));
  EXPECT_EQ(lines.back()["event"], "run_ended");
  EXPECT_EQ(lines.back()["how"], "broken_off");
  EXPECT_EQ(lines.back()["steps"]["not_tried"], 2);
  EXPECT_EQ(lines.back()["ms"], 99'000);
}

TEST(JsonView, WritesMachinesAndNotes) {
  FakeScreen screen;
  JsonView view(screen, sample_clock());
  view.on(plan_made({"ssh://b1"}, 1, {}));
  view.on(farm::MachineOut{.machine = sched::MachineId(0),
                           .reason = "disk full",
                           .until = run_time(86'400'000),
                           .at = run_time(211)});
  view.on(
      farm::MachineAdded{.machine = {.id = sched::MachineId(1), .name = "ssh://b2", .max_jobs = 4},
                         .at = run_time(211)});
  view.on(farm::MachineNoted{
      .machine = sched::MachineId(0), .note = "its login is slow", .at = run_time(300)});
  view.on(farm::DispatchPaused{.reason = "nobody answers", .at = run_time(400)});
  view.on(farm::DispatchResumed{.at = run_time(500)});
  view.note("stopping", run_time(1000));
  const auto lines = lines_of(screen.text());
  EXPECT_EQ(lines.at(1),
            nlohmann::json::parse(R"({"event":"machine_out","time":"2026-02-03T04:05:07.000Z",
              "elapsed_ms":211.0,"machine":"ssh://b1","reason":"disk full",
              "until":"2026-02-04T04:05:06.789Z"})"));
  EXPECT_EQ(lines.at(2),
            nlohmann::json::parse(R"({"event":"machine_added","time":"2026-02-03T04:05:07.000Z",
              "elapsed_ms":211.0,"machine":"ssh://b2","max_jobs":4})"));
  EXPECT_EQ(lines.at(3)["event"], "machine_note");
  EXPECT_EQ(lines.at(3)["machine"], "ssh://b1");
  EXPECT_EQ(lines.at(3)["note"], "its login is slow");
  EXPECT_EQ(lines.at(4)["event"], "dispatch_paused");
  EXPECT_EQ(lines.at(4)["reason"], "nobody answers");
  EXPECT_EQ(lines.at(5)["event"], "dispatch_resumed");
  EXPECT_EQ(lines.at(6)["message"], "stopping");
}

TEST(JsonView, SaysHowManyLinesFoundNoRoom) {
  FakeScreen screen;
  JsonView view(screen, sample_clock());
  view.on(plan_made({"b1"}, 1, {"a", "b", "c"}));
  screen.untaken = std::size_t{64} << 20U;
  view.on(started({.step = 0}, 0));
  view.on(built({.step = 0}, 10));
  screen.untaken = 0;
  view.on(started({.step = 1}, 20));
  screen.untaken = std::size_t{64} << 20U;
  view.on(built({.step = 1}, 30));
  view.on(run_ended(40, true));
  std::vector<std::string> seen;
  for (const auto& line : lines_of(screen.text()))
    seen.push_back(line["event"].get<std::string>() +
                   (line.contains("lines") ? line["lines"].dump() : ""));
  seen.erase(seen.begin(), seen.begin() + 4);
  EXPECT_EQ(
      seen,
      (std::vector<std::string>{"lines_lost3", "attempt_started", "lines_lost2", "run_ended"}));
}

TEST(JsonView, DoesNotGatherABigPlanInMemory) {
  FakeScreen screen;
  JsonView view(screen, sample_clock());
  view.on(plan_made({"b1"}, 1, std::vector<std::string>(400, "a")));
  EXPECT_GT(screen.writes.size(), 1U);
  EXPECT_EQ(lines_of(screen.text()).size(), 401U);
}

}  // namespace
}  // namespace firn::view
