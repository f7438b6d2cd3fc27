// SPDX-License-Identifier: Apache-2.0
#include "sched/fleet.h"

#include "base/error.h"

#include <algorithm>

#include <fmt/format.h>

namespace firn::sched {

Fleet::Fleet(const BackOff& back_off,
             std::uint32_t faults_before_back_off,
             const Quarantine& quarantine)
    : back_off_(back_off),
      faults_before_back_off_(std::max(faults_before_back_off, 1U)),
      quarantine_(quarantine) {}

ClassId Fleet::class_of(const StepSpec& spec) {
  const ClassId id = catalog_.class_of(spec);
  if (id.value() < able_.size()) return id;
  std::uint32_t able = 0;
  for (const Choice& choice : catalog_.choices(id))
    able += groups_[choice.profile.value()].able;
  able_.push_back(able);
  return id;
}

MachineId Fleet::add(const MachineSpec& spec) {
  const MachineId id(size());
  const ProfileId profile = catalog_.profile_of(spec);
  groups_.resize(catalog_.profile_count());
  Machine machine;
  machine.name = spec.name;
  machine.profile = profile;
  machine.max_jobs = spec.max_jobs;
  machine.speed = spec.speed_factor > 0.0 ? spec.speed_factor : 1.0;
  if (spec.max_jobs == 0) machine.unusable_reason = "its max-jobs is 0";
  machines_.push_back(std::move(machine));
  booked_.emplace_back();
  if (spec.max_jobs > 0) {
    ++groups_[profile.value()].able;
    for (const ClassId step_class : catalog_.classes_for(profile))
      ++able_[step_class.value()];
  }
  refresh(id);
  return id;
}

const Machine& Fleet::machine(MachineId id) const {
  if (id.value() >= machines_.size())
    throw Bug(fmt::format("there is no machine number {}", id.value()));
  return machines_[id.value()];
}

Machine& Fleet::mutable_machine(MachineId id) {
  machine(id);
  return machines_[id.value()];
}

Fleet::Group& Fleet::group_of(MachineId id) {
  return groups_[machines_[id.value()].profile.value()];
}

std::optional<MachineId> Fleet::choose(ClassId step_class, std::span<const MachineId> avoid) const {
  const Place* best = nullptr;
  std::uint32_t rank = 0;
  for (const Choice& choice : catalog_.choices(step_class)) {
    if (best != nullptr && choice.rank != rank) break;
    const auto& free = groups_[choice.profile.value()].free;
    const auto first = std::find_if(free.begin(), free.end(), [&](const Place& place) {
      return !std::binary_search(avoid.begin(), avoid.end(), place.machine);
    });
    if (first == free.end() || (best != nullptr && *best < *first)) continue;
    best = &*first;
    rank = choice.rank;
  }
  if (best == nullptr) return std::nullopt;
  return best->machine;
}

bool Fleet::has_available(ClassId step_class, std::span<const MachineId> avoid) const {
  std::uint32_t available = 0;
  for (const Choice& choice : catalog_.choices(step_class)) {
    available += groups_[choice.profile.value()].available;
  }
  const auto avoided = std::count_if(avoid.begin(), avoid.end(), [&](MachineId id) {
    const Machine& machine = machines_[id.value()];
    return machine.is_available() && catalog_.fits(step_class, machine.profile);
  });
  return available > static_cast<std::uint32_t>(avoided);
}

void Fleet::hold(MachineId id, Holding holding) {
  ++mutable_machine(id).held[static_cast<std::size_t>(holding)];
  refresh(id);
}

void Fleet::move(MachineId id, Holding from, Holding to) {
  if (from == to) return;
  Machine& machine = mutable_machine(id);
  --machine.held[static_cast<std::size_t>(from)];
  ++machine.held[static_cast<std::size_t>(to)];
  refresh(id);
}

void Fleet::let_go(MachineId id, Holding holding) {
  --mutable_machine(id).held[static_cast<std::size_t>(holding)];
  refresh(id);
}

void Fleet::set_enabled(MachineId id, bool enabled) {
  mutable_machine(id).is_enabled = enabled;
  refresh(id);
}

std::vector<ClassId> Fleet::give_up(MachineId id, std::string reason) {
  Machine& machine = mutable_machine(id);
  std::vector<ClassId> orphaned;
  const bool is_first = machine.unusable_reason.empty();
  machine.unusable_reason = reason.empty() ? "given up" : std::move(reason);
  if (!is_first) return orphaned;
  --group_of(id).able;
  for (const ClassId step_class : catalog_.classes_for(machine.profile)) {
    if (--able_[step_class.value()] == 0) orphaned.push_back(step_class);
  }
  refresh(id);
  return orphaned;
}

std::optional<TimePoint> Fleet::fault(MachineId id,
                                      TimePoint attempt_began,
                                      TimePoint now,
                                      Random& random) {
  Machine& machine = mutable_machine(id);
  if (machine.back_off_until || machine.probing != Probing::no ||
      attempt_began <= machine.backed_off_at)
    return std::nullopt;
  ++machine.faults;
  if (machine.faults < faults_before_back_off_) return std::nullopt;
  take_out(machine, id, now, next_back_off(machine, random));
  return machine.back_off_until;
}

Duration Fleet::next_back_off(const Machine& machine, Random& random) const {
  const std::uint32_t counted = std::max(machine.faults, faults_before_back_off_);
  return back_off_.delay(counted - faults_before_back_off_, random);
}

void Fleet::take_out(Machine& machine, MachineId id, TimePoint now, Duration wait) {
  machine.backed_off_at = now;
  machine.back_off_until = now + wait;
  machine.is_on_trial = false;
  returns_.emplace(*machine.back_off_until, id);
  refresh(id);
}

std::optional<TimePoint> Fleet::contradict(MachineId id, TimePoint now) {
  Machine& machine = mutable_machine(id);
  if (machine.back_off_until || !machine.is_available()) return std::nullopt;
  if (++machine.contradictions < quarantine_.contradictions) return std::nullopt;
  machine.faults = std::max(machine.faults, 1U);
  take_out(machine, id, now, quarantine_.length);
  return machine.back_off_until;
}

void Fleet::answered(MachineId id, TimePoint attempt_began) {
  Machine& machine = mutable_machine(id);
  if (!machine.is_on_trial || attempt_began <= machine.backed_off_at) return;
  machine.is_on_trial = false;
  refresh(id);
}

void Fleet::delivered(MachineId id) {
  Machine& machine = mutable_machine(id);
  machine.faults = 0;
  machine.contradictions = 0;
  if (!machine.is_on_trial) return;
  machine.is_on_trial = false;
  refresh(id);
}

void Fleet::wake(TimePoint now) {
  while (!returns_.empty() && returns_.begin()->first <= now) {
    const MachineId id = returns_.begin()->second;
    returns_.erase(returns_.begin());
    Machine& machine = machines_[id.value()];
    machine.back_off_until.reset();
    machine.probing = Probing::due;
    unprobed_.push_back(id);
    refresh(id);
  }
}

std::vector<MachineId> Fleet::take_probes() {
  std::vector<MachineId> probes;
  for (const MachineId id : unprobed_) {
    const Machine& machine = machines_[id.value()];
    if (machine.is_enabled && machine.unusable_reason.empty()) probes.push_back(id);
  }
  for (const MachineId id : probes)
    machines_[id.value()].probing = Probing::under_way;
  std::erase_if(unprobed_, [this](MachineId id) {
    return machines_[id.value()].probing == Probing::under_way;
  });
  return probes;
}

void Fleet::end_probe(Machine& machine) {
  FIRN_CHECK(machine.probing == Probing::under_way);
  machine.probing = Probing::no;
}

void Fleet::probe_succeeded(MachineId id) {
  Machine& machine = mutable_machine(id);
  end_probe(machine);
  machine.failed_probes = 0;
  machine.is_on_trial = machine.faults > 0;
  refresh(id);
}

TimePoint Fleet::probe_failed(MachineId id, TimePoint now, Random& random) {
  Machine& machine = mutable_machine(id);
  end_probe(machine);
  ++machine.failed_probes;
  ++machine.faults;
  const Duration wait = next_back_off(machine, random);
  take_out(machine, id, now, wait);
  return now + wait;
}

std::uint32_t Fleet::failed_probes(ClassId step_class, std::span<const MachineId> except) const {
  std::optional<std::uint32_t> fewest;
  for (std::uint32_t i = 0; i < machines_.size() && fewest != 0U; ++i) {
    const Machine& machine = machines_[i];
    if (!machine.unusable_reason.empty() || !catalog_.fits(step_class, machine.profile) ||
        std::binary_search(except.begin(), except.end(), MachineId(i)))
      continue;
    fewest = std::min(fewest.value_or(machine.failed_probes), machine.failed_probes);
  }
  return fewest.value_or(0);
}

std::optional<TimePoint> Fleet::next_wakeup() const {
  if (returns_.empty()) return std::nullopt;
  return returns_.begin()->first;
}

void Fleet::refresh(MachineId id) {
  const Machine& machine = machines_[id.value()];
  Booked& booked = booked_[id.value()];
  Group& group = group_of(id);
  if (booked.is_available != machine.is_available()) {
    booked.is_available = !booked.is_available;
    group.available = booked.is_available ? group.available + 1 : group.available - 1;
    ++availability_changes_;
  }
  const bool is_free = machine.standing() == Standing::free;
  std::set<Place>::node_type node;
  if (booked.place) {
    node = group.free.extract(*booked.place);
    booked.place.reset();
    --free_count_;
  }
  if (!is_free) return;
  booked.place = Place{.load = machine.load(), .speed = machine.speed, .machine = id};
  ++free_count_;
  if (node.empty()) {
    group.free.insert(*booked.place);
    return;
  }
  node.value() = *booked.place;
  group.free.insert(std::move(node));
}

}  // namespace firn::sched
