// SPDX-License-Identifier: Apache-2.0
// What the scheduler is told about steps and machines, and the knobs of its policy. Plain values,
// read once.
#pragma once

#include "sched/back_off.h"
#include "sched/failure.h"
#include "sched/order.h"

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace firn::sched {

/// Where a step would rather, or must, run.
enum class Placement : std::uint8_t {
  anywhere,
  prefer_local,  ///< the local machine while it has a free slot, any other after that
  local_only,    ///< the local machine or none
};

// NOLINTBEGIN(readability-redundant-member-init): lets an initializer leave members out.

/// A step to be built. The views are read by `Scheduler::add_step` and not kept.
struct StepSpec {
  /// For messages only; need not be unique.
  std::string_view name = {};
  /// "x86_64-linux"; "builtin" runs on every machine.
  std::string_view system = {};
  /// In any order; repeats do no harm.
  std::span<const std::string> required_features = {};
  Placement placement = Placement::anywhere;
  /// Its failures may be upstream's: "transient" becomes "fetch failed", and nothing is remembered.
  bool fixed_output = false;
  /// Higher goes first.
  std::int32_t priority = 0;
  /// How long it takes on a machine of speed 1. Where nothing is known, a guess: that of others
  /// makes sense. Counts in milliseconds, and at least one.
  Duration expected_duration = std::chrono::minutes(1);
};

/// A machine as its owner describes it.
struct MachineSpec {
  std::string name = {};
  std::vector<std::string> systems = {};
  std::vector<std::string> supported_features = {};
  /// Only steps that require all of these may run here. They count as supported.
  std::vector<std::string> mandatory_features = {};
  /// Steps that may build at a time. 0 = takes no work.
  std::uint32_t max_jobs = 1;
  /// Twice the number, twice the work. Anything that is not above 0 counts as 1.
  double speed_factor = 1.0;
  /// Finished steps whose outputs may be on their way from here at a time. 0 counts as 1.
  std::uint32_t max_transfers = 4;
  bool is_local = false;
};

// NOLINTEND(readability-redundant-member-init)

/// For a machine on which steps fail that succeed elsewhere, whatever the machine itself says.
struct Quarantine {
  /// Steps in a row. 0 counts as 1.
  std::uint32_t contradictions = 3;
  Duration length = std::chrono::minutes(30);
};

/// The policy of one scheduler.
struct Options {
  /// Where false, the first failed build stops dispatch; what runs may finish.
  bool keep_going = true;
  /// Of all jitter. The same seed and the same events give the same decisions.
  std::uint64_t seed = 0;
  Order order = Order::critical_path;
  /// Steps that may be receiving or publishing outputs at a time, over all machines. 0 counts as 1.
  std::uint32_t max_transfers = 16;
  /// Of a class that is never retried only 1 makes sense. At most 255.
  Tries tries = default_tries();
  /// Before the next try of a step that no other machine can take over.
  BackOff step_back_off{
      .first = std::chrono::seconds(1), .factor = 3, .limit = std::chrono::minutes(30)};
  /// For a machine that failed by its own fault `faults_before_back_off` times in a row, and again
  /// each time after.
  BackOff machine_back_off{.first = std::chrono::seconds(10),
                           .factor = 3,
                           .limit = std::chrono::minutes(5),
                           .jitter = 0.25};
  std::uint32_t faults_before_back_off = 3;
  Quarantine quarantine{};
  /// Whether steps wait for machines that answer no probe for as long as it takes. Where not, each
  /// probe in vain is a try of the steps that only such machines can take.
  bool waits_for_machines = false;
};

}  // namespace firn::sched
