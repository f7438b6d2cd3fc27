// SPDX-License-Identifier: Apache-2.0
// What a queue runner has seen since its start, as numbers: events come in, metrics go out. No I/O.
#pragma once

#include "base/units.h"
#include "db/status.h"
#include "farm/event.h"
#include "queue/metrics.h"
#include "sched/scheduler.h"

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace firn::queue {

/// A jobset, and who pays for its steps.
struct NamedGroup {
  std::string project;
  std::string jobset;
  sched::GroupId group;
};

/// Borrows the scheduler, which is asked when a snapshot is taken.
class Observer {
 public:
  Observer(const sched::Scheduler& scheduler, TimePoint start, WallTime wall)
      : scheduler_(scheduler), start_(start), wall_start_(wall) {}

  /// Before the events of the same moment have changed anything else.
  void on(const farm::Event& event, WallTime now);

  void dispatched(Duration took);

  void look_began() { ++counts_.queue_checks_started; }

  void look_ended(Duration took);
  void builds_read(std::size_t builds, Duration took);
  void substituted(std::size_t derivations);
  void build_ended(db::Status status);
  /// A step's derivation, about to be built, has so many inputs that are derivations.
  void order_read(sched::StepId step, std::size_t inputs);
  /// A step's outputs are there.
  void measured(const std::string& machine_type, ByteCount closure);

  void add_group(NamedGroup group) { groups_.push_back(std::move(group)); }

  void alarm() { ++counts_.status.alarms; }

  /// As Hydra calls the machines that the step asks for.
  std::string machine_type(sched::StepId step) const;

  /// Everything that is known here. `machines` are all there ever were, by their ids.
  Metrics metrics(std::span<const sched::MachineSpec> machines, TimePoint now, WallTime wall) const;

 private:
  struct Attempt {
    sched::StepId step;
    sched::MachineId machine;
    sched::Phase phase = sched::Phase::connecting;
    TimePoint began;
    ByteCount sent;
    ByteCount received;
  };

  struct MachineBooks {
    std::uint64_t jobs = 0;
    std::uint64_t done = 0;
    StepTimes times{};
    WallTime last_failure{};
    WallTime idle_since{};
    std::string last_error{};
    /// It is not among the runner's machines any more.
    bool has_left = false;
  };

  void on(const farm::AttemptStarted& event, WallTime now);
  void on(const farm::PhaseEntered& event, WallTime now);
  void on(const farm::BytesMoved& event, WallTime now);
  void on(const farm::AttemptEnded& event, WallTime now);
  void on(const farm::MachineOut& event, WallTime now);
  void on(const farm::StepsEnded& event, WallTime now);

  template <class Other>
  void on(const Other&, WallTime) {}

  void book_bytes(Attempt& attempt, ByteCount sent, ByteCount received);
  MachineBooks& books(sched::MachineId machine);
  void add_steps(StepCounts& steps) const;
  void add_machines(StatusSnapshot& status,
                    std::span<const sched::MachineSpec> machines,
                    TimePoint now) const;
  void add_jobsets(StatusSnapshot& status) const;
  void add_census(Metrics& metrics, TimePoint now) const;

  const sched::Scheduler& scheduler_;
  TimePoint start_;
  WallTime wall_start_;
  /// Filled in as far as it only goes up.
  Metrics counts_;
  std::unordered_map<sched::AttemptId, Attempt> attempts_;
  std::vector<MachineBooks> machines_;
  std::vector<NamedGroup> groups_;
  /// By machine type: when the last step of it ended.
  std::map<std::string, WallTime> last_active_;
};

}  // namespace firn::queue
