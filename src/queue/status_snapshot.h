// SPDX-License-Identifier: Apache-2.0
// How a queue stands at one moment, as plain values: what its status in JSON and its metrics are
// made of. Counts go up from the runner's start where they do not say what is there now.
#pragma once

#include "base/units.h"
#include "sched/failure.h"
#include "sched/why.h"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace firn::queue {

using sched::kReasonCount;

/// What finished steps have taken, added up.
struct StepTimes {
  /// From an attempt's beginning to its end.
  Duration total{};
  Duration sending{};
  Duration building{};
  Duration receiving{};
};

struct BuildCounts {
  std::uint64_t queued = 0;  ///< now
  std::uint64_t read = 0;
  Duration read_time{};
  std::uint64_t done = 0;
  std::uint64_t succeeded = 0;
  std::uint64_t failed = 0;
};

struct StepCounts {
  /// Now.
  std::uint64_t unfinished = 0;
  std::uint64_t runnable = 0;
  std::uint64_t active = 0;
  std::uint64_t copying_to = 0;
  std::uint64_t building = 0;
  std::uint64_t waiting_for_transfer_slot = 0;
  std::uint64_t copying_from = 0;
  /// Ready and not running: for want of a machine, or for its own back-off.
  std::uint64_t waiting = 0;
  std::uint64_t unsupported = 0;
  /// Since the start.
  std::uint64_t started = 0;
  std::uint64_t done = 0;
  std::uint64_t retries = 0;
  /// The most of one step.
  std::uint64_t max_retries = 0;
  StepTimes times{};
};

struct MachineStatus {
  /// As machines files write it, such as "ssh://root@b1"; of its own among machines.
  std::string name;
  bool is_enabled = true;
  std::vector<std::string> systems{};
  std::vector<std::string> supported_features{};
  std::vector<std::string> mandatory_features{};
  std::uint64_t current_jobs = 0;
  std::uint64_t steps_done = 0;
  StepTimes times{};
  /// Such moments are 0 where there is none.
  WallTime disabled_until{};
  WallTime last_failure{};
  std::uint64_t consecutive_failures = 0;
  /// Of interest only where no job runs.
  WallTime idle_since{};
  /// Whether it takes work and why not, in words: "backing off until …".
  std::string standing{};
  /// The last fault of its own; empty = none.
  std::string last_error{};
};

struct JobsetStatus {
  std::string project;
  std::string jobset;
  double share_used = 0;
  std::chrono::seconds seconds{};
};

/// Steps that ask for the same system and features.
struct MachineTypeStatus {
  /// Hydra's form, such as "x86_64-linux:kvm,big-parallel".
  std::string name;
  std::uint64_t runnable = 0;
  std::uint64_t running = 0;
  /// Of those runnable: in back-off of their own, and without a machine that is not switched off.
  std::uint64_t waiting = 0;
  std::uint64_t disabled = 0;
  /// How long the runnable ones have been so until now, added up.
  Duration wait_time{};
  /// When the last one ended; 0 = none did. Of interest only where none runs.
  WallTime last_active{};
};

struct StoreCounts {
  std::uint64_t nar_info_read = 0;
  std::uint64_t nar_info_read_averted = 0;
  std::uint64_t nar_info_missing = 0;
  std::uint64_t nar_info_write = 0;
  std::uint64_t nar_info_cache_size = 0;  ///< now
  std::uint64_t nar_read = 0;
  ByteCount nar_read_bytes{};
  ByteCount nar_read_compressed_bytes{};
  std::uint64_t nar_write = 0;
  std::uint64_t nar_write_averted = 0;
  ByteCount nar_write_bytes{};
  ByteCount nar_write_compressed_bytes{};
  Duration nar_write_compression_time{};

  /// The part of what was written that compression saved; 0 where nothing was.
  double compression_savings() const;
  /// MiB per second; 0 where nothing was compressed.
  double compression_speed() const;
};

struct StatusSnapshot {
  WallTime time{};
  std::chrono::seconds uptime{};
  std::int64_t pid = 0;
  BuildCounts builds{};
  StepCounts steps{};
  /// To and from machines.
  ByteCount bytes_sent{};
  ByteCount bytes_received{};
  std::uint64_t queue_wakeups = 0;
  std::uint64_t dispatcher_wakeups = 0;
  Duration dispatch_time{};
  /// Now.
  std::uint64_t db_connections = 0;
  std::uint64_t active_db_updates = 0;
  std::vector<MachineStatus> machines{};
  std::vector<JobsetStatus> jobsets{};
  std::vector<MachineTypeStatus> machine_types{};
  StoreCounts store{};
  /// Of each sched::Reason, the unfinished steps to which it applies now.
  std::array<std::uint64_t, kReasonCount> reasons{};
  /// Of each class, the tries that ended so and were followed by another.
  std::array<std::uint64_t, sched::kFailureClassCount> retries{};
  /// How often work and a machine for it were seen together for too long.
  std::uint64_t alarms = 0;
};

}  // namespace firn::queue
