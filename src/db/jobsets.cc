// SPDX-License-Identifier: Apache-2.0
#include "db/jobsets.h"

namespace firn::db {

std::vector<JobsetShares> jobset_shares(Transaction& transaction) {
  const auto rows =
      transaction.execute("select id, project, name, schedulingShares from Jobsets order by id");
  std::vector<JobsetShares> jobsets;
  jobsets.reserve(rows.size());
  for (const Row row : rows)
    jobsets.push_back({.id = row.get<JobsetId>("id"),
                       .project = row.get<std::string>("project"),
                       .name = row.get<std::string>("name"),
                       .shares = row.get<std::int64_t>("schedulingShares")});
  return jobsets;
}

}  // namespace firn::db
