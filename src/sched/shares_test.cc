// SPDX-License-Identifier: Apache-2.0
#include "sched/shares.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace firn::sched {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr TimePoint kNow{hours(1000)};

TEST(Shares, DividesWhatWasUsedByTheWeight) {
  Shares shares;
  const GroupId small = shares.add(10);
  const GroupId big = shares.add(100);
  shares.charge(small, kNow - minutes(5), seconds(50), kNow);
  shares.charge(big, kNow - minutes(5), seconds(50), kNow);
  EXPECT_DOUBLE_EQ(shares.used(small), 5);
  EXPECT_DOUBLE_EQ(shares.used(big), 0.5);
  shares.set_weight(big, 0);
  EXPECT_DOUBLE_EQ(shares.used(big), 50);
}

// QR-083: two steps that began at the same moment count both, and leave nothing behind.
TEST(Shares, ForgetsExactlyWhatLeavesTheWindow) {
  Shares shares;
  const GroupId group = shares.add(1);
  for (int i = 0; i < 1000; ++i)
    shares.charge(group, kNow, std::chrono::milliseconds(100), kNow);
  shares.charge(group, kNow + hours(2), seconds(3), kNow + hours(2));
  EXPECT_DOUBLE_EQ(shares.seconds(group), 103);
  shares.expire(kNow + hours(23));
  EXPECT_DOUBLE_EQ(shares.seconds(group), 103);
  shares.expire(kNow + hours(25));
  EXPECT_EQ(shares.seconds(group), 3);
  shares.expire(kNow + hours(27));
  EXPECT_EQ(shares.seconds(group), 0);
}

TEST(Shares, BooksWhatBeganEarlierAndIgnoresWhatIsTooOld) {
  Shares shares;
  const GroupId group = shares.add(1);
  shares.charge(group, kNow, seconds(1), kNow);
  shares.charge(group, kNow - hours(20), seconds(2), kNow);
  shares.charge(group, kNow - hours(30), seconds(4), kNow);
  EXPECT_EQ(shares.seconds(group), 3);
  shares.expire(kNow + hours(5));
  EXPECT_EQ(shares.seconds(group), 1);
}

TEST(Shares, ASetStandsByTheMemberThatHasUsedLeast) {
  Shares shares;
  const GroupId a = shares.add(1);
  const GroupId b = shares.add(1);
  const GroupSetId both = shares.join(shares.set_of(a), shares.set_of(b));
  EXPECT_EQ(both, shares.join(shares.set_of(b), both));
  EXPECT_THAT(shares.members(both), ElementsAre(a, b));
  shares.charge(a, kNow, seconds(9), kNow);
  EXPECT_EQ(shares.used(both), 0);
  shares.take_changed();
  shares.charge(b, kNow, seconds(4), kNow);
  EXPECT_EQ(shares.used(both), 4);
  EXPECT_THAT(shares.take_changed(), ElementsAre(shares.set_of(b), both));
  EXPECT_THAT(shares.take_changed(), IsEmpty());
}

TEST(Shares, ASetPaysInEqualParts) {
  Shares shares;
  const GroupId a = shares.add(1);
  const GroupId b = shares.add(1);
  shares.charge_all(shares.join(shares.set_of(a), shares.set_of(b)), kNow - seconds(8), kNow);
  EXPECT_EQ(shares.seconds(a), 4);
  EXPECT_EQ(shares.seconds(b), 4);
}

TEST(Shares, NobodyHasUsedNothing) {
  Shares shares;
  const GroupId a = shares.add(1);
  EXPECT_EQ(shares.used(kNobody), 0);
  EXPECT_EQ(shares.join(kNobody, shares.set_of(a)), shares.set_of(a));
  EXPECT_EQ(shares.join(kNobody, kNobody), kNobody);
}

}  // namespace
}  // namespace firn::sched
