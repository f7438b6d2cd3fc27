// SPDX-License-Identifier: Apache-2.0
#include "db/identity.h"

#include <limits>
#include <random>

namespace firn::db {

std::int64_t identity(Transaction& transaction) {
  std::random_device random;
  std::uniform_int_distribution<std::int64_t> any(1, std::numeric_limits<std::int64_t>::max());
  transaction.post(
      "insert into firn.state (what, value) values ('identity', $1) on conflict do nothing",
      any(random));
  return transaction.execute("select value from firn.state where what = 'identity'")
      .only()
      .get<std::int64_t>("value");
}

}  // namespace firn::db
