// SPDX-License-Identifier: Apache-2.0
#include "db/failed_paths.h"

#include "support/queue_rows.h"

#include <gmock/gmock.h>

namespace firn::db {
namespace {

using firn::testing::at;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class FailedPathsTest : public firn::testing::DatabaseTest {
 protected:
  std::vector<FailedPath> find(const std::vector<std::string>& paths) {
    return in_transaction([&](Transaction& tx) { return find_failed(tx, paths); });
  }

  void add(const std::vector<std::string>& paths, WallTime now) {
    in_transaction([&](Transaction& tx) { add_failed(tx, paths, now, "builder-failed"); });
  }
};

// T-20.
TEST_F(FailedPathsTest, AreFoundWithTheirAge) {
  add({"a", "b"}, at(10));
  add({"b"}, at(20));
  EXPECT_THAT(find({}), IsEmpty());
  EXPECT_THAT(find({"c", "\"\\\n"}), IsEmpty());
  const auto found = find({"c", "b"});
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].path, "b");
  EXPECT_EQ(found[0].since, at(20));
  EXPECT_EQ(found[0].failure_class, "builder-failed");
  EXPECT_THAT(find({"a", "b"}), SizeIs(2));
}

TEST_F(FailedPathsTest, OfHydraHaveNoAge) {
  connection().execute("insert into FailedPaths (path) values ('a')");
  const auto found = find({"a"});
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].since, std::nullopt);
}

TEST_F(FailedPathsTest, CanBeForgotten) {
  add({"a", "b", "c"}, at(10));
  in_transaction([](Transaction& tx) { forget_failed(tx, std::vector<std::string>{"a", "x"}); });
  EXPECT_THAT(find({"a", "b", "c"}), SizeIs(2));
}

TEST_F(FailedPathsTest, ClearedByHydraAndFailedAgainAreNew) {
  add({"a"}, at(10));
  connection().execute("delete from FailedPaths");
  EXPECT_THAT(find({"a"}), IsEmpty());
  in_transaction([](Transaction& tx) { prune_failed(tx); });
  connection().execute("insert into FailedPaths (path) values ('a')");
  const auto found = find({"a"});
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].since, std::nullopt);
}

}  // namespace
}  // namespace firn::db
