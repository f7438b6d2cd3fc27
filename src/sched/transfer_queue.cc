// SPDX-License-Identifier: Apache-2.0
#include "sched/transfer_queue.h"

#include <algorithm>

namespace firn::sched {

TransferQueue::TransferQueue(std::uint32_t limit) : limit_(std::max(limit, 1U)) {}

void TransferQueue::add_machine(std::uint32_t limit) {
  lines_.push_back(Line{.waiting = {}, .limit = std::max(limit, 1U)});
}

template <class Change>
void TransferQueue::update(MachineId machine, Change change) {
  Line& line = lines_[machine.value()];
  if (line.is_open()) open_.erase({line.waiting.front().first, machine});
  change(line);
  if (line.is_open()) open_.emplace(line.waiting.front().first, machine);
}

void TransferQueue::wait(MachineId machine, AttemptId attempt) {
  update(machine, [&](Line& line) { line.waiting.emplace_back(next_ticket_++, attempt); });
}

void TransferQueue::leave(MachineId machine, AttemptId attempt) {
  update(machine, [&](Line& line) {
    std::erase_if(line.waiting, [&](const auto& place) { return place.second == attempt; });
  });
}

void TransferQueue::release(MachineId machine) {
  --in_use_;
  update(machine, [](Line& line) { --line.in_use; });
}

std::vector<AttemptId> TransferQueue::grant() {
  std::vector<AttemptId> granted;
  while (in_use_ < limit_ && !open_.empty()) {
    ++in_use_;
    update(open_.begin()->second, [&](Line& line) {
      granted.push_back(line.waiting.front().second);
      line.waiting.pop_front();
      ++line.in_use;
    });
  }
  return granted;
}

}  // namespace firn::sched
