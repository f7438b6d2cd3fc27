// SPDX-License-Identifier: Apache-2.0
// The databases of this program's tests: files of SQLite.
#include "support/database.h"
#include "support/temp_folder.h"

namespace firn::testing {
namespace {

class SqliteFile : public TestDatabase {
 public:
  explicit SqliteFile(Contents contents) {
    if (contents == Contents::schema) db::init_schema(*db::connect(address_));
  }

  const db::Address& address() const override { return address_; }

 private:
  TempFolder folder_;
  db::Address address_ = db::parse_address((folder_.path() / "db").string());
};

}  // namespace

std::unique_ptr<TestDatabase> make_test_database(Contents contents) {
  return std::make_unique<SqliteFile>(contents);
}

}  // namespace firn::testing
