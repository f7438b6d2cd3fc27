// SPDX-License-Identifier: Apache-2.0
#include "aio/phase.h"

#include "aio/pool.h"
#include "aio/scope.h"
#include "aio/wait_queue.h"
#include "support/run.h"

#include <future>

#include <gtest/gtest.h>

namespace firn::aio {
namespace {

using namespace std::chrono_literals;
using testing::kind_of;

Task<void> forever() {
  WaitQueue queue;
  co_await queue.wait();
}

Task<int> seven() {
  co_return 7;
}

Task<void> fail_with(Kind kind) {
  throw Error(kind, "as the test wants");
  co_return;
}

Task<void> advance_soon(Loop& loop, Duration step) {
  co_await yield_now();
  loop.timers().advance(step);
}

Task<void> advance_in(Loop* loop, Duration step) {
  co_await advance_soon(*loop, step);
}

Task<void> run_beside(Loop& loop, Duration step, Task<void> op) {
  Scope scope(loop);
  scope.spawn(advance_in, &loop, step);
  std::exception_ptr error;
  try {
    co_await std::move(op);
  } catch (...) {
    error = std::current_exception();
  }
  co_await scope.close();
  if (error) std::rethrow_exception(error);
}

TEST(Within, EndsInTimeoutWhenItsLimitPasses) {
  Loop loop(Loop::Time::manual);
  try {
    loop.run(run_beside(loop, 11s, within(loop, "connecting", 10s, forever())));
    FAIL() << "no error";
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), Kind::timeout);
    EXPECT_STREQ(e.what(), "connecting took longer than 10 s");
  }
}

Task<void> wait_within(Loop& loop, Duration limit, bool& ended) {
  try {
    co_await within(loop, "inner", limit, forever());
  } catch (const Error& e) {
    ended = e.kind() == Kind::cancelled;
    throw;
  }
}

Task<void> nested_limits(Loop& loop, bool& ended) {
  co_await within(loop, "outer", 5s, wait_within(loop, 60s, ended));
}

TEST(Within, OuterLimitReachesTheInnerOperation) {
  Loop loop(Loop::Time::manual);
  bool inner_was_cancelled = false;
  EXPECT_EQ(kind_of(loop, run_beside(loop, 6s, nested_limits(loop, inner_was_cancelled))),
            Kind::timeout);
  EXPECT_TRUE(inner_was_cancelled);
}

Task<void> value_through(Loop& loop, int& out) {
  out = co_await within(loop, "value", 1s, seven());
}

TEST(Within, ReturnsTheValue) {
  Loop loop(Loop::Time::manual);
  int value = 0;
  loop.run(value_through(loop, value));
  EXPECT_EQ(value, 7);
}

TEST(Within, PassesOtherErrorsOn) {
  Loop loop(Loop::Time::manual);
  EXPECT_EQ(kind_of(loop, within(loop, "x", 1s, fail_with(Kind::protocol))), Kind::protocol);
}

Task<void> go_on_after_timeout(Loop& loop, bool& went_on) {
  try {
    co_await within(loop, "short", 1ms, forever());
  } catch (const Error&) {
    went_on = false;
  }
  co_await within(loop, "pause", 1s, sleep_for(loop, 1ms));
  went_on = true;
}

TEST(Within, LeavesTheCallerUsable) {
  Loop loop;
  bool went_on = false;
  loop.run(go_on_after_timeout(loop, went_on));
  EXPECT_TRUE(went_on);
}

Task<void> move_bytes(Loop* loop, Progress* progress, int times) {
  for (int i = 0; i < times; ++i) {
    co_await yield_now();
    progress->moved += 10;
    loop->timers().advance(4s);
  }
  for (int i = 0; i < 5; ++i) {
    co_await yield_now();
    loop->timers().advance(4s);
  }
}

Task<void> watch(Loop& loop, Progress& progress, int times) {
  Scope scope(loop);
  scope.spawn(move_bytes, &loop, &progress, times);
  std::exception_ptr error;
  try {
    co_await with_progress(loop, "sending", 10s, progress, forever());
  } catch (...) {
    error = std::current_exception();
  }
  co_await scope.close();
  std::rethrow_exception(error);
}

TEST(WithProgress, StrikesOnlyWhenNothingMoves) {
  Loop loop(Loop::Time::manual);
  Progress progress;
  try {
    loop.run(watch(loop, progress, 10));
    FAIL() << "no error";
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), Kind::timeout);
    EXPECT_STREQ(e.what(), "sending stood still for 10 s (100 bytes had moved)");
  }
}

TEST(WithProgress, HasThePatienceThatItIsAskedFor) {
  Loop loop(Loop::Time::manual);
  Progress progress{.moved = 0, .patience = 15s};
  try {
    loop.run(watch(loop, progress, 1));
    FAIL() << "no error";
  } catch (const Error& e) {
    EXPECT_STREQ(e.what(), "sending stood still for 15 s (10 bytes had moved)");
  }
}

Task<void> clean_up(Loop& loop, bool& cleaned) {
  co_await sleep_for(loop, 1ms);
  cleaned = true;
}

Task<void> wait_then_clean(Loop* loop, bool* cleaned) {
  std::exception_ptr error;
  try {
    co_await forever();
  } catch (...) {
    error = std::current_exception();
  }
  co_await shielded(*loop, "clean-up", 1s, clean_up(*loop, *cleaned));
  std::rethrow_exception(error);
}

Task<void> cancel_and_close(Loop& loop, bool& cleaned) {
  Scope scope(loop);
  scope.spawn(wait_then_clean, &loop, &cleaned);
  co_await yield_now();
  co_await scope.close();
}

TEST(Shielded, CleansUpAfterACancellation) {
  Loop loop;
  bool cleaned = false;
  loop.run(cancel_and_close(loop, cleaned));
  EXPECT_TRUE(cleaned);
}

Task<void> endless_clean_up(Loop* loop, Kind* kind) {
  std::exception_ptr error;
  try {
    co_await forever();
  } catch (...) {
    error = std::current_exception();
  }
  try {
    co_await shielded(*loop, "clean-up", 1ms, forever());
  } catch (const Error& e) {
    *kind = e.kind();
  }
}

Task<void> close_endless(Loop& loop, Kind& kind) {
  Scope scope(loop);
  scope.spawn(endless_clean_up, &loop, &kind);
  co_await yield_now();
  co_await scope.close();
}

TEST(Shielded, IsBoundedByItsOwnLimit) {
  Loop loop;
  Kind kind = Kind::internal;
  loop.run(close_endless(loop, kind));
  EXPECT_EQ(kind, Kind::timeout);
}

Task<void> blocked_pool(Loop& loop, std::shared_ptr<std::promise<void>> release) {
  co_await within(
      loop, "pool work", 5ms, loop.blocking().run([release] { release->get_future().wait(); }));
}

TEST(Within, AbandonsPoolWorkThatDoesNotReturn) {
  auto release = std::make_shared<std::promise<void>>();
  {
    Loop loop;
    EXPECT_EQ(kind_of(loop, blocked_pool(loop, release)), Kind::timeout);
  }
  release->set_value();
}

Task<void> cast_soon(Veto* veto, const char* why) {
  co_await yield_now();
  veto->cast(Error(Kind::resource, why));
}

Task<void> run_vetoed(Loop& loop, Veto& veto, Task<void> op) {
  Scope scope(loop);
  scope.spawn(cast_soon, &veto, "too much");
  std::exception_ptr error;
  try {
    co_await unless(veto, std::move(op));
  } catch (...) {
    error = std::current_exception();
  }
  co_await scope.join();
  if (error) std::rethrow_exception(error);
}

Task<void> stumble() {
  throw Bug("as the test wants");
  co_return;
}

Task<void> see_bug(Loop& loop, bool& seen) {
  try {
    co_await within(loop, "phase", 10s, stumble());
  } catch (const Bug&) {
    seen = true;
  }
}

TEST(Within, ABugStaysOne) {
  Loop loop(Loop::Time::manual);
  bool seen = false;
  loop.run(see_bug(loop, seen));
  EXPECT_TRUE(seen);
}

TEST(Unless, EndsInTheReasonOfTheVeto) {
  Loop loop(Loop::Time::manual);
  Veto veto;
  try {
    loop.run(run_vetoed(loop, veto, forever()));
    FAIL() << "no error";
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), Kind::resource);
    EXPECT_STREQ(e.what(), "too much");
  }
}

TEST(Unless, AVetoThatWasCastBeforeEndsItAtOnce) {
  Loop loop(Loop::Time::manual);
  Veto veto;
  veto.cast(Error(Kind::cancelled, "nobody wants it"));
  veto.cast(Error(Kind::resource, "too late"));
  EXPECT_EQ(kind_of(loop, unless(veto, forever())), Kind::cancelled);
}

Task<void> seven_unless(Veto& veto, int& out) {
  out = co_await unless(veto, seven());
}

TEST(Unless, LeavesResultsAndErrorsAsTheyAre) {
  Loop loop(Loop::Time::manual);
  Veto veto;
  EXPECT_EQ(kind_of(loop, unless(veto, fail_with(Kind::protocol))), Kind::protocol);
  veto.cast(Error(Kind::resource, "it has ended already"));
  int result = 0;
  Veto other;
  loop.run(seven_unless(other, result));
  EXPECT_EQ(result, 7);
}

TEST(Unless, ACancellationFromOutsideIsOne) {
  Loop loop(Loop::Time::manual);
  Veto veto;
  EXPECT_EQ(
      kind_of(loop, run_beside(loop, 11s, within(loop, "outer", 10s, unless(veto, forever())))),
      Kind::timeout);
  EXPECT_FALSE(veto.reason());
}

}  // namespace
}  // namespace firn::aio
