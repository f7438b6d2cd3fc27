// SPDX-License-Identifier: Apache-2.0
#include "db/step_history.h"

#include "db/status.h"

#include <cstdint>

namespace firn::db {

std::vector<PastStep> past_steps(Transaction& transaction, std::size_t most) {
  const auto rows = transaction.execute(
      "select s.drvPath, coalesce(s.system, b.system) as system, j.project, s.startTime, "
      "s.stopTime from BuildSteps s join Builds b on b.id = s.build "
      "join Jobsets j on j.id = b.jobset_id "
      "where s.startTime is not null and s.stopTime is not null and s.busy = 0 "
      "and s.status = $1 and s.type = $2 order by s.stopTime desc limit $3",
      Status::success,
      StepType::build,
      static_cast<std::int64_t>(most));
  std::vector<PastStep> steps;
  steps.reserve(rows.size());
  for (const Row row : rows) {
    steps.push_back({.drv_path = row.get<std::string>("drvPath"),
                     .system = row.get<std::string>("system"),
                     .project = row.get<std::string>("project"),
                     .start = row.get<WallTime>("startTime"),
                     .stop = row.get<WallTime>("stopTime")});
  }
  return steps;
}

}  // namespace firn::db
