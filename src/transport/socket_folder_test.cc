// SPDX-License-Identifier: Apache-2.0
#include "transport/socket_folder.h"

#include "support/environment.h"
#include "support/temp_folder.h"

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

#include <gtest/gtest.h>

namespace firn::transport {
namespace {

namespace fs = std::filesystem;
using testing::Variable;

TEST(SocketFolder, IsShortPrivateAndGoesWithEverythingInIt) {
  fs::path path;
  {
    const SocketFolder folder;
    path = folder.path();
    EXPECT_LT(folder.path().size() + std::string("/ffffff-4294967295").size(), 80U);
    EXPECT_EQ(fs::status(path).permissions(), fs::perms::owner_all);
    std::ofstream(path / "socket") << "x";
  }
  EXPECT_FALSE(fs::exists(path));
}

TEST(SocketFolder, StaysAwayFromRuntimeFoldersOfNoUse) {
  const testing::TempFolder temp;
  const fs::path good = temp.path() / "run";
  fs::create_directory(good);
  const fs::path deep = temp.path() / std::string(60, 'x');
  fs::create_directory(deep);
  for (const auto& [runtime, is_used] : {std::pair{good, true},
                                         std::pair{deep, false},
                                         std::pair{temp.path() / "missing", false},
                                         std::pair{fs::path(), false}}) {
    const Variable variable("XDG_RUNTIME_DIR", runtime);
    const SocketFolder folder;
    EXPECT_EQ(fs::path(folder.path()).parent_path() == runtime, is_used) << runtime;
  }
}

TEST(SocketFolder, ThoseOfTheDeadAreRemoved) {
  const testing::TempFolder temp;
  const auto run = temp.path() / "run";
  const Variable variable("XDG_RUNTIME_DIR", run);
  for (const char* name : {"firn-dead00", "firn-young0", "firn-longer-name", "other-000000"})
    fs::create_directories(run / name / "within");
  std::ofstream(run / "firn-dead00" / "lock") << "";
  std::ofstream(run / "firn-longer-name" / "lock") << "";
  const SocketFolder alive;
  const SocketFolder next;
  EXPECT_FALSE(fs::exists(run / "firn-dead00"));
  EXPECT_TRUE(fs::exists(run / "firn-young0")) << "it has no lock yet";
  EXPECT_TRUE(fs::exists(run / "firn-longer-name"));
  EXPECT_TRUE(fs::exists(run / "other-000000"));
  EXPECT_TRUE(fs::exists(alive.path()));
}

}  // namespace
}  // namespace firn::transport
