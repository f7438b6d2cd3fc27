// SPDX-License-Identifier: Apache-2.0
// `firn queue` on PostgreSQL, with a client that listens as a runner does.
#include "db/address.h"
#include "db/schema.h"
#include "integration/farm_fixture.h"
#include "lab/postgres.h"

#include <memory>
#include <optional>
#include <poll.h>
#include <string>
#include <vector>

#include <gmock/gmock.h>

namespace firn::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class QueueCommandOnPostgres : public FarmTest {
 protected:
  void SetUp() override {
    FarmTest::SetUp();
    if (IsSkipped()) return;
    home_ = std::make_unique<lab::CoordinatorHost>();
    postgres_ = std::make_unique<lab::Postgres>();
    url_ = postgres_->create_database("queue");
    address_ = db::parse_address(url_);
    connection_ = db::connect(*address_);
    db::init_schema(*connection_);
    for (const auto* const channel :
         {"builds_added", "builds_cancelled", "builds_restarted", "builds_bumped"})
      connection_->listen(channel);
  }

  std::string queue(std::vector<std::string> words) {
    words.insert(words.begin(), {FIRN_PROGRAM, "queue"});
    words.insert(words.end(), {"--database", url_});
    const auto outcome = home_->run(words);
    EXPECT_TRUE(outcome.ok()) << outcome.describe();
    return outcome.out;
  }

  /// Queues a small derivation as build 1.
  std::string add() {
    const auto file =
        write_nix(*home_, "{ a = mk { name = \"a\"; script = \"echo a > $out\"; }; }");
    return queue({"add", file, "-A", "a", "--job", "mine"});
  }

  /// What comes within ten seconds.
  std::vector<db::Notification> heard() {
    pollfd entry{.fd = connection_->notification_fd(), .events = POLLIN, .revents = 0};
    EXPECT_EQ(::poll(&entry, 1, 10'000), 1);
    return connection_->take_notifications();
  }

  std::unique_ptr<lab::CoordinatorHost> home_;
  std::unique_ptr<lab::Postgres> postgres_;
  std::string url_;
  std::optional<db::Address> address_;
  std::unique_ptr<db::Connection> connection_;
};

// QR-060, QR-075, QR-076, QR-091.
TEST_F(QueueCommandOnPostgres, IsHeardByARunner) {
  EXPECT_THAT(add(), HasSubstr("build 1 is queued"));
  EXPECT_THAT(heard(), ElementsAre(db::Notification{"builds_added", "1"}));
  EXPECT_THAT(queue({"list"}), HasSubstr("firn:queue:mine"));
  queue({"bump", "1"});
  EXPECT_THAT(heard(), ElementsAre(db::Notification{"builds_bumped", ""}));
  queue({"bump", "1", "--down"});
  EXPECT_THAT(heard(), ElementsAre(db::Notification{"builds_bumped", ""}));
  EXPECT_EQ(queue({"cancel", "1"}), "build 1 is cancelled\n");
  EXPECT_THAT(heard(), ElementsAre(db::Notification{"builds_cancelled", ""}));
  EXPECT_EQ(queue({"restart", "1"}), "build 1 is restarted\n");
  EXPECT_THAT(heard(), ElementsAre(db::Notification{"builds_restarted", ""}));
}

TEST_F(QueueCommandOnPostgres, KeepsDerivationsFromTheGarbageCollector) {
  add();
  const auto drv =
      connection_->execute("select drvPath from Builds").only().get<std::string>("drvPath");
  EXPECT_TRUE(home_->run({"nix-store", "--gc"}).ok());
  EXPECT_TRUE(home_->store_has(drv));
}

}  // namespace
}  // namespace firn::testing
