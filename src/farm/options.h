// SPDX-License-Identifier: Apache-2.0
// What a run is told. Plain values, read once.
#pragma once

#include "farm/limits.h"
#include "farm/log_limits.h"
#include "farm/log_place.h"
#include "nix/signature.h"
#include "sched/journal.h"
#include "sched/spec.h"
#include "store/limits.h"

#include <chrono>
#include <span>
#include <string>

namespace firn::farm {

struct RunOptions {
  /// 0 = no limit of ours.
  std::chrono::seconds max_silent_time{0};
  /// 0 = no limit of ours.
  std::chrono::seconds timeout{0};
  Limits limits{};
  store::SessionLimits sessions{};
  sched::Options scheduling{};
  /// Is told every call into the scheduler. Borrowed; none = nobody is.
  sched::Journal* journal = nullptr;
  LogPlace log_folder{};
  LogLimits log_limits{};
  /// This machine's own system, such as "x86_64-linux".
  std::string own_system;
  /// Sign inputs for machines that do not trust our login. Borrowed.
  std::span<const nix::SecretKey> signing_keys{};
};

}  // namespace firn::farm
