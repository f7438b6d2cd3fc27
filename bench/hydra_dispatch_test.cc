// SPDX-License-Identifier: Apache-2.0
#include "hydra_dispatch.h"

#include <array>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace firn::bench {
namespace {

using sched::StepId;
using std::chrono::seconds;

class HydraDispatchTest : public testing::Test {
 protected:
  StepId step(std::int32_t local_priority, std::vector<StepId> dependencies = {}) {
    const std::vector<std::string> features;
    const StepId id = hydra_.add_step(
        {.name = "s", .system = "x86_64-linux", .required_features = features}, dependencies);
    const std::array claims{
        sched::Claim{.local_priority = local_priority, .age = 1, .group = jobset_}};
    hydra_.set_claims(id, claims);
    return id;
  }

  sched::MachineId machine(std::uint32_t jobs, double speed) {
    return hydra_.add_machine(
        {.name = "m", .systems = {"x86_64-linux"}, .max_jobs = jobs, .speed_factor = speed});
  }

  HydraDispatch hydra_;
  sched::GroupId jobset_ = hydra_.add_group(1);
  TimePoint now_{seconds(1000)};
};

TEST_F(HydraDispatchTest, StartsByLocalPriorityThenByHowManyDepend) {
  machine(1, 1);
  const StepId lone = step(0);
  const StepId needed = step(0);
  const StepId top = step(0, {needed});
  const StepId urgent = step(9);
  std::vector<StepId> order;
  for (auto next = hydra_.dispatch(now_); !next.empty(); next = hydra_.dispatch(now_)) {
    ASSERT_EQ(next.size(), 1U);
    order.push_back(next.front().step);
    hydra_.attempt_succeeded(next.front().attempt, now_);
  }
  EXPECT_EQ(order, (std::vector{urgent, needed, lone, top}));
}

TEST_F(HydraDispatchTest, FillsTheFasterMachineFirst) {
  const auto slow = machine(2, 1);
  const auto fast = machine(2, 2);
  for (int i = 0; i < 5; ++i)
    step(0);
  std::vector<sched::MachineId> machines;
  for (const auto& assignment : hydra_.dispatch(now_))
    machines.push_back(assignment.machine);
  EXPECT_EQ(machines, (std::vector{fast, slow, fast, slow}));
  EXPECT_EQ(hydra_.runnable(), 1U);
  EXPECT_EQ(hydra_.running(), 4U);
}

TEST_F(HydraDispatchTest, ChargesTheJobsetsOfAStep) {
  machine(1, 1);
  step(0);
  const auto first = hydra_.dispatch(now_);
  hydra_.attempt_succeeded(first.at(0).attempt, now_ + seconds(60));
  const StepId of_first = step(100);
  jobset_ = hydra_.add_group(1);
  const StepId of_second = step(0);
  EXPECT_LT(of_first, of_second);
  EXPECT_EQ(hydra_.dispatch(now_ + seconds(61)).at(0).step, of_second);
}

}  // namespace
}  // namespace firn::bench
