// SPDX-License-Identifier: Apache-2.0
#include "view/rate.h"

#include "support/sample_run.h"

#include <gtest/gtest.h>

namespace firn::view {
namespace {

using testing::run_time;

constexpr Traffic kMegabyte{.sent = ByteCount(1'000'000), .received = {}};

TEST(TrafficMeter, MeasuresASteadyFlow) {
  TrafficMeter meter;
  for (int ms = 0; ms < 10'000; ms += 250)
    meter.add(kMegabyte, run_time(ms));
  const double rate = static_cast<double>(meter.rate(run_time(9999)).sent.value());
  EXPECT_NEAR(rate, 4e6, 1e5);
}

TEST(TrafficMeter, FallsToZeroWhenNothingMoves) {
  TrafficMeter meter;
  meter.add(kMegabyte, run_time(0));
  EXPECT_GT(meter.rate(run_time(1000)).sent, meter.rate(run_time(2000)).sent);
  EXPECT_EQ(meter.rate(run_time(3000)), Traffic());
  meter.add(kMegabyte, run_time(60'000));
  EXPECT_GT(meter.rate(run_time(60'000)).sent, ByteCount());
}

TEST(TrafficMeter, DoesNotExaggerateABeginning) {
  TrafficMeter meter;
  EXPECT_EQ(meter.rate(run_time(0)), Traffic());
  meter.add(kMegabyte, run_time(0));
  EXPECT_EQ(meter.rate(run_time(1)).sent, kMegabyte.sent);
}

}  // namespace
}  // namespace firn::view
