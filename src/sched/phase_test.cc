// SPDX-License-Identifier: Apache-2.0
#include "sched/phase.h"

#include <gtest/gtest.h>

namespace firn::sched {
namespace {

struct Row {
  Phase phase;
  std::string_view name;
  int hydra;
};

TEST(Phase, HasWordsAndHydrasInteger) {
  const Row rows[] = {
      {Phase::queued, "queued", 0},
      {Phase::connecting, "connecting", 10},
      {Phase::sending_inputs, "sending inputs", 20},
      {Phase::building, "building", 30},
      {Phase::waiting_for_transfer_slot, "waiting for a transfer slot", 35},
      {Phase::receiving_outputs, "receiving outputs", 40},
      {Phase::publishing, "publishing", 50},
      {Phase::done, "done", 0},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(to_string(row.phase), row.name);
    EXPECT_EQ(hydra_state(row.phase), row.hydra) << row.name;
  }
}

}  // namespace
}  // namespace firn::sched
