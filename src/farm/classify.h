// SPDX-License-Identifier: Apache-2.0
// From what happened to whose fault it is. Pure; what follows from a class is sched's table.
#pragma once

#include "base/error.h"
#include "base/units.h"
#include "nix/build_result.h"
#include "sched/failure.h"
#include "sched/phase.h"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace firn::farm {

/// Where an error came from.
enum class Source : std::uint8_t {
  builder,      ///< the conversation with the machine that builds
  destination,  ///< our own store, while it took outputs in
  origin,       ///< our own store, while it was asked for inputs or read
};

sched::FailureClass classify(const Error& error, Source source, sched::Phase phase);

/// Whether a machine that could not be reached for such a reason will not be the next time, either.
bool will_stay(Kind kind);

/// What a build was allowed, and what it took as seen from here.
struct BuildTimes {
  Duration took{};
  /// 0 = no limit, as in `BuildOptions`.
  std::chrono::seconds timeout{0};
  std::chrono::seconds max_silent_time{0};
};

/// For a result that is no success.
sched::FailureClass classify(const nix::BuildResult& result, const BuildTimes& times = {});

/// The line of a failed build's log that says that the machine had no room; empty where none does,
/// or where `failure` has another reason anyway. Nix looks at bytes only, and only at the end: what
/// a build did without inodes, or while others filled the disk, it calls the build's own failure.
std::string line_of_full_disk(sched::FailureClass failure,
                              const std::vector<std::string>& log_tail);

/// The builder's words about a failed build, in one line and without its copy of the log.
std::string reason_of(const nix::BuildResult& result);

}  // namespace firn::farm
