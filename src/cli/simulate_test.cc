// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"
#include "cli/simulate_command.h"
#include "cli/simulate_options.h"
#include "cli/simulate_sources.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

namespace firn::cli {
namespace {

namespace fs = std::filesystem;

using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;

std::variant<SimulateOptions, Exit> parse(std::vector<const char*> words) {
  words.insert(words.begin(), "simulate");
  return parse_simulate(static_cast<int>(words.size()), words.data());
}

std::string refusal(std::vector<const char*> words) {
  const auto parsed = parse(std::move(words));
  const auto* exit = std::get_if<Exit>(&parsed);
  return exit != nullptr && exit->code == ExitCode::usage ? exit->text : "taken";
}

TEST(SimulateOptions, AreReadAndRefused) {
  const auto parsed = parse({"graph.dot", "--fleet", "16×8", "--order", "rdeps,hydra", "--seed=7"});
  const auto& options = std::get<SimulateOptions>(parsed);
  EXPECT_EQ(options.source, "graph.dot");
  EXPECT_EQ(options.fleet.value_or(FleetSize()).slots, 8U);
  EXPECT_THAT(options.orders, ElementsAre(sched::Order::rdeps, sched::Order::hydra));
  EXPECT_EQ(options.seed, 7U);
  EXPECT_EQ(std::get<SimulateOptions>(parse({"-"})).source, "-");
  EXPECT_THAT(refusal({"--order", "best"}), HasSubstr("there is no order 'best'"));
  EXPECT_THAT(refusal({"--family", "huge"}), HasSubstr("there is no family 'huge'"));
  EXPECT_THAT(refusal({"--fleet", "16x"}), HasSubstr("not '16x'"));
  EXPECT_THAT(refusal({"--fleet", "2", "--builders", "b"}), HasSubstr("both name the machines"));
  EXPECT_THAT(refusal({"--sed", "1"}), HasSubstr("did you mean --seed?"));
}

TEST(SimulateSources, NamesAreThoseOfDerivations) {
  EXPECT_EQ(derivation_name("/nix/store/zyzgwpwzyiqdbvcfcrcmfs4rikrqqzy1-hello-2.12.drv"),
            "hello-2.12");
  EXPECT_EQ(derivation_name("hello"), "hello");
}

TEST(SimulateSources, DurationsAreNamesAndSeconds) {
  const auto known = parse_durations("# times\nhello-2.12 1.5\ngcc  3600  # long\n\n", "f");
  EXPECT_EQ(known.at("hello-2.12"), std::chrono::milliseconds(1500));
  EXPECT_EQ(known.at("gcc"), seconds(3600));
  EXPECT_THROW(parse_durations("hello", "f"), Error);
  EXPECT_THROW(parse_durations("hello soon", "f"), Error);
  EXPECT_THROW(parse_durations("hello -3", "f"), Error);
}

TEST(SimulateSources, ADumpHasItsDerivationsAndWantsWhatNothingNeeds) {
  const auto queue = queue_of_graph(
      "digraph G {\n\"lib.drv\" -> \"app.drv\"\n\"builder.sh\" -> \"app.drv\"\n"
      "\"lib.drv\" -> \"tool.drv\"\n}\n");
  ASSERT_EQ(queue.steps.size(), 3U);
  EXPECT_EQ(queue.steps[0].name, "lib");
  EXPECT_EQ(queue.builds.size(), 2U);
  EXPECT_NO_THROW(sim::check(queue));
}

TEST(SimulateSources, HistoryIsOneStepForADerivationInItsProject) {
  const auto past = [](std::string drv, std::string project, int took) {
    return db::PastStep{.drv_path = std::move(drv),
                        .system = "x86_64-linux",
                        .project = std::move(project),
                        .start = WallTime(seconds(1000)),
                        .stop = WallTime(seconds(1000 + took))};
  };
  const std::vector<db::PastStep> history{past("/nix/store/a.drv", "p", 5),
                                          past("/nix/store/b.drv", "q", 6),
                                          past("/nix/store/a.drv", "p", 9)};
  auto queue = queue_of_history(history);
  ASSERT_EQ(queue.steps.size(), 2U);
  ASSERT_EQ(queue.projects.size(), 2U);
  EXPECT_EQ(fill_durations(queue, {}, 1), 0U);
  EXPECT_EQ(durations_of(history).at("a"), seconds(5));
}

TEST(SimulateSources, WhatIsNotKnownIsGuessedAndNotExpected) {
  auto queue = queue_of_graph("\"a.drv\"\n\"b.drv\"\n");
  EXPECT_EQ(fill_durations(queue, {{"a", seconds(4)}}, 1), 1U);
  EXPECT_EQ(queue.steps[0].duration, seconds(4));
  EXPECT_EQ(queue.steps[0].expected, seconds(4));
  EXPECT_GT(queue.steps[1].duration, Duration::zero());
  EXPECT_FALSE(queue.steps[1].expected.has_value());
}

TEST(Simulate, ComparesOrdersAndDraws) {
  const fs::path folder = fs::temp_directory_path() / "firn-simulate-test";
  fs::create_directories(folder);
  SimulateOptions options;
  options.steps = 400;
  options.projects = 2;
  options.gantt = folder / "g.svg";
  options.utilisation = folder / "u.svg";
  const SimulationReport report = simulate(options);
  ASSERT_EQ(report.runs.size(), 3U);
  EXPECT_EQ(report.slots, 128U);
  EXPECT_THAT(to_text(report), HasSubstr("400 steps of 2 projects on 16 machines with 128 slots"));
  EXPECT_THAT(to_text(report), HasSubstr("critical-path"));
  const auto json = to_json(report);
  EXPECT_GE(json["runs"][0]["makespanSeconds"], json["bounds"]["lowerSeconds"]);
  EXPECT_GT(fs::file_size(folder / "g.svg"), 1000U);
  EXPECT_GT(fs::file_size(folder / "u.svg"), 1000U);
  fs::remove_all(folder);
}

TEST(Simulate, SaysWhatCannotBeReadOrBuilt) {
  SimulateOptions options;
  options.source = "/nowhere/at.all.drv";
  EXPECT_THROW(simulate(options), Error);
  options.source = "/nowhere/at.all.dot";
  EXPECT_THROW(simulate(options), Error);
  options.source.clear();
  options.builders = "ssh://b aarch64-linux";
  EXPECT_THROW(simulate(options), Error);
}

}  // namespace
}  // namespace firn::cli
