// SPDX-License-Identifier: Apache-2.0
// The one writer of the queue: takes changes as they come and writes what has gathered meanwhile as
// one group, on a thread of its own. While the database is away it keeps everything and tries on.
#pragma once

#include "aio/loop.h"
#include "aio/pool.h"
#include "aio/task.h"
#include "aio/wait_queue.h"
#include "queue/changes.h"
#include "sched/back_off.h"

#include <chrono>
#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace firn::queue {

class Writer {
 public:
  /// Writes a group, all or nothing; called on the writer's thread, blocks. See Applier.
  using Apply = std::function<void(std::span<const Change>)>;
  /// Something that people should know, in a sentence.
  using Tell = std::function<void(std::string)>;

  /// `apply` owns what it refers to: where the database hangs, the thread outlives the writer.
  Writer(aio::Loop& loop, Apply apply, Tell tell);

  void add(std::vector<Change> changes);

  /// Changes that are not committed.
  std::size_t pending() const { return added_ - written_; }

  /// Writes until cancelled. Throws LostLead; nothing that came before it is written after.
  aio::Task<void> run();

  /// Waits until everything that was added before is committed. While `run` runs.
  aio::Task<void> settle();

 private:
  using Group = std::vector<Change>;

  aio::Task<void> write(Group group);
  aio::Task<void> write_alone(Change change);
  aio::Task<bool> try_to_write(Group group);

  aio::Loop& loop_;
  Apply apply_;
  Tell tell_;
  sched::BackOff back_off_{.first = std::chrono::milliseconds(100),
                           .factor = 2,
                           .limit = std::chrono::seconds(10),
                           .jitter = 0.25};
  sched::Random random_{0};
  Group waiting_;
  std::size_t added_ = 0;
  std::size_t written_ = 0;
  aio::WaitQueue more_;
  aio::WaitQueue committed_;
  aio::Pool thread_;
};

}  // namespace firn::queue
