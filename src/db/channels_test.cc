// SPDX-License-Identifier: Apache-2.0
#include "db/channels.h"

#include "support/database.h"

#include <numeric>

#include <gmock/gmock.h>

namespace firn::db {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

TEST(Channel, HasOneName) {
  EXPECT_EQ(to_string(Channel::builds_added), "builds_added");
  EXPECT_EQ(to_string(Channel::status_dumped), "status_dumped");
  EXPECT_EQ(to_string(Channel::hydra_notify_dump_metrics), "hydra_notify_dump_metrics");
  EXPECT_EQ(find_channel("build_finished"), Channel::build_finished);
  EXPECT_EQ(find_channel("nobody"), std::nullopt);
}

// T-10, QR-113.
TEST(SplitPayload, RepeatsTheFirstBuildInEachPart) {
  EXPECT_THAT(split_payload(BuildId(7), {}), ElementsAre("7"));
  EXPECT_THAT(split_payload(BuildId(7), {BuildId(8), BuildId(9)}), ElementsAre("7\t8\t9"));
  EXPECT_THAT(split_payload(BuildId(7), {BuildId(8), BuildId(9), BuildId(10)}, 5),
              ElementsAre("7\t8\t9", "7\t10"));
}

using NotificationTest = firn::testing::DatabaseTest;

TEST_F(NotificationTest, ComeWithTheCommit) {
  connection().listen("build_finished");
  connection().listen("step_finished");
  {
    Transaction transaction(connection());
    notify_build_finished(transaction, BuildId(1));
  }
  EXPECT_THAT(connection().take_notifications(), IsEmpty());
  in_transaction([](Transaction& transaction) {
    notify_step_started(transaction, BuildId(2), StepNr(1));
    notify_step_finished(transaction, BuildId(2), StepNr(1), "");
    notify_step_finished(transaction, BuildId(2), StepNr(2), "/var/log/x");
    notify_build_finished(transaction, BuildId(2), {BuildId(3)});
  });
  EXPECT_THAT(connection().take_notifications(),
              ElementsAre(Notification{"step_finished", "2\t1\t-"},
                          Notification{"step_finished", "2\t2\t/var/log/x"},
                          Notification{"build_finished", "2\t3"}));
}

TEST_F(NotificationTest, OfAThousandDependentsAllArrive) {
  connection().listen("build_finished");
  std::vector<BuildId> dependents;
  for (std::int64_t id = 1'000'001; id <= 1'001'000; ++id)
    dependents.emplace_back(id);
  in_transaction([&](Transaction& transaction) {
    notify_build_finished(transaction, BuildId(1'000'000), dependents);
  });
  const auto heard = connection().take_notifications();
  ASSERT_THAT(heard, SizeIs(2));
  EXPECT_THAT(heard[0].payload, StartsWith("1000000\t1000001\t"));
  EXPECT_THAT(heard[1].payload, StartsWith("1000000\t"));
  EXPECT_TRUE(heard[1].payload.ends_with("\t1001000"));
}

}  // namespace
}  // namespace firn::db
