// SPDX-License-Identifier: Apache-2.0
#include "sched/step_graph.h"

#include "base/error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace firn::sched {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class StepGraphTest : public testing::Test {
 protected:
  StepGraphTest() {
    for (StepId* id : {&a_, &b_, &c_, &d_})
      *id = graph_.add(Step());
    graph_.add_edge(c_, a_);
    graph_.add_edge(c_, b_);
    graph_.add_edge(d_, a_);
  }

  StepGraph graph_;
  StepId a_;
  StepId b_;
  StepId c_;
  StepId d_;
};

TEST_F(StepGraphTest, ReleasesThoseThatWaitForNothingMore) {
  EXPECT_THAT(graph_.dependencies(c_), ElementsAre(a_, b_));
  EXPECT_THAT(graph_.release_dependents(a_), ElementsAre(d_));
  EXPECT_THAT(graph_.dependencies(c_), ElementsAre(b_));
  EXPECT_THAT(graph_.release_dependents(b_), ElementsAre(c_));
  EXPECT_THAT(graph_.dependencies(c_), IsEmpty());
}

TEST_F(StepGraphTest, CutsDependentsAndDependencies) {
  EXPECT_THAT(graph_.cut_dependents(a_), UnorderedElementsAre(c_, d_));
  EXPECT_THAT(graph_.dependencies(c_), ElementsAre(b_));
  graph_.cut_dependencies(c_);
  EXPECT_EQ(graph_.at(c_).waiting_for, 0U);
  EXPECT_THAT(graph_.release_dependents(b_), IsEmpty());
}

TEST_F(StepGraphTest, CountsARepeatedEdgeAndReleasesItOnce) {
  graph_.add_edge(d_, b_);
  graph_.add_edge(d_, b_);
  EXPECT_THAT(graph_.dependencies(d_), ElementsAre(a_, b_));
  EXPECT_THAT(graph_.release_dependents(a_), IsEmpty());
  EXPECT_THAT(graph_.release_dependents(b_), UnorderedElementsAre(c_, d_));
}

TEST_F(StepGraphTest, UsesThePlacesOfCutEdgesAgain) {
  for (int i = 0; i < 100; ++i) {
    graph_.cut_dependents(a_);
    graph_.add_edge(d_, a_);
    graph_.add_edge(c_, a_);
    EXPECT_THAT(graph_.dependencies(c_), ElementsAre(a_, b_));
    EXPECT_THAT(graph_.dependencies(d_), ElementsAre(a_));
  }
}

TEST_F(StepGraphTest, RefusesAnIdThatItDidNotGiveOut) {
  EXPECT_THROW(graph_.at(StepId(4)), Bug);
  EXPECT_THROW(graph_.at(kNoStep), Bug);
}

}  // namespace
}  // namespace firn::sched
