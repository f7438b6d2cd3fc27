// SPDX-License-Identifier: Apache-2.0
#include "cli/machines_follower.h"

#include "aio/phase.h"
#include "aio/scope.h"
#include "base/error.h"
#include "farm/machine_access.h"
#include "support/temp_folder.h"

#include <chrono>
#include <exception>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace firn::cli {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

class MachinesFollowerTest : public ::testing::Test {
 public:
  /// The names that the follower gives once `happen` has happened.
  std::vector<std::string> names_after(const std::function<void(MachinesFollower&)>& happen) {
    loop.run(follow(happen));
    return std::exchange(names, {});
  }

  testing::TempFolder folder;
  std::string file = folder.write("machines", "ssh://b1\n").string();
  aio::Loop loop;
  std::vector<std::string> names;

 private:
  aio::Task<void> follow(std::function<void(MachinesFollower&)> happen) {
    MachinesFollower follower(loop, "@" + file, 0, {file});
    aio::Scope watching(loop);
    watching.spawn(&MachinesFollower::watch, follower);
    happen(follower);
    std::exception_ptr error;
    try {
      for (const auto& machine : co_await aio::within(loop, "reading", 10s, follower.next()))
        names.push_back(farm::name_of(machine));
    } catch (...) {
      error = std::current_exception();
    }
    co_await watching.close();
    if (error) std::rethrow_exception(error);
  }
};

TEST_F(MachinesFollowerTest, ReadsAFileThatChanges) {
  EXPECT_THAT(names_after([&](auto&) { folder.write("machines", "ssh://b2\nssh://b3\n"); }),
              ElementsAre("ssh://b2", "ssh://b3"));
}

TEST_F(MachinesFollowerTest, ReadsWhenItIsAsked) {
  EXPECT_THAT(names_after([](MachinesFollower& follower) { follower.ask(); }),
              ElementsAre("ssh://b1"));
}

TEST_F(MachinesFollowerTest, ABrokenFileIsAnError) {
  EXPECT_THROW(names_after([&](auto&) { folder.write("machines", "ssh://b2 - - many\n"); }), Error);
}

}  // namespace
}  // namespace firn::cli
