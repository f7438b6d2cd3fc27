// SPDX-License-Identifier: Apache-2.0
// Rows for tests of the queue's tables: one project with one jobset, builds that wait, and the
// answers of small questions.
#pragma once

#include "db/builds.h"
#include "support/database.h"

#include <chrono>
#include <string>
#include <string_view>

namespace firn::testing {

inline WallTime at(std::int64_t seconds) {
  return WallTime(std::chrono::seconds(seconds));
}

class QueueTest : public DatabaseTest {
 protected:
  static db::NewBuild new_build(std::string_view job) {
    return {.project = "p",
            .jobset = "j",
            .job = std::string(job),
            .nix_name = std::string(job) + "-1.0",
            .drv_path = "/nix/store/" + std::string(job) + ".drv",
            .system = "x86_64-linux",
            .outputs = {{"out", "/nix/store/" + std::string(job)}},
            .timestamp = at(1'700'000'000),
            .priority = 0,
            .max_silent = {},
            .timeout = {}};
  }

  db::BuildId add(const db::NewBuild& build) {
    return in_transaction(
        [&](db::Transaction& transaction) { return db::add_build(transaction, build); });
  }

  db::BuildId add(std::string_view job) { return add(new_build(job)); }

  /// The one value that `sql` answers, as text; "NULL" where it is that.
  template <class... Parameters>
  std::string ask(std::string_view sql, const Parameters&... parameters) {
    const auto rows =
        connection().execute("select x from (" + std::string(sql) + ") as q", parameters...);
    return rows.only().template get<std::optional<std::string>>("x").value_or("NULL");
  }
};

}  // namespace firn::testing
