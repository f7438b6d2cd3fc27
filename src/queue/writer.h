// SPDX-License-Identifier: Apache-2.0
// The one writer of the queue: takes changes as they come and writes what has gathered meanwhile as
// one group, on a thread of its own. While the database is away it keeps everything and tries on;
// what the database refuses keeps back nothing else.
#pragma once

#include "aio/loop.h"
#include "aio/pool.h"
#include "aio/task.h"
#include "aio/wait_queue.h"
#include "base/units.h"
#include "queue/changes.h"
#include "queue/histogram.h"
#include "sched/back_off.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
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

  /// All changes so far, and those of them that are committed or were refused.
  std::size_t added() const { return added_; }

  std::size_t written() const { return written_; }

  /// Changes that are not committed.
  std::size_t pending() const { return added_ - written_; }

  /// For how long the database has had the group that is being written.
  Duration waited() const;

  /// How long groups took, those that the database refused or lost included.
  const Histogram& transactions() const { return transactions_; }

  /// Writes until cancelled. Throws LostLead; nothing that came before it is written after.
  aio::Task<void> run();

  /// Waits until everything that was added before is committed. While `run` runs.
  aio::Task<void> settle();

 private:
  using Group = std::vector<Change>;

  /// How the database took a group.
  enum class Taken : std::uint8_t { yes, refused, too_slowly };

  aio::Task<void> write(Group group);
  aio::Task<void> write_instead(Change change);
  aio::Task<Taken> try_to_write(Group group);
  aio::Task<void> carry_out(Group group);

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
  std::optional<TimePoint> writing_since_;
  /// Of the last refusal.
  std::string reason_;
  aio::WaitQueue more_;
  aio::WaitQueue committed_;
  Histogram transactions_{kWorkSeconds};
  aio::Pool thread_;
};

}  // namespace firn::queue
