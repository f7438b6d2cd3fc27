// SPDX-License-Identifier: Apache-2.0
// The runner's first half: from the database's builds to steps, and what others change there.
#include "base/error.h"
#include "db/builds.h"
#include "db/failed_paths.h"
#include "db/jobsets.h"
#include "db/machine_states.h"
#include "db/steps.h"
#include "queue/clock.h"
#include "queue/runner.h"
#include "queue/status.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

namespace firn::queue {

using namespace std::chrono_literals;

namespace {

/// Read at a time.
constexpr std::size_t kPage = 5000;
/// Decisions about machines are read so often.
constexpr Duration kMachinesAgain = 5s;
/// A build that cannot be read so often is aborted (QR-064).
constexpr int kMostFailedLoads = 3;

/// What a jobset has a right to, and what it has used already.
struct JobsetPast {
  std::string project{};
  std::string name{};
  std::int64_t shares = 1;
  std::vector<db::StepSeconds> steps;
};

JobsetPast past_of(db::Transaction& transaction, db::JobsetId jobset, WallTime since) {
  JobsetPast past{.shares = 1, .steps = db::step_seconds_since(transaction, jobset, since)};
  for (const auto& known : db::jobset_shares(transaction)) {
    if (known.id != jobset) continue;
    past.project = known.project;
    past.name = known.name;
    past.shares = known.shares;
  }
  return past;
}

std::uint32_t weight_of(std::int64_t shares) {
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(shares, 1, 1'000'000'000));
}

/// The end of a build for which nothing was built.
BuildsEnded ended_unbuilt(db::BuildId build, db::Status status, bool is_cached, WallTime now) {
  return {.builds = {{.id = build,
                      .status = status,
                      .start = now,
                      .stop = now,
                      .is_cached = is_cached,
                      .size = std::nullopt,
                      .closure_size = std::nullopt,
                      .notification_pending_since = now}},
          .products = {},
          .metrics = {}};
}

}  // namespace

aio::Task<void> Runner::load(db::BuildId after) {
  observer_.look_began();
  const TimePoint began = loop_.timers().now();
  while (true) {
    std::erase_if(ended_, [this](const auto& e) { return e.second <= writer_->written(); });
    const TimePoint asked = loop_.timers().now();
    auto builds = co_await reader_.read([after](db::Transaction& transaction) {
      return db::unfinished_builds(transaction, after, kPage);
    });
    observer_.builds_read(builds.size(), loop_.timers().now() - asked);
    if (builds.empty()) break;
    after = builds.back().id;
    last_loaded_ = std::max(last_loaded_, after);
    std::erase_if(builds, [this](const auto& build) {
      return finishing_builds_.contains(build.id) || ended_.contains(build.id) ||
             (options_.only && build.id != *options_.only);
    });
    co_await load_some(std::move(builds));
  }
  observer_.look_ended(loop_.timers().now() - began);
}

aio::Task<void> Runner::load_some(std::vector<db::QueuedBuild> builds) {
  auto report = co_await loader_.load(co_await with_groups(std::move(builds)));
  run_.wake();
  co_await settle(std::move(report));
}

aio::Task<std::vector<BuildToLoad>> Runner::with_groups(std::vector<db::QueuedBuild> builds) {
  std::vector<BuildToLoad> grouped;
  grouped.reserve(builds.size());
  for (auto& build : builds) {
    if (!groups_.contains(build.jobset_id)) co_await open_group(build.jobset_id);
    const auto group = groups_.at(build.jobset_id);
    grouped.push_back({.build = std::move(build), .group = group});
  }
  co_return grouped;
}

/// QR-081
aio::Task<void> Runner::open_group(db::JobsetId jobset) {
  const WallTime wall = wall_now();
  const auto past = co_await reader_.read([jobset, wall](db::Transaction& transaction) {
    return past_of(transaction, jobset, wall - 24h);
  });
  auto& scheduler = run_.scheduler();
  const auto group = scheduler.add_group(weight_of(past.shares));
  const TimePoint now = loop_.timers().now();
  for (const auto& step : past.steps)
    scheduler.charge(group, now - (wall - step.start), step.duration, now);
  groups_.emplace(jobset, group);
  observer_.add_group({.project = past.project, .jobset = past.name, .group = group});
}

aio::Task<void> Runner::settle(LoadReport report) {
  observer_.substituted(report.substituted);
  for (auto& build : report.valid) {
    Built built{.step = {},
                .drv = build.drv,
                .builds = {build.id},
                .owner = build.id,
                .outputs = {},
                .start = wall_now(),
                .stop = wall_now()};
    for (const auto& [name, path] : build.outputs)
      built.outputs.push_back({.name = name, .path = path.str()});
    look_at(std::move(built), true);
  }
  for (const auto id : report.gone)
    abort(id, {}, {});
  for (const auto& build : report.doomed)
    co_await doom(build);
  for (const auto& build : report.broken) {
    if (++failed_loads_[build.id] >= kMostFailedLoads) {
      failed_loads_.erase(build.id);
      abort(build.id, build.drv, build.reason);
    } else {
      options_.tell(fmt::format("build {} cannot be read: {}", build.id.value(), build.reason));
      retry_loading_ = true;
    }
  }
}

/// A row says why; where there is no derivation, none can (QR-065).
void Runner::abort(db::BuildId build, std::string drv, std::string reason) {
  const WallTime now = wall_now();
  std::vector<Change> changes;
  if (!drv.empty()) {
    changes.emplace_back(StepInherited{.step = {.build = build,
                                                .drv_path = std::move(drv),
                                                .system = {},
                                                .start = now,
                                                .status = db::Status::aborted,
                                                .stop = now,
                                                .error_message = std::move(reason),
                                                .propagated_from = std::nullopt}});
  }
  changes.emplace_back(ended_unbuilt(build, db::Status::aborted, false, now));
  writer_->add(std::move(changes));
  has_ended(build, db::Status::aborted);
}

/// QR-068
aio::Task<void> Runner::doom(const DoomedBuild& build) {
  auto step = build.step.str();
  const auto from =
      co_await reader_.read([step, outputs = build.outputs](db::Transaction& transaction) {
        return db::find_propagated_from(transaction, step, outputs);
      });
  const WallTime now = wall_now();
  const auto status = build_status(db::Status::cached_failure, build.is_top);
  std::vector<Change> changes;
  changes.emplace_back(StepInherited{.step = {.build = build.id,
                                              .drv_path = std::move(step),
                                              .system = build.system,
                                              .start = now,
                                              .outputs = build.outputs,
                                              .status = db::Status::cached_failure,
                                              .stop = now,
                                              .propagated_from = from}});
  changes.emplace_back(ended_unbuilt(build.id, status, true, now));
  writer_->add(std::move(changes));
  has_ended(build.id, status);
}

/// QR-075: what was cancelled or deleted goes, what was bumped moves.
aio::Task<void> Runner::sync_builds() {
  const auto queued = co_await reader_.read(
      [](db::Transaction& transaction) { return db::unfinished_priorities(transaction); });
  std::set<db::BuildId> there;
  for (const auto& build : queued) {
    there.insert(build.id);
    book_.set_priority(build.id, build.global_priority, static_cast<std::int32_t>(build.priority));
  }
  for (const auto build : book_.all_builds()) {
    if (there.contains(build)) continue;
    cancel_unclaimed(book_.remove(build));
    has_ended(build, db::Status::cancelled);
  }
  run_.wake();
}

/// QR-084
aio::Task<void> Runner::sync_shares() {
  const auto shares = co_await reader_.read(
      [](db::Transaction& transaction) { return db::jobset_shares(transaction); });
  for (const auto& jobset : shares) {
    const auto known = groups_.find(jobset.id);
    if (known != groups_.end())
      run_.scheduler().set_weight(known->second, weight_of(jobset.shares));
  }
  run_.wake();
}

/// What an operator has decided; nobody notifies of it.
aio::Task<void> Runner::sync_machines() {
  const auto decisions = co_await reader_.read(
      [](db::Transaction& transaction) { return db::machine_states(transaction); });
  machines_due_ = loop_.timers().now() + kMachinesAgain;
  std::set<std::string> drained;
  for (const auto& decision : decisions)
    if (!decision.until || *decision.until > wall_now()) drained.insert(decision.name);
  run_.drain(drained);
}

aio::Task<std::set<std::string>> Runner::find_failed(std::vector<std::string> paths) {
  const auto found =
      co_await reader_.read([paths = std::move(paths)](db::Transaction& transaction) {
        return db::find_failed(transaction, paths);
      });
  std::set<std::string> failed;
  const WallTime oldest = wall_now() - options_.failures_last;
  for (const auto& path : found)
    if (!path.since || *path.since >= oldest) failed.insert(path.path);
  co_return failed;
}

}  // namespace firn::queue
