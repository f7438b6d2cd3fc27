// SPDX-License-Identifier: Apache-2.0
#include "db/builds.h"

#include "db/channels.h"
#include "db/outcomes.h"

#include <algorithm>

namespace firn::db {

namespace {

constexpr std::chrono::seconds kMaxSilent{3600};
constexpr std::chrono::seconds kTimeout{36000};

constexpr std::string_view kUnfinished =
    "select b.id, b.jobset_id, j.project, j.name as jobset, b.job, b.drvPath, b.maxsilent, "
    "b.timeout, b.timestamp, b.globalPriority, b.priority "
    "from Builds b join Jobsets j on b.jobset_id = j.id "
    "where b.finished = 0 and b.id > $1 order by b.id limit $2";

QueuedBuild queued_build(const Row& row) {
  using std::chrono::seconds;
  return {.id = row.get<BuildId>("id"),
          .jobset_id = row.get<JobsetId>("jobset_id"),
          .project = row.get<std::string>("project"),
          .jobset = row.get<std::string>("jobset"),
          .job = row.get<std::string>("job"),
          .drv_path = row.get<std::string>("drvPath"),
          .max_silent = row.get<std::optional<seconds>>("maxsilent").value_or(kMaxSilent),
          .timeout = row.get<std::optional<seconds>>("timeout").value_or(kTimeout),
          .timestamp = row.get<WallTime>("timestamp"),
          .global_priority = row.get<std::int64_t>("globalPriority"),
          .priority = row.get<std::int64_t>("priority")};
}

void post_end(Transaction& transaction, const FinishedBuild& build) {
  const auto start = std::max(build.start, WallTime(std::chrono::seconds(1)));
  transaction.post(
      "update Builds set finished = 1, buildStatus = $2, startTime = $3, stopTime = $4, "
      "isCachedBuild = $5, size = $6, closureSize = $7, releaseName = $8, "
      "notificationPendingSince = $9 where id = $1 and finished = 0",
      build.id,
      build.status,
      start,
      std::max(build.stop, start),
      build.is_cached,
      build.size,
      build.closure_size,
      null_if_empty(build.release_name),
      build.notification_pending_since);
}

/// Those of the builds whose update, in the same order, found a row.
std::vector<BuildId> found(const std::vector<FinishedBuild>& builds,
                           const std::vector<Rows>& outcomes) {
  std::vector<BuildId> result;
  for (std::size_t i = 0; i < builds.size(); ++i) {
    if (outcomes.at(i).affected() == 1) result.push_back(builds[i].id);
  }
  return result;
}

void make_jobset(Transaction& transaction, std::string_view project, std::string_view jobset) {
  transaction.post(
      "insert into Users (userName, fullName, emailAddress, password) "
      "values ('firn', 'firn', '', '!') on conflict do nothing");
  transaction.post(
      "insert into Projects (name, displayName, description, owner) "
      "values ($1, $1, 'Builds that were queued by hand', 'firn') on conflict do nothing",
      project);
  transaction.post(
      "insert into Jobsets (project, name, nixExprInput, nixExprPath, emailOverride, enabled, "
      "enableEmail) values ($1, $2, '', '', '', 0, 0) on conflict do nothing",
      project,
      jobset);
}

}  // namespace

std::vector<QueuedBuild> unfinished_builds(Transaction& transaction,
                                           BuildId after,
                                           std::size_t limit) {
  const auto most = static_cast<std::int64_t>(limit);
  std::vector<QueuedBuild> builds;
  for (const Row row : transaction.execute(kUnfinished, after, most))
    builds.push_back(queued_build(row));
  return builds;
}

std::vector<BuildPriority> unfinished_priorities(Transaction& transaction) {
  const auto rows = transaction.execute(
      "select id, globalPriority, priority from Builds where finished = 0 order by id");
  std::vector<BuildPriority> priorities;
  priorities.reserve(rows.size());
  for (const Row row : rows)
    priorities.push_back({.id = row.get<BuildId>("id"),
                          .global_priority = row.get<std::int64_t>("globalPriority"),
                          .priority = row.get<std::int64_t>("priority")});
  return priorities;
}

bool build_exists(Transaction& transaction, BuildId id) {
  return !transaction.execute("select 1 from Builds where id = $1", id).empty();
}

std::vector<BuildId> finish_builds(Transaction& transaction,
                                   std::span<const FinishedBuild> builds) {
  std::vector<FinishedBuild> ordered(builds.begin(), builds.end());
  std::ranges::sort(ordered, {}, &FinishedBuild::id);
  for (const auto& build : ordered)
    post_end(transaction, build);
  return found(ordered, last_outcomes(transaction, ordered.size()));
}

void set_output_path(Transaction& transaction,
                     BuildId build,
                     std::string_view output,
                     std::string_view path) {
  transaction.post(
      "update BuildOutputs set path = $3 where build = $1 and name = $2", build, output, path);
}

std::optional<Donor> find_donor_build(Transaction& transaction, std::string_view output_path) {
  const auto rows = transaction.execute(
      "select b.id, b.buildStatus, b.releaseName, b.size, b.closureSize "
      "from BuildOutputs o join Builds b on b.id = o.build "
      "where o.path = $1 and b.finished = 1 and b.buildStatus in (0, 6) "
      "order by b.id desc limit 1",
      output_path);
  if (rows.empty()) return std::nullopt;
  const auto row = rows[0];
  const auto id = row.get<BuildId>("id");
  return Donor{
      .id = id,
      .status = row.get<Status>("buildStatus"),
      .release_name = row.get<std::optional<std::string>>("releaseName").value_or(std::string()),
      .size = row.get<std::optional<ByteCount>>("size"),
      .closure_size = row.get<std::optional<ByteCount>>("closureSize"),
      .products = products_of(transaction, id),
      .metrics = metrics_of(transaction, id)};
}

BuildId add_build(Transaction& transaction, const NewBuild& build) {
  make_jobset(transaction, build.project, build.jobset);
  const auto id =
      transaction
          .execute(
              "insert into Builds (finished, timestamp, jobset_id, job, nixName, drvPath, system, "
              "priority, maxsilent, timeout) "
              "select 0, $3, id, $4, $5, $6, $7, $8, $9, $10 from Jobsets "
              "where project = $1 and name = $2 returning id",
              build.project,
              build.jobset,
              build.timestamp,
              build.job,
              build.nix_name,
              build.drv_path,
              build.system,
              build.priority,
              build.max_silent.value_or(kMaxSilent),
              build.timeout.value_or(kTimeout))
          .only()
          .get<BuildId>("id");
  for (const auto& [name, path] : build.outputs)
    transaction.post(
        "insert into BuildOutputs (build, name, path) values ($1, $2, $3)", id, name, path);
  notify(transaction, Channel::builds_added, std::to_string(id.value()));
  return id;
}

}  // namespace firn::db
