// SPDX-License-Identifier: Apache-2.0
#include "sched/ready_queues.h"

namespace firn::sched {

QueueId ReadyQueues::open(ClassId step_class, const MachineSet& avoid) {
  const auto [entry, is_new] = ids_.try_emplace({step_class, avoid});
  if (!is_new) return entry->second;
  if (unused_.empty()) {
    unused_.emplace_back(static_cast<std::uint32_t>(queues_.size()));
    queues_.emplace_back();
  }
  const QueueId id = unused_.back();
  unused_.pop_back();
  ReadyQueue& queue = queues_[id.value()];
  queue.step_class = step_class;
  queue.avoid = avoid;
  entry->second = id;
  return id;
}

QueueId ReadyQueues::push(ClassId step_class, const MachineSet& avoid, const ReadyKey& key) {
  const QueueId id = open(step_class, avoid);
  ReadyQueue& queue = queues_[id.value()];
  if (queue.steps.empty()) {
    queue.active_at = static_cast<std::uint32_t>(active_.size());
    active_.push_back(id);
  }
  queue.steps.insert(key);
  return id;
}

void ReadyQueues::erase(QueueId id, const ReadyKey& key) {
  queues_[id.value()].steps.erase(key);
  close_if_empty(id);
}

StepId ReadyQueues::pop(QueueId id) {
  auto& steps = queues_[id.value()].steps;
  const StepId first = steps.begin()->step;
  steps.erase(steps.begin());
  close_if_empty(id);
  return first;
}

void ReadyQueues::replace(QueueId id, const ReadyKey& old_key, const ReadyKey& new_key) {
  auto& steps = queues_[id.value()].steps;
  auto node = steps.extract(old_key);
  node.value() = new_key;
  steps.insert(std::move(node));
}

void ReadyQueues::close_if_empty(QueueId id) {
  ReadyQueue& queue = queues_[id.value()];
  if (!queue.steps.empty()) return;
  queues_[active_.back().value()].active_at = queue.active_at;
  active_[queue.active_at] = active_.back();
  active_.pop_back();
  if (queue.avoid.empty()) return;
  ids_.erase({queue.step_class, queue.avoid});
  queue.avoid.clear();
  unused_.push_back(id);
}

}  // namespace firn::sched
