// SPDX-License-Identifier: Apache-2.0
#include "sim/bounds.h"

#include "base/error.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <utility>

#include <fmt/format.h>

namespace firn::sim {

namespace {

Duration scaled(Duration time, double factor) {
  return Duration(static_cast<Duration::rep>(static_cast<double>(time.count()) * factor));
}

/// Per kind: the machines that can take it, and the fastest one's speed.
struct Takers {
  std::vector<bool> machines;
  double fastest = 0;
  double capacity = 0;
};

Takers takers(const StepKind& kind, const Fleet& fleet) {
  Takers found;
  found.machines.reserve(fleet.machines.size());
  for (const sched::MachineSpec& machine : fleet.machines) {
    const bool takes = machine.max_jobs > 0 && can_take(machine, kind);
    found.machines.push_back(takes);
    if (!takes) continue;
    found.fastest = std::max(found.fastest, speed(machine));
    found.capacity += capacity(machine);
  }
  return found;
}

std::vector<Takers> takers(const Queue& queue, const Fleet& fleet) {
  std::vector<Takers> found;
  found.reserve(queue.kinds.size());
  for (const StepKind& kind : queue.kinds)
    found.push_back(takers(kind, fleet));
  return found;
}

bool includes(const std::vector<bool>& larger, const std::vector<bool>& smaller) {
  for (std::size_t i = 0; i < larger.size(); ++i) {
    if (smaller[i] && !larger[i]) return false;
  }
  return true;
}

/// Ends of the longest chains that end in each step.
std::vector<Duration> chain_ends(const Queue& queue,
                                 const std::vector<Takers>& by_kind,
                                 const std::vector<bool>& counts) {
  std::vector<Duration> ends(queue.steps.size());
  for (StepIndex i = 0; i < queue.steps.size(); ++i) {
    if (!counts.empty() && !counts[i]) continue;
    const SimStep& step = queue.steps[i];
    const Takers& able = by_kind[step.kind];
    if (able.capacity <= 0) {
      throw Error(
          Kind::invalid,
          fmt::format(
              "no machine takes {}: it needs {}", step.name, describe(queue.kinds[step.kind])));
    }
    for (const StepIndex dependency : step.dependencies)
      ends[i] = std::max(ends[i], ends[dependency]);
    ends[i] += scaled(step.duration, 1 / able.fastest);
  }
  return ends;
}

}  // namespace

std::vector<StepIndex> longest_chain(const Queue& queue, const Fleet& fleet) {
  if (queue.steps.empty()) return {};
  const auto ends = chain_ends(queue, takers(queue, fleet), {});
  const auto last = std::max_element(ends.begin(), ends.end());
  std::vector<StepIndex> chain{static_cast<StepIndex>(last - ends.begin())};
  while (!queue.steps[chain.back()].dependencies.empty()) {
    const auto& below = queue.steps[chain.back()].dependencies;
    chain.push_back(*std::max_element(
        below.begin(), below.end(), [&](StepIndex a, StepIndex b) { return ends[a] < ends[b]; }));
  }
  std::reverse(chain.begin(), chain.end());
  return chain;
}

std::vector<bool> needed_by(const Queue& queue, std::uint32_t project) {
  std::vector<bool> needed(queue.steps.size());
  for (const Build& build : queue.builds) {
    if (build.project == project) needed[build.step] = true;
  }
  for (std::size_t i = queue.steps.size(); i-- > 0;) {
    if (!needed[i]) continue;
    for (const StepIndex dependency : queue.steps[i].dependencies)
      needed[dependency] = true;
  }
  return needed;
}

Bounds bounds(const Queue& queue, const Fleet& fleet, const std::vector<bool>& counts) {
  const auto by_kind = takers(queue, fleet);
  Bounds found;
  for (const Duration end : chain_ends(queue, by_kind, counts))
    found.chain = std::max(found.chain, end);
  std::vector<double> work(queue.kinds.size());
  for (StepIndex i = 0; i < queue.steps.size(); ++i) {
    if (counts.empty() || counts[i])
      work[queue.steps[i].kind] += std::chrono::duration<double>(queue.steps[i].duration).count();
  }
  for (const Takers& able : by_kind) {
    if (able.capacity <= 0) continue;
    double sum = 0;
    for (std::size_t kind = 0; kind < by_kind.size(); ++kind) {
      if (includes(able.machines, by_kind[kind].machines)) sum += work[kind];
    }
    found.work = std::max(
        found.work,
        std::chrono::duration_cast<Duration>(std::chrono::duration<double>(sum / able.capacity)));
  }
  return found;
}

}  // namespace firn::sim
