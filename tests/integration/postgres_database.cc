// SPDX-License-Identifier: Apache-2.0
// The databases of this program's tests: of one PostgreSQL cluster, which ends with the program.
#include "integration/postgres_database.h"

#include "support/database.h"

#include <string>

namespace firn::testing {

namespace {

class PostgresDatabase : public TestDatabase {
 public:
  explicit PostgresDatabase(const std::string& url) : address_(db::parse_address(url)) {}

  const db::Address& address() const override { return address_; }

 private:
  db::Address address_;
};

/// One with the schema, to be copied.
const std::string& original() {
  static const std::string name = [] {
    const auto address = db::parse_address(cluster().create_database("original"));
    db::init_schema(*db::connect(address));
    return "original";
  }();
  return name;
}

}  // namespace

lab::Postgres& cluster() {
  static lab::Postgres postgres;
  return postgres;
}

std::unique_ptr<TestDatabase> make_test_database(Contents contents) {
  static int count = 0;
  const auto name = "test_" + std::to_string(++count);
  const auto url = contents == Contents::nothing ? cluster().create_database(name)
                                                 : cluster().create_database(name, original());
  return std::make_unique<PostgresDatabase>(url);
}

}  // namespace firn::testing
