// SPDX-License-Identifier: Apache-2.0
// All machines: which of them are free, which is the best for a class of steps, and when one is
// taken out and comes back. Free machines are kept in order per profile, so that a choice looks at
// profiles and never at all machines.
#pragma once

#include "base/units.h"
#include "sched/catalog.h"
#include "sched/ids.h"
#include "sched/machine.h"

#include <compare>
#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace firn::sched {

/// Owns machines and the catalog. Every change of a machine goes through here and keeps the indices
/// right.
class Fleet {
 public:
  Fleet(const BackOff& back_off,
        std::uint32_t faults_before_back_off,
        const Quarantine& quarantine);

  const Catalog& catalog() const { return catalog_; }

  ClassId class_of(const StepSpec& spec);
  MachineId add(const MachineSpec& spec);

  /// Throws Bug for an id that `add` did not return.
  const Machine& machine(MachineId id) const;

  std::uint32_t size() const { return static_cast<std::uint32_t>(machines_.size()); }

  /// The machine that a step of this class should take now: best fit, then least load, then speed,
  /// then id. `avoid` is sorted.
  std::optional<MachineId> choose(ClassId step_class, std::span<const MachineId> avoid) const;

  /// How many machines could ever take it: all that fit, but those given up.
  std::uint32_t able(ClassId step_class) const { return able_[step_class.value()]; }

  /// Whether a machine outside `avoid` takes work of this class now or once it has a free slot.
  bool has_available(ClassId step_class, std::span<const MachineId> avoid) const;

  bool has_free() const { return free_count_ > 0; }

  /// Counts how often a machine became available or ceased to be.
  std::uint64_t availability_changes() const { return availability_changes_; }

  void hold(MachineId id, Holding holding);
  void move(MachineId id, Holding from, Holding to);
  void let_go(MachineId id, Holding holding);

  void set_enabled(MachineId id, bool enabled);
  /// Returns the classes that no machine is left for.
  std::vector<ClassId> give_up(MachineId id, std::string reason);
  /// Books an own fault of the machine; returns the end of the back-off where it starts one. Of one
  /// outage, reported by many attempts, only the first faults count: those of attempts that began
  /// before a back-off change nothing after it.
  std::optional<TimePoint> fault(MachineId id,
                                 TimePoint attempt_began,
                                 TimePoint now,
                                 Random& random);
  /// A step that failed there has succeeded elsewhere. Returns the end of the quarantine where this
  /// starts one.
  std::optional<TimePoint> contradict(MachineId id, TimePoint now);
  /// An attempt that began then came as far as building: a machine on trial is trusted again.
  void answered(MachineId id, TimePoint attempt_began);
  /// It delivered a result or a verdict: forgets its faults.
  void delivered(MachineId id);

  /// Ends the back-offs that are due. What comes out of one gets no work before it has answered a
  /// probe.
  void wake(TimePoint now);
  std::optional<TimePoint> next_wakeup() const;
  /// The machines that are to be probed and not yet are; a disabled one once it is enabled. The
  /// probe ends in one of the next two.
  std::vector<MachineId> take_probes();
  /// It answers: one slot is open, and all once an attempt has come as far as building.
  void probe_succeeded(MachineId id);
  /// It does not: one more fault. Returns the end of the next, longer back-off.
  TimePoint probe_failed(MachineId id, TimePoint now, Random& random);
  /// How many probes in a row were in vain at each machine that could ever take a step of this
  /// class, those of `except` aside. `except` is sorted.
  std::uint32_t failed_probes(ClassId step_class, std::span<const MachineId> except) const;

 private:
  /// Order among the free machines of a profile, and across profiles of the same rank.
  struct Place {
    double load = 0;
    double speed = 1;
    MachineId machine;

    friend bool operator<(const Place& a, const Place& b) {
      if (a.load != b.load) return a.load < b.load;
      if (a.speed != b.speed) return a.speed > b.speed;
      return a.machine < b.machine;
    }
  };

  struct Group {
    std::set<Place> free;
    std::uint32_t able = 0;
    std::uint32_t available = 0;
  };

  /// What the indices know of a machine.
  struct Booked {
    std::optional<Place> place;
    bool is_available = false;
  };

  Machine& mutable_machine(MachineId id);
  Group& group_of(MachineId id);
  Duration next_back_off(const Machine& machine, Random& random) const;
  void end_probe(Machine& machine);
  void take_out(Machine& machine, MachineId id, TimePoint now, Duration wait);
  void refresh(MachineId id);

  Catalog catalog_;
  BackOff back_off_;
  std::uint32_t faults_before_back_off_;
  Quarantine quarantine_;
  std::vector<Machine> machines_;
  std::vector<Booked> booked_;
  std::vector<Group> groups_;
  std::vector<std::uint32_t> able_;
  std::set<std::pair<TimePoint, MachineId>> returns_;
  // Machines whose probe is due.
  std::vector<MachineId> unprobed_;
  std::uint32_t free_count_ = 0;
  std::uint64_t availability_changes_ = 0;
};

}  // namespace firn::sched
