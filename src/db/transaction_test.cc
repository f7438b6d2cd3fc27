// SPDX-License-Identifier: Apache-2.0
#include "db/transaction.h"

#include "support/database.h"

#include <stdexcept>

#include <gmock/gmock.h>

namespace firn::db {
namespace {

class TransactionTest : public firn::testing::DatabaseTest {
 protected:
  void SetUp() override { connection().run_script("create table Things (id integer primary key)"); }

  std::int64_t count() {
    return connection().execute("select count(*) as n from Things").only().get<std::int64_t>("n");
  }
};

TEST_F(TransactionTest, CommitsWhatItsWorkDid) {
  const int answer = transact(connection(), [](Transaction& transaction) {
    transaction.post("insert into Things values (1)");
    transaction.execute("insert into Things values (2)");
    transaction.post("insert into Things values (3)");
    return 42;
  });
  EXPECT_EQ(answer, 42);
  EXPECT_EQ(count(), 3);
}

TEST_F(TransactionTest, RollsBackWhenItsWorkThrows) {
  EXPECT_THROW(transact(connection(),
                        [](Transaction& transaction) {
                          transaction.post("insert into Things values (1)");
                          throw std::runtime_error("no");
                        }),
               std::runtime_error);
  EXPECT_EQ(count(), 0);
}

TEST_F(TransactionTest, AFailureOfAPostedStatementComesOutAtTheCommit) {
  connection().execute("insert into Things values (1)");
  EXPECT_THROW(transact(connection(),
                        [](Transaction& transaction) {
                          transaction.post("insert into Things values (2)");
                          transaction.post("insert into Things values (1)");
                        }),
               Error);
  EXPECT_EQ(count(), 1);
}

TEST_F(TransactionTest, IsRunAgainAfterACollision) {
  int runs = 0;
  transact(connection(), [&](Transaction& transaction) {
    transaction.execute("insert into Things values (1)");
    if (++runs < 3) throw Collision("as if");
  });
  EXPECT_EQ(runs, 3);
  EXPECT_EQ(count(), 1);
}

TEST_F(TransactionTest, AReaderSeesOnePicture) {
  const auto other = another_connection();
  Transaction reader(*other, Access::read);
  const auto look = [&] {
    return reader.execute("select count(*) as n from Things").only().get<int>("n");
  };
  EXPECT_EQ(look(), 0);
  connection().execute("insert into Things values (1)");
  EXPECT_EQ(look(), 0);
}

}  // namespace
}  // namespace firn::db
