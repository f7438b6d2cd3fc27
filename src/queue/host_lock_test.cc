// SPDX-License-Identifier: Apache-2.0
#include "queue/host_lock.h"

#include "base/error.h"
#include "support/temp_folder.h"

#include <fcntl.h>
#include <fstream>
#include <string>
#include <sys/file.h>
#include <unistd.h>

#include <gmock/gmock.h>

namespace firn::queue {
namespace {

using ::testing::HasSubstr;

TEST(HostLock, IsHydrasOwn) {
  const firn::testing::TempFolder folder;
  const auto lock = HostLock::try_take(folder.path().string());
  ASSERT_TRUE(std::holds_alternative<HostLock>(lock));
  const auto file = folder.path() / "queue-runner" / "lock";
  const Fd theirs(::open(file.c_str(), O_RDWR | O_CLOEXEC));
  ASSERT_TRUE(theirs);
  EXPECT_NE(::flock(theirs.get(), LOCK_EX | LOCK_NB), 0);
}

TEST(HostLock, NamesWhoHasIt) {
  const firn::testing::TempFolder folder;
  {
    const auto first = HostLock::try_take(folder.path().string());
    const auto second = HostLock::try_take(folder.path().string());
    const auto* holder = std::get_if<LockHolder>(&second);
    ASSERT_NE(holder, nullptr);
    EXPECT_THAT(holder->name, HasSubstr("process " + std::to_string(::getpid())));
    EXPECT_TRUE(holder->is_firn);
  }
  const auto third = HostLock::try_take(folder.path().string());
  EXPECT_TRUE(std::holds_alternative<HostLock>(third));
}

TEST(HostLock, SaysWhichFolderCannotBeMade) {
  const firn::testing::TempFolder folder;
  const auto file = folder.path() / "file";
  std::ofstream(file) << "no folder";
  EXPECT_THROW(static_cast<void>(HostLock::try_take(file.string())), Error);
}

}  // namespace
}  // namespace firn::queue
