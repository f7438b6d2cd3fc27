// SPDX-License-Identifier: Apache-2.0
// The one loop thread and what belongs to it: its timers and two pools of threads for work that
// must not stop it.
#pragma once

#include "aio/task.h"
#include "aio/timers.h"
#include "base/fd.h"

#include <cstddef>
#include <cstdint>
#include <memory>

namespace firn::aio {

class Pool;

/// Runs coroutines on the thread that calls `run`. Objects of the asynchronous layers borrow it and
/// must die before it.
class Loop {
 public:
  enum class Time : std::uint8_t { real, manual };

  /// Ignores SIGPIPE from now on; children get it back.
  explicit Loop(Time time = Time::real);
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// Runs `main` to its end, and everything it spawned; rethrows its error.
  void run(Task<void> main);

  Timers& timers() { return *timers_; }

  /// For hashing, compressing and signing in blocks of 256 KiB and more: as many threads as
  /// processors.
  Pool& cpu() { return *cpu_; }

  /// For files and databases.
  Pool& blocking() { return *blocking_; }

  /// Pieces of work that pools have not finished. Whoever moves manual time on waits for them.
  std::size_t pool_work() const { return pool_work_; }

  /// Takes a child that nobody waits for any more and reaps it when it ends.
  void adopt_child(Fd pidfd);

  /// Asio's context, for the `.cc` files of this layer and of http.
  struct Context;

  Context& context() { return *context_; }

 private:
  friend class Pool;

  void arm(TimePoint when);

  std::size_t pool_work_ = 0;
  std::unique_ptr<Context> context_;
  std::unique_ptr<Timers> timers_;
  std::unique_ptr<Pool> cpu_;
  std::unique_ptr<Pool> blocking_;
};

/// Sleeps on the loop's timers; cancellable.
Task<void> sleep_for(Loop& loop, Duration duration);

/// Lets everything else that is ready run first.
Task<void> yield_now();

}  // namespace firn::aio
