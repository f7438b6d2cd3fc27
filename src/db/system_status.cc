// SPDX-License-Identifier: Apache-2.0
#include "db/system_status.h"

namespace firn::db {

void set_system_status(Transaction& transaction, std::string_view what, std::string_view json) {
  transaction.post(
      "insert into SystemStatus (what, status) values ($1, $2) "
      "on conflict (what) do update set status = excluded.status",
      what,
      json);
}

std::optional<std::string> find_system_status(Transaction& transaction, std::string_view what) {
  const auto rows = transaction.execute("select status from SystemStatus where what = $1", what);
  if (rows.empty()) return std::nullopt;
  return rows[0].get<std::string>("status");
}

void delete_system_status(Transaction& transaction, std::string_view what) {
  transaction.post("delete from SystemStatus where what = $1", what);
}

}  // namespace firn::db
