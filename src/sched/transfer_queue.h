// SPDX-License-Identifier: Apache-2.0
// Who may receive outputs next: first finished, first served, within a limit per machine and one
// over all.
#pragma once

#include "sched/ids.h"

#include <cstdint>
#include <deque>
#include <set>
#include <utility>
#include <vector>

namespace firn::sched {

/// An attempt waits once, is granted once, and then releases once; or it leaves the line.
class TransferQueue {
 public:
  explicit TransferQueue(std::uint32_t limit);

  /// Machines count from 0, in the order of their ids.
  void add_machine(std::uint32_t limit);

  void wait(MachineId machine, AttemptId attempt);
  void leave(MachineId machine, AttemptId attempt);
  void release(MachineId machine);

  /// Hands out all slots that can be handed out now.
  std::vector<AttemptId> grant();

 private:
  using Ticket = std::uint64_t;

  struct Line {
    std::deque<std::pair<Ticket, AttemptId>> waiting;
    std::uint32_t limit = 1;
    std::uint32_t in_use = 0;

    bool is_open() const { return !waiting.empty() && in_use < limit; }
  };

  /// Changes a line, and its entry among the open ones with it.
  template <class Change>
  void update(MachineId machine, Change change);

  std::uint32_t limit_;
  std::uint32_t in_use_ = 0;
  Ticket next_ticket_ = 0;
  std::vector<Line> lines_;
  // Lines that could be granted a slot, by the ticket at their head.
  std::set<std::pair<Ticket, MachineId>> open_;
};

}  // namespace firn::sched
