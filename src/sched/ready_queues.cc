// SPDX-License-Identifier: Apache-2.0
#include "sched/ready_queues.h"

namespace firn::sched {

const ReadyKey& ReadyQueue::first() const {
  return *lanes_.at({turn().priority, turn().groups}).steps.begin();
}

std::vector<StepId> ReadyQueue::steps() const {
  std::vector<StepId> found;
  for (const auto& [id, lane] : lanes_)
    for (const ReadyKey& key : lane.steps)
      found.push_back(key.step);
  return found;
}

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

double ReadyQueues::used(GroupSetId groups) const {
  return groups.value() < used_.size() ? used_[groups.value()] : 0;
}

void ReadyQueues::insert(QueueId id, const ReadyPlace& place) {
  ReadyQueue& queue = queues_[id.value()];
  const LaneId lane_id{place.priority, place.groups};
  const auto [entry, is_new] = queue.lanes_.try_emplace(lane_id);
  Lane& lane = entry->second;
  if (is_new) {
    lane.used = used(place.groups);
    queue.turns_.insert({.priority = place.priority, .used = lane.used, .groups = place.groups});
    lanes_of_[place.groups].emplace(id, place.priority);
  }
  lane.steps.insert(place.key);
}

void ReadyQueues::remove(QueueId id, const ReadyPlace& place) {
  const LaneId lane_id{place.priority, place.groups};
  Lane& lane = queues_[id.value()].lanes_.at(lane_id);
  lane.steps.erase(place.key);
  if (lane.steps.empty()) close_lane(id, lane_id);
}

void ReadyQueues::close_lane(QueueId id, LaneId lane_id) {
  ReadyQueue& queue = queues_[id.value()];
  const auto lane = queue.lanes_.find(lane_id);
  const auto [priority, groups] = lane_id;
  queue.turns_.erase({.priority = priority, .used = lane->second.used, .groups = groups});
  queue.lanes_.erase(lane);
  const auto lanes = lanes_of_.find(groups);
  lanes->second.erase({id, priority});
  if (lanes->second.empty()) lanes_of_.erase(lanes);
}

QueueId ReadyQueues::push(ClassId step_class, const MachineSet& avoid, const ReadyPlace& place) {
  const QueueId id = open(step_class, avoid);
  ReadyQueue& queue = queues_[id.value()];
  if (queue.empty()) {
    queue.active_at_ = static_cast<std::uint32_t>(active_.size());
    active_.push_back(id);
  }
  insert(id, place);
  return id;
}

void ReadyQueues::erase(QueueId id, const ReadyPlace& place) {
  remove(id, place);
  close_if_empty(id);
}

StepId ReadyQueues::pop(QueueId id) {
  ReadyQueue& queue = queues_[id.value()];
  const LaneId lane_id{queue.turn().priority, queue.turn().groups};
  auto& steps = queue.lanes_.at(lane_id).steps;
  const StepId first = steps.begin()->step;
  steps.erase(steps.begin());
  if (steps.empty()) close_lane(id, lane_id);
  close_if_empty(id);
  return first;
}

void ReadyQueues::replace(QueueId id, const ReadyPlace& old_place, const ReadyPlace& new_place) {
  remove(id, old_place);
  insert(id, new_place);
}

void ReadyQueues::set_used(GroupSetId groups, double used) {
  if (groups.value() >= used_.size()) used_.resize(groups.value() + 1);
  used_[groups.value()] = used;
  const auto lanes = lanes_of_.find(groups);
  if (lanes == lanes_of_.end()) return;
  for (const auto& [id, priority] : lanes->second) {
    ReadyQueue& queue = queues_[id.value()];
    Lane& lane = queue.lanes_.at({priority, groups});
    auto turn = queue.turns_.extract({.priority = priority, .used = lane.used, .groups = groups});
    turn.value().used = lane.used = used;
    queue.turns_.insert(std::move(turn));
  }
}

void ReadyQueues::close_if_empty(QueueId id) {
  ReadyQueue& queue = queues_[id.value()];
  if (!queue.empty()) return;
  queues_[active_.back().value()].active_at_ = queue.active_at_;
  active_[queue.active_at_] = active_.back();
  active_.pop_back();
  if (queue.avoid.empty()) return;
  ids_.erase({queue.step_class, queue.avoid});
  queue.avoid.clear();
  unused_.push_back(id);
}

}  // namespace firn::sched
