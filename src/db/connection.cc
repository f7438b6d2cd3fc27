// SPDX-License-Identifier: Apache-2.0
#include "db/connection.h"

#include "db/address.h"
#include "db/postgres.h"
#include "db/sqlite.h"

namespace firn::db {

std::unique_ptr<Connection> connect(const Address& address) {
  return address.engine() == Engine::sqlite ? connect_sqlite(std::string(address.reveal()))
                                            : connect_postgres(address);
}

}  // namespace firn::db
