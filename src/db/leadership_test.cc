// SPDX-License-Identifier: Apache-2.0
#include "db/leadership.h"

#include "support/database.h"

namespace firn::db {
namespace {

using LeadershipTest = firn::testing::DatabaseTest;

TEST_F(LeadershipTest, IsOneRunnersAtATime) {
  const auto other = another_connection();
  auto lead = Leadership::try_acquire(connection(), address());
  ASSERT_TRUE(lead);
  EXPECT_TRUE(lead->is_held());
  EXPECT_FALSE(Leadership::try_acquire(*other, address()));
  const auto first = lead->generation();
  lead.reset();
  auto next = Leadership::try_acquire(*other, address());
  ASSERT_TRUE(next);
  EXPECT_GT(next->generation(), first);
}

TEST_F(LeadershipTest, AFormerLeaderCannotWrite) {
  const auto other = another_connection();
  auto lead = Leadership::try_acquire(connection(), address());
  ASSERT_TRUE(lead);
  const auto old = lead->generation();
  const auto write = [&](Generation generation) {
    in_transaction([&](Transaction& transaction) {
      check_generation(transaction, generation);
      transaction.post("insert into FailedPaths (path) values ('/nix/store/x')");
    });
  };
  write(old);
  lead.reset();
  const auto next = Leadership::try_acquire(*other, address());
  ASSERT_TRUE(next);
  EXPECT_THROW(write(old), LostLead);
  write(next->generation());
}

TEST_F(LeadershipTest, ALostLeadGoesOnWhereNobodyHasLedSince) {
  const auto other = another_connection();
  auto lead = Leadership::try_acquire(connection(), address());
  ASSERT_TRUE(lead);
  const auto first = lead->generation();
  lead.reset();
  auto again = Leadership::try_acquire(connection(), address(), first);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->generation(), first);
  again.reset();
  auto next = Leadership::try_acquire(*other, address());
  ASSERT_TRUE(next);
  EXPECT_THROW(Leadership::try_acquire(connection(), address(), first), LostLead);
  next.reset();
  EXPECT_THROW(Leadership::try_acquire(connection(), address(), first), LostLead);
}

}  // namespace
}  // namespace firn::db
