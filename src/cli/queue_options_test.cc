// SPDX-License-Identifier: Apache-2.0
#include "cli/queue_options.h"

#include <chrono>
#include <string>
#include <variant>
#include <vector>

#include <gmock/gmock.h>

namespace firn::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr WallTime kNow{std::chrono::seconds(1'800'000'000)};

std::variant<QueueOptions, Exit> parse(std::vector<const char*> words) {
  words.insert(words.begin(), "queue");
  return parse_queue(static_cast<int>(words.size()), words.data(), kNow);
}

template <class Action>
Action action(const std::vector<const char*>& words) {
  const auto parsed = parse(words);
  if (const auto* exit = std::get_if<Exit>(&parsed)) ADD_FAILURE() << exit->text;
  return std::get<Action>(std::get<QueueOptions>(parsed).action);
}

std::string refusal(const std::vector<const char*>& words) {
  const auto parsed = parse(words);
  const auto* exit = std::get_if<Exit>(&parsed);
  if (exit == nullptr) return "accepted";
  EXPECT_EQ(exit->code, ExitCode::usage);
  return exit->text;
}

TEST(QueueOptionsTest, SayWhere) {
  const auto parsed = parse({"list", "--database", "postgres:///h", "--json", "--data", "/d"});
  const auto& options = std::get<QueueOptions>(parsed);
  EXPECT_EQ(options.database, "postgres:///h");
  EXPECT_EQ(options.data, "/d");
  EXPECT_TRUE(options.json);
}

TEST(QueueOptionsTest, List) {
  EXPECT_FALSE(action<QueueList>({"list"}).all);
  EXPECT_TRUE(action<QueueList>({"list", "--all"}).all);
  EXPECT_EQ(action<QueueList>({"list", "--finished", "5"}).finished, 5U);
  EXPECT_THAT(refusal({"list", "--all", "--finished", "5"}), HasSubstr("exclude each other"));
  EXPECT_THAT(refusal({"list", "--finished", "0"}), HasSubstr("--finished"));
  EXPECT_THAT(refusal({"list", "12"}), HasSubstr("'12'"));
  EXPECT_THAT(refusal({"list", "--finishd", "5"}), HasSubstr("did you mean --finished?"));
}

TEST(QueueOptionsTest, Add) {
  const auto add = action<QueueAdd>(
      {"add", "release.nix", "-A", "a", "-A", "b", "--job", "j", "--priority", "-3"});
  EXPECT_THAT(add.request.inputs, ElementsAre("release.nix"));
  EXPECT_THAT(add.request.attributes, ElementsAre("a", "b"));
  EXPECT_EQ(add.job, "j");
  EXPECT_EQ(add.priority, -3);
  EXPECT_THAT(refusal({"add", ".#x", "-A", "a"}), HasSubstr("firn queue --help"));
  EXPECT_THAT(refusal({"add", "--down"}), HasSubstr("--down"));
}

TEST(QueueOptionsTest, Steer) {
  const auto cancel = action<QueueSteer>({"cancel", "3", "1"});
  EXPECT_EQ(cancel.steering, Steering::cancel);
  EXPECT_THAT(cancel.builds, ElementsAre(db::BuildId(3), db::BuildId(1)));
  EXPECT_EQ(action<QueueSteer>({"restart", "1"}).steering, Steering::restart);
  EXPECT_EQ(action<QueueSteer>({"bump", "1"}).steering, Steering::bump);
  EXPECT_EQ(action<QueueSteer>({"bump", "1", "--down"}).steering, Steering::bump_down);
  EXPECT_THAT(refusal({"cancel"}), HasSubstr("say which builds"));
  EXPECT_THAT(refusal({"cancel", "1x"}), HasSubstr("'1x' is no build"));
  EXPECT_THAT(refusal({"cancel", "0"}), HasSubstr("'0' is no build"));
}

TEST(QueueOptionsTest, Log) {
  EXPECT_FALSE(action<QueueLog>({"log", "7"}).follow);
  const auto log = action<QueueLog>({"log", "-f", "/nix/store/x.drv"});
  EXPECT_TRUE(log.follow);
  EXPECT_EQ(log.of, "/nix/store/x.drv");
  EXPECT_THAT(refusal({"log"}), HasSubstr("one build or one derivation"));
}

TEST(QueueOptionsTest, Machines) {
  EXPECT_FALSE(action<QueueMachines>({"machines"}).decision);
  const auto drain = action<QueueMachines>(
                         {"machines", "drain", "ssh://b1", "--reason", "new disk", "--until", "2h"})
                         .decision.value();
  EXPECT_EQ(drain.name, "ssh://b1");
  EXPECT_EQ(drain.state, db::MachineState::draining);
  EXPECT_EQ(drain.reason, "new disk");
  EXPECT_EQ(drain.until, kNow + std::chrono::hours(2));
  const auto disable =
      action<QueueMachines>({"machines", "disable", "b1", "--until", "2027-01-15T08:30Z"})
          .decision.value();
  EXPECT_EQ(disable.state, db::MachineState::disabled);
  EXPECT_EQ(disable.until, WallTime(std::chrono::seconds(1'800'001'800)));
  EXPECT_EQ(action<QueueMachines>({"machines", "enable", "b1"}).decision.value().state,
            db::MachineState::enabled);
}

TEST(QueueOptionsTest, RefuseDecisionsThatMeanNothing) {
  EXPECT_THAT(refusal({"machines", "stop", "b1"}), HasSubstr("drain, disable or enable"));
  EXPECT_THAT(refusal({"machines", "drain"}), HasSubstr("one machine"));
  EXPECT_THAT(refusal({"machines", "--reason", "x"}), HasSubstr("one machine"));
  EXPECT_THAT(refusal({"machines", "enable", "b1", "--until", "2h"}), HasSubstr("go with drain"));
  EXPECT_THAT(refusal({"machines", "drain", "b1", "--until", "soon"}), HasSubstr("'soon'"));
  EXPECT_THAT(refusal({"machines", "drain", "b1", "--until", "2020-01-01T00:00Z"}),
              HasSubstr("has passed"));
}

TEST(QueueOptionsTest, NeedAnAction) {
  EXPECT_THAT(refusal({}), HasSubstr("say what to do: firn queue list|add|cancel"));
  EXPECT_THAT(refusal({"lst"}), HasSubstr("say what to do"));
  EXPECT_EQ(std::get<Exit>(parse({"--help"})).code, ExitCode::success);
  EXPECT_EQ(std::get<Exit>(parse({"bump", "--help"})).code, ExitCode::success);
}

}  // namespace
}  // namespace firn::cli
