// SPDX-License-Identifier: Apache-2.0
#include "db/listing.h"

#include <fmt/format.h>

namespace firn::db {

namespace {

constexpr std::string_view kSelect =
    "select b.id, j.project, j.name as jobset, b.job, b.drvPath, b.system, b.timestamp, "
    "b.globalPriority, b.priority, b.finished, b.buildStatus, b.startTime, b.stopTime, "
    "coalesce(b.isCachedBuild, 0) as isCached "
    "from Builds b join Jobsets j on b.jobset_id = j.id ";

ListedBuild listed_build(const Row& row) {
  ListedBuild build{.id = row.get<BuildId>("id"),
                    .project = row.get<std::string>("project"),
                    .jobset = row.get<std::string>("jobset"),
                    .job = row.get<std::string>("job"),
                    .drv_path = row.get<std::string>("drvPath"),
                    .system = row.get<std::string>("system"),
                    .timestamp = row.get<WallTime>("timestamp"),
                    .global_priority = row.get<std::int64_t>("globalPriority"),
                    .priority = row.get<std::int64_t>("priority")};
  if (!row.get<bool>("finished")) return build;
  build.status = row.get<Status>("buildStatus");
  build.start = row.get<std::optional<WallTime>>("startTime");
  build.stop = row.get<std::optional<WallTime>>("stopTime");
  build.is_cached = row.get<bool>("isCached");
  return build;
}

std::vector<ListedBuild> listed_builds(const Rows& rows) {
  std::vector<ListedBuild> builds;
  builds.reserve(rows.size());
  for (const Row row : rows)
    builds.push_back(listed_build(row));
  return builds;
}

}  // namespace

std::vector<ListedBuild> list_unfinished(Transaction& transaction,
                                         const ListPosition& after,
                                         std::size_t limit) {
  return listed_builds(transaction.execute(
      fmt::format("{}where b.finished = 0 and "
                  "(b.globalPriority < $1 or (b.globalPriority = $1 and b.id > $2)) "
                  "order by b.globalPriority desc, b.id limit $3",
                  kSelect),
      after.global_priority,
      after.id,
      static_cast<std::int64_t>(limit)));
}

std::int64_t count_unfinished(Transaction& transaction) {
  return transaction.execute("select count(*) as builds from Builds where finished = 0")
      .only()
      .get<std::int64_t>("builds");
}

std::vector<ListedBuild> list_finished(Transaction& transaction, std::size_t limit) {
  return listed_builds(transaction.execute(
      fmt::format("{}where b.finished = 1 order by b.stopTime desc, b.id desc limit $1", kSelect),
      static_cast<std::int64_t>(limit)));
}

std::optional<ListedBuild> find_build(Transaction& transaction, BuildId id) {
  const auto rows = transaction.execute(fmt::format("{}where b.id = $1", kSelect), id);
  if (rows.empty()) return std::nullopt;
  return listed_build(rows.only());
}

std::vector<RunningStep> running_steps(Transaction& transaction) {
  const auto rows = transaction.execute(
      "select build, stepnr, drvPath, busy, machine, startTime from BuildSteps "
      "where busy != 0 order by build, stepnr");
  std::vector<RunningStep> steps;
  steps.reserve(rows.size());
  for (const Row row : rows)
    steps.push_back({.build = row.get<BuildId>("build"),
                     .step = row.get<StepNr>("stepnr"),
                     .drv_path = row.get<std::string>("drvPath"),
                     .state = row.get<StepState>("busy"),
                     .machine = row.get<std::string>("machine"),
                     .start = row.get<std::optional<WallTime>>("startTime")});
  return steps;
}

std::vector<std::string> step_drvs(Transaction& transaction, BuildId build) {
  std::vector<std::string> drvs;
  for (const Row row : transaction.execute(
           "select drvPath from BuildSteps where build = $1 order by stepnr desc", build))
    drvs.push_back(row.get<std::string>("drvPath"));
  return drvs;
}

bool is_wanted(Transaction& transaction, std::string_view drv_path) {
  return !transaction
              .execute("select 1 from Builds where drvPath = $1 and finished = 0 limit 1", drv_path)
              .empty();
}

bool is_running(Transaction& transaction, std::string_view drv_path) {
  return !transaction
              .execute("select 1 from BuildSteps where drvPath = $1 and busy != 0 limit 1",
                       drv_path)
              .empty();
}

}  // namespace firn::db
