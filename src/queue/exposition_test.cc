// SPDX-License-Identifier: Apache-2.0
#include "queue/exposition.h"

#include <gtest/gtest.h>

namespace firn::queue {
namespace {

TEST(Exposition, SamplesFollowTheirFamily) {
  Exposition text;
  text.family("jobs", MetricKind::gauge, "Jobs, now");
  text.sample(3);
  text.sample(0.25, {.name = "host", .value = "a\"b\\c\nd"});
  EXPECT_EQ(text.take(),
            "# HELP jobs Jobs, now\n"
            "# TYPE jobs gauge\n"
            "jobs 3\n"
            "jobs{host=\"a\\\"b\\\\c\\nd\"} 0.25\n");
}

TEST(Exposition, LargeCountsAreExact) {
  Exposition text;
  text.family("bytes", MetricKind::counter, "Bytes");
  text.sample(9007199254740991);
  EXPECT_TRUE(text.take().ends_with("\nbytes 9007199254740991\n"));
}

TEST(Exposition, BucketsAddUp) {
  constexpr std::array kBounds{0.5, 10.0};
  Histogram times(kBounds);
  for (const double time : {0.25, 0.5, 2.0, 100.0})
    times.observe(time);
  Exposition text;
  text.family("took", MetricKind::histogram, "Seconds");
  text.sample(times, {.name = "phase", .value = "building"});
  EXPECT_EQ(text.take(),
            "# HELP took Seconds\n"
            "# TYPE took histogram\n"
            "took_bucket{phase=\"building\",le=\"0.5\"} 2\n"
            "took_bucket{phase=\"building\",le=\"10\"} 3\n"
            "took_bucket{phase=\"building\",le=\"+Inf\"} 4\n"
            "took_sum{phase=\"building\"} 102.75\n"
            "took_count{phase=\"building\"} 4\n");
}

}  // namespace
}  // namespace firn::queue
