// SPDX-License-Identifier: Apache-2.0
#include "sched/state.h"

#include <array>

namespace firn::sched {

namespace {

struct StateRow {
  std::string_view name;
  std::uint32_t Counts::* count;
};

// NOLINTBEGIN(modernize-use-designated-initializers): a table.
constexpr std::array<StateRow, 9> kStates{{
    {"waiting", &Counts::waiting},
    {"runnable", &Counts::runnable},
    {"delayed", &Counts::delayed},
    {"running", &Counts::running},
    {"succeeded", &Counts::succeeded},
    {"failed", &Counts::failed},
    {"aborted", &Counts::aborted},
    {"dependency failed", &Counts::dependency_failed},
    {"cancelled", &Counts::cancelled},
}};
// NOLINTEND(modernize-use-designated-initializers)

static_assert(kStates.size() == static_cast<std::size_t>(StepState::cancelled) + 1);

}  // namespace

std::string_view to_string(StepState state) {
  return kStates.at(static_cast<std::size_t>(state)).name;
}

bool is_final(StepState state) {
  return state >= StepState::succeeded;
}

std::uint32_t& Counts::of(StepState state) {
  return this->*kStates.at(static_cast<std::size_t>(state)).count;
}

}  // namespace firn::sched
