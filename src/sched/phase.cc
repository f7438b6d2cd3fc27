// SPDX-License-Identifier: Apache-2.0
#include "sched/phase.h"

#include <array>
#include <cstddef>

namespace firn::sched {

namespace {

struct PhaseRow {
  Phase phase;
  std::string_view name;
  int hydra_state;
};

// NOLINTBEGIN(modernize-use-designated-initializers): a table.
constexpr std::array<PhaseRow, 8> kPhases{{
    {Phase::queued, "queued", 0},
    {Phase::connecting, "connecting", 10},
    {Phase::sending_inputs, "sending inputs", 20},
    {Phase::building, "building", 30},
    {Phase::waiting_for_transfer_slot, "waiting for a transfer slot", 35},
    {Phase::receiving_outputs, "receiving outputs", 40},
    {Phase::publishing, "publishing", 50},
    {Phase::done, "done", 0},
}};

// NOLINTEND(modernize-use-designated-initializers)

constexpr bool is_in_order() {
  for (std::size_t i = 0; i < kPhases.size(); ++i) {
    if (static_cast<std::size_t>(kPhases[i].phase) != i) return false;
  }
  return true;
}

static_assert(is_in_order(), "a row per phase, in the order of the enum");

}  // namespace

std::string_view to_string(Phase phase) {
  return kPhases.at(static_cast<std::size_t>(phase)).name;
}

int hydra_state(Phase phase) {
  return kPhases.at(static_cast<std::size_t>(phase)).hydra_state;
}

}  // namespace firn::sched
