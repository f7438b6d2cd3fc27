// SPDX-License-Identifier: Apache-2.0
#include "db/steering.h"

#include "db/outcomes.h"
#include "db/status.h"

#include <cstddef>
#include <set>

#include <fmt/format.h>

namespace firn::db {

namespace {

std::vector<BuildId> ordered(std::span<const BuildId> builds) {
  const std::set<BuildId> ids(builds.begin(), builds.end());
  return {ids.begin(), ids.end()};
}

/// Those of the builds whose statement, in the same order, found a row.
std::vector<BuildId> hits(Transaction& transaction, const std::vector<BuildId>& builds) {
  const auto outcomes = last_outcomes(transaction, builds.size());
  std::vector<BuildId> result;
  for (std::size_t i = 0; i < builds.size(); ++i) {
    if (outcomes[i].affected() == 1) result.push_back(builds[i]);
  }
  return result;
}

void forget_failures(Transaction& transaction, BuildId build) {
  for (const auto* const table : {"FailedPaths", "firn.failed_paths"})
    transaction.post(fmt::format("delete from {} where path in "
                                 "(select path from BuildOutputs where build = $1 union "
                                 "select path from BuildStepOutputs where build = $1)",
                                 table),
                     build);
}

}  // namespace

std::vector<BuildId> cancel_builds(Transaction& transaction,
                                   std::span<const BuildId> builds,
                                   WallTime now) {
  const auto ids = ordered(builds);
  for (const auto id : ids)
    transaction.post(
        "update Builds set finished = 1, buildStatus = $2, isCachedBuild = 0, startTime = $3, "
        "stopTime = $3 where id = $1 and finished = 0",
        id,
        Status::cancelled,
        now);
  return hits(transaction, ids);
}

std::vector<BuildId> restart_builds(Transaction& transaction, std::span<const BuildId> builds) {
  const auto ids = ordered(builds);
  for (const auto id : ids)
    transaction.post(
        "update Builds set finished = 0, buildStatus = null, isCachedBuild = 0, startTime = null, "
        "stopTime = null where id = $1 and finished = 1",
        id);
  auto restarted = hits(transaction, ids);
  for (const auto id : restarted) {
    forget_failures(transaction, id);
    transaction.post(
        "update JobsetEvals set nrSucceeded = null "
        "where id in (select eval from JobsetEvalMembers where build = $1)",
        id);
  }
  return restarted;
}

std::vector<BuildId> bump_builds(Transaction& transaction,
                                 std::span<const BuildId> builds,
                                 std::int64_t global_priority) {
  const auto ids = ordered(builds);
  for (const auto id : ids)
    transaction.post("update Builds set globalPriority = $2 where id = $1 and finished = 0",
                     id,
                     global_priority);
  return hits(transaction, ids);
}

std::vector<BuildId> failed_relatives(Transaction& transaction, std::span<const BuildId> builds) {
  std::set<BuildId> relatives;
  for (const auto id : builds) {
    const auto rows = transaction.execute(
        "select id from Builds where finished = 1 and buildStatus not in (0, 4) and id in "
        "(select propagatedFrom from BuildSteps where build = $1 and propagatedFrom is not null "
        "union select build from BuildSteps where propagatedFrom = $1)",
        id);
    for (const Row row : rows)
      relatives.insert(row.get<BuildId>("id"));
  }
  for (const auto id : builds)
    relatives.erase(id);
  return {relatives.begin(), relatives.end()};
}

}  // namespace firn::db
