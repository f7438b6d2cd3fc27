// SPDX-License-Identifier: Apache-2.0
// Every limit of an attempt, on a clock that a test moves: it strikes, says which phase it was, at
// which machine, after how long and what had moved, and the step goes on elsewhere.
#include "farm/limits.h"

#include "support/farm_run.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace firn::farm {
namespace {

using namespace std::chrono_literals;
using sched::FailureClass;
using ::testing::HasSubstr;
using testing::output_of;
using testing::store_path;
using testing::stored;

class LimitsTest : public testing::FarmRunTest {
 public:
  LimitsTest() {
    step = 10s;
    options.scheduling.seed = 1;
    store.hold(stored(store_path("source.c"), testing::nar_of(std::string(100'000, 'x'))));
    add({.name = "a", .sources = {store_path("source.c")}});
  }

  /// How the first attempt ended.
  AttemptEnded first_end() const { return events.of<AttemptEnded>().at(0); }

  /// From its start to its end, by our clock.
  Duration first_took() const { return first_end().at - events.of<AttemptStarted>().at(0).at; }
};

struct Fault {
  std::string name;
  /// What b1 does, or which limits hold.
  std::function<void(LimitsTest&)> arrange;
  FailureClass failure;
  /// Of the message, in its order.
  std::vector<std::string> words;
  Duration limit;
};

std::function<void(LimitsTest&)> silent_in(wire::Command command, std::size_t bytes = 0) {
  return [=](LimitsTest& t) { t.b1.tamper = testing::fall_silent(command, bytes); };
}

/// A way to a machine that leads nowhere.
class Nowhere final : public transport::Connector {
 public:
  aio::Task<std::unique_ptr<transport::Link>> open() override {
    aio::WaitQueue never;
    while (true)
      co_await never.wait();
  }

  bool learn_refusal(const transport::Link& /*link*/, std::string_view /*words*/) override {
    return false;
  }

  aio::Task<void> close() override { co_return; }
};

const std::vector<Fault>& faults() {
  static const std::vector<Fault> all = {
      {.name = "connecting",
       .arrange =
           [](LimitsTest& t) {
             t.machines[0].connect = [] { return std::make_unique<Nowhere>(); };
           },
       .failure = FailureClass::machine_lost,
       .words = {"connecting (ssh://b1) took longer than 90 s"},
       .limit = 90s},
      {.name = "greeting",
       .arrange =
           [](LimitsTest& t) {
             t.b1.greeting = wire::server_hello().substr(0, 3);
             t.b1.after_greeting = testing::ScriptedReply::Then::hang;
           },
       .failure = FailureClass::machine_lost,
       .words = {"ssh://b1", "nothing was heard of Nix for 45 s"},
       .limit = 45s},
      {.name = "whose store",
       .arrange = silent_in(wire::Command::query_valid_paths),
       .failure = FailureClass::machine_lost,
       .words = {"asking whether its store is our own (ssh://b1) stood still for 120 s"},
       .limit = 2min},
      {.name = "validity",
       .arrange =
           [](LimitsTest& t) {
             t.b1.tamper = [silence = testing::fall_silent(wire::Command::query_valid_paths, 0),
                            is_first = true](wire::Command asked, auto& reply) mutable {
               const bool is_about_the_store =
                   asked == wire::Command::query_valid_paths && std::exchange(is_first, false);
               if (!is_about_the_store) silence(asked, reply);
             };
           },
       .failure = FailureClass::transfer_stalled,
       .words = {"asking for missing inputs (ssh://b1) stood still for 120 s", "0 came back"},
       .limit = 2min},
      {.name = "sending",
       .arrange = [](LimitsTest& t) { t.b1.stops_reading_after = 4096; },
       .failure = FailureClass::transfer_stalled,
       .words = {"sending inputs (ssh://b1) stood still for 300 s (",
                 " bytes had moved); ",
                 " bytes were sent in all"},
       .limit = 5min},
      {.name = "import answer",
       .arrange =
           [](LimitsTest& t) {
             t.b1.tamper = testing::fall_silent(wire::Command::add_to_store_nar);
             t.options.sessions.import_answer = {.base = 10min, .rate = ByteCount(1000)};
           },
       .failure = FailureClass::transfer_stalled,
       .words = {"sending inputs (ssh://b1) stood still for 700 s (100", " bytes had moved)"},
       .limit = 700s},
      {.name = "import answer of old servers",
       .arrange =
           [](LimitsTest& t) {
             t.b1.version = wire::ServeVersion(4);
             t.b1.tamper = testing::fall_silent(wire::Command::import_paths);
             t.options.sessions.import_answer = {.base = 10min, .rate = ByteCount(1000)};
           },
       .failure = FailureClass::transfer_stalled,
       .words = {"sending inputs (ssh://b1) stood still for 700 s (100", " bytes had moved)"},
       .limit = 700s},
      {.name = "build ceiling",
       .arrange =
           [](LimitsTest& t) {
             t.b1.build = testing::never_finish;
             t.options.limits.build_ceiling = 1h;
           },
       .failure = FailureClass::silent_by_our_clock,
       .words = {"building (ssh://b1) stood still for 3.6e+03 s", "bytes were sent in all"},
       .limit = 1h},
      {.name = "silence",
       .arrange =
           [](LimitsTest& t) {
             t.b1.build = testing::never_finish;
             t.options.max_silent_time = 60s;
             t.options.limits.build_grace = {.base = 10min, .rate = ByteCount(1000)};
           },
       .failure = FailureClass::silent_by_our_clock,
       .words = {"building (ssh://b1) stood still for 760 s (0 bytes had moved)"},
       .limit = 760s},
      {.name = "asking for the outputs",
       .arrange = silent_in(wire::Command::query_path_infos),
       .failure = FailureClass::transfer_stalled,
       .words = {"asking for the outputs (ssh://b1) stood still for 120 s"},
       .limit = 2min},
      {.name = "receiving",
       .arrange = silent_in(wire::Command::dump_store_path, 20),
       .failure = FailureClass::transfer_stalled,
       .words = {"receiving outputs (ssh://b1) took longer than 300 s", "bytes were sent in all, "},
       .limit = 5min},
  };
  return all;
}

class PhaseLimitTest : public LimitsTest, public ::testing::WithParamInterface<std::size_t> {};

TEST_P(PhaseLimitTest, StrikesAndTheStepGoesElsewhere) {
  const Fault& fault = faults().at(GetParam());
  SCOPED_TRACE(fault.name);
  fault.arrange(*this);
  const auto counts = build({"a"});
  EXPECT_EQ(counts.succeeded, 1U);
  EXPECT_EQ(failures(), std::vector{fault.failure});
  EXPECT_EQ(store.added, std::vector{output_of("a")});
  for (const auto& words : fault.words)
    EXPECT_THAT(first_end().message, HasSubstr(words));
  EXPECT_GE(first_took(), fault.limit);
  // A watchdog looks four times per limit.
  EXPECT_LE(first_took(), fault.limit + fault.limit / 4 + 5 * step);
  EXPECT_EQ(b2.builds.size(), 1U);
}

INSTANTIATE_TEST_SUITE_P(Limits, PhaseLimitTest, ::testing::Range<std::size_t>(0, faults().size()));

TEST_F(LimitsTest, ABuildThatOutlivesItsTimeFails) {
  b1.build = b2.build = testing::never_finish;
  options.timeout = 100s;
  const auto counts = build({"a"});
  EXPECT_EQ(counts.failed, 1U);
  EXPECT_EQ(failures(), std::vector{FailureClass::timed_out});
  EXPECT_THAT(first_end().message, HasSubstr("building (ssh://b1) took longer than 700 s"));
}

TEST_F(LimitsTest, ABuildSilentOnTwoMachinesFails) {
  b1.build = b2.build = testing::never_finish;
  options.max_silent_time = 100s;
  const auto counts = build({"a"});
  EXPECT_EQ(counts.failed, 1U);
  EXPECT_EQ(failures(), std::vector(2, FailureClass::silent_by_our_clock));
}

TEST_F(LimitsTest, AnInputThatAnotherStepSendsIsNotAwaitedForEver) {
  machines.pop_back();
  options.limits.sending_stall = 1h;
  options.limits.shared_input = 1min;
  options.scheduling.tries.fill(1);
  b1.stops_reading_after = 4096;
  add({.name = "b", .sources = {store_path("source.c")}});
  build({"a", "b"});
  EXPECT_THAT(
      first_end().message,
      HasSubstr("waiting for inputs that another step sends (ssh://b1) took longer than 60 s"));
  EXPECT_EQ(failures(), std::vector(2, FailureClass::transfer_stalled));
}

TEST_F(LimitsTest, WaitingForATransferSlotIsNoFaultOfTheMachine) {
  machines.pop_back();
  options.limits.receiving_stall = 1h;
  options.limits.transfer_slot = 1min;
  options.scheduling.max_transfers = 1;
  options.scheduling.tries.fill(1);
  b1.tamper = testing::fall_silent(wire::Command::dump_store_path, 20);
  add({.name = "b"});
  build({"a", "b"});
  EXPECT_THAT(first_end().message,
              HasSubstr("waiting for a transfer slot (ssh://b1) took longer than 60 s"));
  EXPECT_EQ(failures(),
            (std::vector{FailureClass::destination_down, FailureClass::transfer_stalled}));
}

}  // namespace
}  // namespace firn::farm
