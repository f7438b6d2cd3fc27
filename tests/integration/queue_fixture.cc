// SPDX-License-Identifier: Apache-2.0
#include "integration/queue_fixture.h"

#include "base/error.h"
#include "db/schema.h"
#include "db/transaction.h"

#include <chrono>
#include <fstream>
#include <utility>

#include <fmt/format.h>

namespace firn::testing {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

std::string new_name() {
  static int made = 0;
  return fmt::format("queue{}", ++made);
}

}  // namespace

std::string name_of(const ::testing::TestParamInfo<Kept>& info) {
  return info.param == Kept::on_sqlite ? "sqlite" : "postgresql";
}

lab::Postgres& QueueFixture::cluster() {
  static lab::Postgres cluster;
  return cluster;
}

void QueueFixture::SetUp() {
  FarmTest::SetUp();
  if (IsSkipped()) return;
  home_.emplace();
  data_ = home_->dir() / "hydra";
  fs::create_directories(data_);
  database_ = GetParam() == Kept::on_sqlite ? "sqlite:" + (data_ / "queue.sqlite").string()
                                            : cluster().create_database(new_name());
  address_.emplace(db::parse_address(database_));
  connection_ = db::connect(*address_);
  db::init_schema(*connection_);
}

db::BuildId QueueFixture::add(const std::string& file, const std::string& attribute) {
  FIRN_CHECK(home_.has_value());
  const auto root = (home_->dir() / ("root-" + attribute)).string();
  const auto made = home_->run({"nix-instantiate", file, "-A", attribute, "--add-root", root});
  EXPECT_TRUE(made.ok()) << made.describe();
  const auto drv = fs::read_symlink(root).string();
  return db::transact(*connection_, [&](db::Transaction& transaction) {
    std::vector<std::pair<std::string, std::optional<std::string>>> named;
    named.emplace_back("out", outputs(*home_, file, attribute).front());
    return db::add_build(transaction,
                         {.project = "p",
                          .jobset = "j",
                          .job = attribute,
                          .nix_name = attribute,
                          .drv_path = drv,
                          .system = "x86_64-linux",
                          .outputs = named,
                          .timestamp = WallTime(1s),
                          .priority = 0,
                          .max_silent = std::nullopt,
                          .timeout = std::nullopt});
  });
}

void QueueFixture::use(const std::vector<const lab::Builder*>& builders) const {
  std::ofstream(data_ / "machines") << machines(builders);
}

std::vector<std::string> QueueFixture::command(std::vector<std::string> arguments) const {
  std::vector<std::string> argv{FIRN_PROGRAM, "queue-runner", "--database", database_};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  return argv;
}

lab::RunOptions QueueFixture::environment() const {
  return {.env = {{"HYDRA_DATA", data_.string()},
                  {"LOGNAME", "hydra"},
                  {"NIX_REMOTE_SYSTEMS", (data_ / "machines").string()}}};
}

lab::Process QueueFixture::start() {
  FIRN_CHECK(home_.has_value());
  return home_->spawn(command(), environment());
}

std::string QueueFixture::status_of(db::BuildId build) {
  return ask("select buildStatus as x from Builds where id = $1 and finished = 1", build);
}

bool QueueFixture::ends(db::BuildId build) {
  return eventually([&] { return status_of(build) != "nothing"; }, 60s);
}

}  // namespace firn::testing
