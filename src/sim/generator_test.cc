// SPDX-License-Identifier: Apache-2.0
#include "sim/generator.h"

#include "base/error.h"
#include "sim/bounds.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace firn::sim {
namespace {

const Shape kSmall{.steps = 2000, .layers = 10};

std::vector<std::uint32_t> dependents(const Queue& queue) {
  std::vector<std::uint32_t> counts(queue.steps.size());
  for (const SimStep& step : queue.steps) {
    for (const StepIndex dependency : step.dependencies)
      ++counts[dependency];
  }
  return counts;
}

TEST(Generator, SameSeedSameQueue) {
  const Queue a = generate(kSmall, 7);
  const Queue b = generate(kSmall, 7);
  const Queue c = generate(kSmall, 8);
  ASSERT_EQ(a.steps.size(), 2000U);
  ASSERT_EQ(b.steps.size(), 2000U);
  for (std::size_t i = 0; i < a.steps.size(); ++i) {
    EXPECT_EQ(a.steps[i].dependencies, b.steps[i].dependencies);
    EXPECT_EQ(a.steps[i].duration, b.steps[i].duration);
    EXPECT_EQ(a.steps[i].output, b.steps[i].output);
  }
  EXPECT_NE(a.steps.back().duration, c.steps.back().duration);
}

TEST(Generator, EverythingStandsOnTheBootstrapAndFewAreNeededByMany) {
  const Queue queue = generate(kSmall, 1);
  EXPECT_NO_THROW(check(queue));
  EXPECT_EQ(queue.builds.size(), (kSmall.steps - kSmall.bootstrap) / 2);
  auto counts = dependents(queue);
  EXPECT_EQ(counts[kSmall.bootstrap - 1], kSmall.steps - kSmall.bootstrap);
  std::sort(counts.begin(), counts.end());
  EXPECT_GT(counts[counts.size() - 2], 50U);
  EXPECT_LE(counts[counts.size() / 2], 1U);
}

TEST(Generator, ProjectsShareTheLowestLayersAndNothingElse) {
  Shape shape = kSmall;
  shape.projects = 4;
  const Queue queue = generate(shape, 1);
  std::uint32_t shared = 0;
  std::uint32_t owned = 0;
  std::vector<std::uint32_t> owners(queue.steps.size());
  for (std::uint32_t project = 0; project < 4; ++project) {
    const auto needed = needed_by(queue, project);
    for (std::size_t i = 0; i < needed.size(); ++i)
      owners[i] += needed[i] ? 1 : 0;
  }
  for (const std::uint32_t count : owners) {
    EXPECT_TRUE(count == 1 || count == 4);
    ++(count == 4 ? shared : owned);
  }
  EXPECT_GT(shared, queue.steps.size() / 5);
  EXPECT_GT(owned, queue.steps.size() * 2 / 3);
}

TEST(Generator, FamiliesAreWhatTheyAreCalled) {
  ASSERT_EQ(families().size(), 3U);
  const Queue queue = generate(families()[0].shape, 1);
  const auto ratio = [&](std::size_t at) {
    const Family& family = families()[at];
    const auto found =
        bounds(queue, uniform_fleet(family.machines, family.slots, family.shape.kind));
    return static_cast<double>(found.work.count()) / static_cast<double>(found.chain.count());
  };
  EXPECT_GE(ratio(0), 2);
  EXPECT_GE(ratio(1), 0.7);
  EXPECT_LE(ratio(1), 1.6);
  EXPECT_LE(ratio(2), 0.5);
}

TEST(Generator, DistortedExpectationsAreWrongByTheFactorBothWays) {
  Queue queue = generate(kSmall, 1);
  distort_expectations(queue, 3, 5);
  std::size_t longer = 0;
  for (const SimStep& step : queue.steps) {
    const double by = static_cast<double>(step.expected.value_or(Duration()).count()) /
                      static_cast<double>(step.duration.count());
    EXPECT_TRUE(std::abs(by - 3) < 0.01 || std::abs(by - 1 / 3.0) < 0.01);
    longer += by > 1 ? 1 : 0;
  }
  EXPECT_GT(longer, 900U);
  EXPECT_LT(longer, 1100U);
}

TEST(Generator, RefusesShapesThatAreNone) {
  EXPECT_THROW(generate({.steps = 50, .layers = 30}, 1), Error);
  EXPECT_THROW(generate({.projects = 0}, 1), Error);
}

}  // namespace
}  // namespace firn::sim
