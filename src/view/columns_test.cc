// SPDX-License-Identifier: Apache-2.0
#include "view/columns.h"

#include <gtest/gtest.h>

namespace firn::view {
namespace {

TEST(Columns, AreInOrderAtAnyWidth) {
  for (std::size_t width = 0; width < 300; ++width) {
    SCOPED_TRACE(width);
    const Columns columns = columns_for(width);
    EXPECT_LE(columns.name, columns.name_end);
    EXPECT_LE(columns.name_end, columns.end);
    EXPECT_LE(columns.activity, columns.activity_end);
    EXPECT_LE(columns.activity_end, columns.end);
    EXPECT_LE(columns.end, width == 0 ? 0 : width - 1);
    if (columns.has_activity()) EXPECT_LT(columns.name_end, columns.activity);
  }
}

TEST(Columns, KeepRoomForTheLongestPhase) {
  const Columns columns = columns_for(80);
  EXPECT_GE(columns.activity_end - columns.activity, 27U);
  EXPECT_GE(columns.name_end - columns.name, 39U);
}

TEST(Columns, KeepANameReadableWhereTheTerminalIsNarrow) {
  const Columns columns = columns_for(40);
  EXPECT_TRUE(columns.has_activity());
  EXPECT_GE(columns.name_end - columns.name, 14U);
}

}  // namespace
}  // namespace firn::view
