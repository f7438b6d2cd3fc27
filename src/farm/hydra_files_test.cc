// SPDX-License-Identifier: Apache-2.0
#include "farm/hydra_files.h"

#include <gtest/gtest.h>

namespace firn::farm {
namespace {

const nix::DrvPath kDrv(
    nix::StorePath::from_base_name("g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q-hello.drv"));

// QR-120.
TEST(HydraFiles, LogsStandWhereThePageLooks) {
  EXPECT_EQ(log_path("/var/lib/hydra", kDrv),
            "/var/lib/hydra/build-logs/g1/w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q-hello.drv");
}

TEST(HydraFiles, EarlierLogsAreNobodyElses) {
  const std::string earlier = earlier_log_path("/d", kDrv, 2);
  EXPECT_EQ(earlier, log_path("/d", kDrv) + ".attempt-2");
  EXPECT_EQ(earlier_log_path("/d", kDrv, 2, ".zst"), earlier + ".zst");
  EXPECT_FALSE(earlier.ends_with(".drv"));
  for (const auto ending : kCompressedLogEndings)
    EXPECT_NE(earlier, log_path("/d", kDrv) + std::string(ending));
}

// QR-170.
TEST(HydraFiles, RootsHaveTheNameOfTheirPath) {
  EXPECT_EQ(root_path("/roots", kDrv.path()), "/roots/" + kDrv.path().base_name());
}

}  // namespace
}  // namespace firn::farm
