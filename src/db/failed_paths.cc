// SPDX-License-Identifier: Apache-2.0
#include "db/failed_paths.h"

#include "db/text_list.h"

#include <fmt/format.h>

namespace firn::db {

std::vector<FailedPath> find_failed(Transaction& transaction, std::span<const std::string> paths) {
  if (paths.empty()) return {};
  const auto rows = transaction.execute(
      fmt::format("select f.path, o.since, o.class "
                  "from FailedPaths f left join firn.failed_paths o on o.path = f.path "
                  "where f.path in {}",
                  texts_in_parameter(transaction.engine())),
      text_list(paths));
  std::vector<FailedPath> failed;
  for (const Row row : rows)
    failed.push_back(
        {.path = row.get<std::string>("path"),
         .since = row.get<std::optional<WallTime>>("since"),
         .failure_class = row.get<std::optional<std::string>>("class").value_or(std::string())});
  return failed;
}

void add_failed(Transaction& transaction,
                std::span<const std::string> paths,
                WallTime now,
                std::string_view failure_class) {
  for (const auto& path : paths) {
    // Hydra's rule makes a second insertion do nothing; "on conflict" does not go with a rule.
    transaction.post("insert into FailedPaths (path) values ($1)", path);
    transaction.post(
        "insert into firn.failed_paths (path, since, class) values ($1, $2, $3) "
        "on conflict (path) do update set since = excluded.since, class = excluded.class",
        path,
        now,
        failure_class);
  }
}

void forget_failed(Transaction& transaction, std::span<const std::string> paths) {
  if (paths.empty()) return;
  const auto list = text_list(paths);
  for (const auto* const table : {"FailedPaths", "firn.failed_paths"})
    transaction.post(
        fmt::format(
            "delete from {} where path in {}", table, texts_in_parameter(transaction.engine())),
        list);
}

void prune_failed(Transaction& transaction) {
  transaction.post(
      "delete from firn.failed_paths where not exists "
      "(select 1 from FailedPaths f where f.path = firn.failed_paths.path)");
}

}  // namespace firn::db
