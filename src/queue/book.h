// SPDX-License-Identifier: Apache-2.0
// The queue's books: which builds wait for which steps, under whose name a step is written down,
// and what has to be written when something happens to it. No I/O: the scheduler's and the farm's
// events come in, changes go out.
#pragma once

#include "base/units.h"
#include "db/ids.h"
#include "farm/event.h"
#include "nix/store_path.h"
#include "queue/changes.h"
#include "sched/recorded_scheduler.h"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace firn::queue {

/// A build of the queue, as the database has it.
struct WantedBuild {
  db::BuildId id;
  nix::DrvPath drv;
  /// Who pays for its steps: its jobset.
  sched::GroupId group;
  std::int64_t global_priority = 0;
  std::int32_t priority = 0;
  std::chrono::seconds max_silent_time{3600};
  std::chrono::seconds timeout{36000};
};

/// A derivation that has to be built.
struct QueuedStep {
  nix::DrvPath drv;
  sched::StepSpec spec;
  /// Steps of the book.
  std::vector<sched::StepId> dependencies;
};

/// How long a step may take.
struct StepLimits {
  std::chrono::seconds max_silent_time{0};
  std::chrono::seconds timeout{0};
};

/// A step that was built, and what waits for it as its own derivation. The builds are done with
/// once somebody has looked at the outputs.
struct Built {
  sched::StepId step;
  nix::DrvPath drv;
  std::vector<db::BuildId> builds;
  /// The one under whose name the step is written.
  db::BuildId owner;
  std::vector<db::StepOutput> outputs;
  WallTime start;
  WallTime stop;
  /// As Hydra calls the machines that it asks for.
  std::string machine_type{};
};

/// Borrows the scheduler, to which it gives steps and claims.
class Book {
 public:
  explicit Book(sched::RecordedScheduler& scheduler) : scheduler_(scheduler) {}

  /// The unfinished step of a derivation.
  std::optional<sched::StepId> find(const nix::DrvPath& drv) const;

  /// Adds what `find` does not know.
  sched::StepId add(const QueuedStep& step);

  /// Adds a build whose derivation is `top`. Not twice.
  void add(const WantedBuild& build, sched::StepId top);

  bool has(db::BuildId build) const { return builds_.contains(build); }

  std::size_t builds() const { return builds_.size(); }

  /// In order.
  std::vector<db::BuildId> all_builds() const;

  /// Somebody else has ended or deleted the build. What nobody wants any more is to be cancelled:
  /// the steps are returned.
  std::vector<sched::StepId> remove(db::BuildId build);

  /// Upwards or downwards (QR-075).
  void set_priority(db::BuildId build, std::int64_t global_priority, std::int32_t priority);

  const nix::DrvPath& drv(sched::StepId step) const { return steps_.at(step).drv; }

  /// The longest that a build asks for, of those whose derivation it is and the one under whose
  /// name it runs; a mere dependency gets at least the defaults.
  StepLimits limits(sched::StepId step) const;

  /// An attempt has begun.
  void started(const farm::AttemptStarted& event, std::string machine, WallTime now);
  /// Its derivation has been read: now it can be written down.
  void described(sched::StepId step, std::string system, std::vector<db::StepOutput> outputs);
  void entered(const farm::PhaseEntered& event);
  /// Returns what was built.
  std::optional<Built> ended(const farm::AttemptEnded& event, WallTime now);
  /// Steps ended without an attempt.
  void ended(const farm::StepsEnded& event, WallTime now);

  /// From now on an attempt that is cancelled says nothing of its builds: they stay in the queue,
  /// and its row says that it was aborted.
  void stop() { is_stopping_ = true; }

  /// The build is done with: it succeeded.
  void finished(db::BuildId build) { builds_.erase(build); }

  /// What has to be written, since the last call.
  std::vector<Change> take_changes() { return std::exchange(changes_, {}); }

 private:
  struct Step {
    nix::DrvPath drv;
    std::vector<db::BuildId> builds;
  };

  struct Build {
    WantedBuild build;
    sched::StepId top;
  };

  struct Attempt {
    sched::StepId step;
    RowId row;
    db::BuildId owner;
    std::string machine;
    std::string system;
    std::vector<db::StepOutput> outputs;
    WallTime start;
    bool is_written = false;
  };

  /// What ended a step badly.
  struct BadEnd {
    sched::StepId step;
    db::Status status = db::Status::failed;
    std::string error;
    /// Under whose name it is written, where it is.
    std::optional<db::BuildId> owner;
    std::string system;
    std::string machine;
    std::vector<db::StepOutput> outputs;
    WallTime start;
    WallTime stop;
  };

  std::optional<db::BuildId> owner(sched::StepId step) const;
  std::vector<sched::StepId> claim(sched::StepId step);
  void write(Attempt& attempt);
  void fail(const BadEnd& end, const std::vector<sched::StepId>& fallen);
  void forget(sched::StepId step);

  sched::RecordedScheduler& scheduler_;
  std::map<db::BuildId, Build> builds_;
  std::unordered_map<sched::StepId, Step> steps_;
  std::unordered_map<nix::DrvPath, sched::StepId> by_drv_;
  std::unordered_map<sched::AttemptId, Attempt> attempts_;
  std::unordered_map<sched::StepId, sched::AttemptId> running_;
  std::uint64_t last_row_ = 0;
  bool is_stopping_ = false;
  std::vector<Change> changes_;
};

}  // namespace firn::queue
