// SPDX-License-Identifier: Apache-2.0
// What a configuration file may change: the options of each layer, as that layer defines them.
#pragma once

#include "base/units.h"
#include "eval/evaluate.h"
#include "farm/limits.h"
#include "farm/log_limits.h"
#include "sched/spec.h"
#include "store/limits.h"
#include "transport/ssh_target.h"

#include <string>

namespace firn::config {

/// Without a file: the defaults of the layers.
struct Settings {
  Duration evaluation_stall = eval::Options{}.stall;
  transport::SshLimits ssh{};
  store::SessionLimits sessions{};
  farm::Limits attempt{};
  farm::LogLimits logs{};
  store::StoreLimits store{};
  sched::Options scheduling{};
  /// With blanks between them.
  std::string secret_key_files{};
};

}  // namespace firn::config
