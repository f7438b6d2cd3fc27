// SPDX-License-Identifier: Apache-2.0
// Limits of builds, for a daemon that may not have heard them. `nix-daemon --stdio` of Nix 2.15 and
// newer serves a login that is not root by asking the daemon on its socket, over a connection that
// it has opened with the greeting: limits that come later go no further.
#pragma once

#include "aio/phase.h"
#include "aio/timers.h"
#include "base/units.h"
#include "wire/serve_commands.h"
#include "wire/worker_messages.h"

#include <chrono>
#include <cstdint>
#include <map>

namespace firn::store {

/// One request's. Time runs from the moment in which the daemon says that it has started a builder,
/// for each its own; nothing runs while it waits for a lock or substitutes. A daemon that heard the
/// limits is to be faster, so each limit gets a quarter on top, 5 s at least and 10 minutes at
/// most.
class BuildClock {
 public:
  /// Borrows the timers.
  BuildClock(aio::Timers& timers, const wire::BuildOptions& limits);
  BuildClock(const BuildClock&) = delete;
  BuildClock& operator=(const BuildClock&) = delete;

  void hear(const wire::worker::Message& message);

  /// Cast with Error{timeout} where a build has gone past a limit.
  aio::Veto& past_limit() { return past_limit_; }

  /// Whether that limit was the one of silence.
  bool was_silence() const { return was_silence_; }

 private:
  struct Running {
    aio::Timers::Entry end;
    aio::Timers::Entry end_of_silence;
  };

  void start(Running& build);
  void expect_words(Running& build);

  aio::Timers& timers_;
  std::chrono::seconds timeout_;
  std::chrono::seconds max_silent_time_;
  aio::Veto past_limit_;
  bool was_silence_ = false;
  /// By the number of its activity. More than one where inputs are built.
  std::map<std::uint64_t, Running> running_;
};

}  // namespace firn::store
