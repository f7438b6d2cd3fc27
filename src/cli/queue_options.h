// SPDX-License-Identifier: Apache-2.0
// The command line of `firn queue`, as values.
#pragma once

#include "base/units.h"
#include "cli/exit_code.h"
#include "db/ids.h"
#include "db/machine_states.h"
#include "eval/request.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace firn::cli {

/// `list`
struct QueueList {
  /// Otherwise the first hundred.
  bool all = false;
  /// So many that ended last, in place of those that are unfinished.
  std::optional<std::size_t> finished{};
};

/// `add`
struct QueueAdd {
  eval::Request request{};
  /// Empty = the derivation's name.
  std::string job{};
  std::int64_t priority = 0;
};

enum class Steering : std::uint8_t { cancel, restart, bump, bump_down };

/// `cancel`, `restart`, `bump`
struct QueueSteer {
  Steering steering = Steering::cancel;
  std::vector<db::BuildId> builds{};
};

/// `log`
struct QueueLog {
  /// A build's number or a derivation.
  std::string of{};
  bool follow = false;
};

/// `machines`: shows them or, with a decision, decides about one.
struct QueueMachines {
  std::optional<db::MachineDecision> decision{};
};

using QueueAction = std::variant<QueueList, QueueAdd, QueueSteer, QueueLog, QueueMachines>;

struct QueueOptions {
  /// Empty = as Hydra's environment says.
  std::string database{};
  /// The folder of the runner's data; empty = as Hydra's environment says.
  std::string data{};
  bool json = false;
  QueueAction action{};
};

/// `argv[0]` is the command's own name, "queue". `now` is what a time from now on counts from.
std::variant<QueueOptions, Exit> parse_queue(int argc, const char* const* argv, WallTime now);

}  // namespace firn::cli
