// SPDX-License-Identifier: Apache-2.0
#include "db/connection.h"

#include "db/address.h"
#include "db/postgres.h"
#include "db/sqlite.h"

#include <atomic>

namespace firn::db {

namespace {

// NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables): it counts for the process.
std::atomic<std::size_t> connections = 0;

}  // namespace

Connection::Connection() {
  ++connections;
}

Connection::~Connection() {
  --connections;
}

std::size_t open_connections() {
  return connections;
}

std::unique_ptr<Connection> connect(const Address& address) {
  return address.engine() == Engine::sqlite ? connect_sqlite(std::string(address.reveal()))
                                            : connect_postgres(address);
}

}  // namespace firn::db
