// SPDX-License-Identifier: Apache-2.0
#include "wire/worker_version.h"

#include "base/error.h"

#include <string>
#include <type_traits>
#include <vector>

#include <gtest/gtest.h>

namespace firn::wire {
namespace {

using worker::Feature;
using worker::FeatureSet;

template <class A, class B>
concept Comparable = requires(A a, B b) { a < b; };

static_assert(!Comparable<WorkerVersion, ServeVersion>);
static_assert(!std::is_convertible_v<int, WorkerVersion>);

TEST(WorkerVersion, IsReadAndWritten) {
  EXPECT_EQ(kNewestWorker.number(), 0x126U);
  EXPECT_EQ(kNewestWorker.str(), "1.38");
  EXPECT_EQ(parse_worker_version(0x115), kOldestWorker);
  EXPECT_EQ(agree(kNewestWorker, kOldestWorker), kOldestWorker);
  EXPECT_THROW(parse_worker_version(0x226), Error);
  EXPECT_THROW(parse_worker_version(0x26), Error);
}

TEST(FeatureSet, IsNamedInOrder) {
  const FeatureSet two{Feature::submit_output, Feature::add_to_store_scanning};
  EXPECT_EQ(two.names(), (std::vector<std::string>{"add-to-store-scanning", "submit-output"}));
  EXPECT_EQ(FeatureSet::from_names({"submit-output", "unheard-of", "add-to-store-scanning"}), two);
  EXPECT_EQ(agree(two, {Feature::submit_output}), FeatureSet({Feature::submit_output}));
  EXPECT_EQ(agree(two, {}), FeatureSet());
}

TEST(WorkerProtocol, SaysWhatItHas) {
  const worker::Protocol plain{.version = WorkerVersion(30), .features = {}};
  EXPECT_TRUE(has(plain, worker::Since::derivation_as_path));
  EXPECT_FALSE(has(plain, worker::Since::json_realisations));
  EXPECT_EQ(plain.str(), "1.30");
  const worker::Protocol newest{.version = kNewestWorker,
                                .features = {Feature::realisation_with_path}};
  EXPECT_EQ(newest.str(), "1.38 with realisation-with-path-not-hash");
  EXPECT_TRUE(has(newest, Feature::realisation_with_path));
  EXPECT_FALSE(has(newest, Feature::submit_output));
}

}  // namespace
}  // namespace firn::wire
