// SPDX-License-Identifier: Apache-2.0
// The small value types of bytes.h, id.h and units.h.
#include "base/bytes.h"
#include "base/id.h"
#include "base/units.h"

#include <type_traits>
#include <unordered_set>

#include <gtest/gtest.h>

namespace firn {
namespace {

using StepId = Id<struct StepTag, std::uint32_t>;
using MachineId = Id<struct MachineTag, std::uint32_t>;

TEST(Id, DoesNotMixWithOtherIds) {
  static_assert(!std::is_convertible_v<StepId, MachineId>);
  static_assert(!std::is_convertible_v<std::uint32_t, StepId>);
  EXPECT_LT(StepId(1), StepId(2));
  EXPECT_EQ((std::unordered_set<StepId>{StepId(1), StepId(1), StepId(2)}.size()), 2U);
}

TEST(ByteCount, AddsAndCompares) {
  ByteCount sum = 1_KiB + 1_MiB;
  sum += ByteCount(1);
  EXPECT_EQ(sum.value(), 1024U + 1024U * 1024U + 1U);
  EXPECT_GT(sum, 1_MiB);
}

TEST(Bytes, AreTheSameAsText) {
  EXPECT_EQ(as_text(as_bytes("a\xff")), "a\xff");
  EXPECT_TRUE(as_bytes("").empty());
}

}  // namespace
}  // namespace firn
