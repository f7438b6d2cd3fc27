// SPDX-License-Identifier: Apache-2.0
// A database of a test's own. The tests of src/db are linked twice: with SQLite beside them, and
// with a PostgreSQL cluster in tests/integration.
#pragma once

#include "db/address.h"
#include "db/connection.h"
#include "db/schema.h"
#include "db/transaction.h"

#include <memory>

#include <gtest/gtest.h>

namespace firn::testing {

class TestDatabase {
 public:
  virtual ~TestDatabase() = default;
  virtual const db::Address& address() const = 0;
};

enum class Contents : std::uint8_t { nothing, schema };

/// Defined by each of the two programs.
std::unique_ptr<TestDatabase> make_test_database(Contents contents);

/// With an open connection to a new database that has the schema.
class DatabaseTest : public ::testing::Test {
 protected:
  const db::Address& address() const { return database_->address(); }

  db::Connection& connection() { return *connection_; }

  std::unique_ptr<db::Connection> another_connection() const { return db::connect(address()); }

  bool is_postgres() const { return connection_->engine() == db::Engine::postgresql; }

  /// What `work(Transaction&)` gives, committed.
  template <class Work>
  auto in_transaction(Work work) {
    return db::transact(connection(), work);
  }

 private:
  std::unique_ptr<TestDatabase> database_ = make_test_database(Contents::schema);
  std::unique_ptr<db::Connection> connection_ = db::connect(database_->address());
};

}  // namespace firn::testing
