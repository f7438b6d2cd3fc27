// SPDX-License-Identifier: Apache-2.0
#include "db/machine_states.h"

namespace firn::db {

namespace {

constexpr std::string_view kDraining = "draining";
constexpr std::string_view kDisabled = "disabled";

}  // namespace

void set_machine_state(Transaction& transaction, const MachineDecision& decision) {
  if (decision.state == MachineState::enabled) {
    transaction.post("delete from firn.machines where name = $1", decision.name);
    return;
  }
  transaction.post(
      "insert into firn.machines (name, state, reason, until) values ($1, $2, $3, $4) "
      "on conflict (name) do update set "
      "state = excluded.state, reason = excluded.reason, until = excluded.until",
      decision.name,
      decision.state == MachineState::draining ? kDraining : kDisabled,
      null_if_empty(decision.reason),
      decision.until);
}

std::vector<MachineDecision> machine_states(Transaction& transaction) {
  std::vector<MachineDecision> decisions;
  for (const Row row :
       transaction.execute("select name, state, reason, until from firn.machines order by name")) {
    const bool is_draining = row.get<std::string_view>("state") == kDraining;
    decisions.push_back(
        {.name = row.get<std::string>("name"),
         .state = is_draining ? MachineState::draining : MachineState::disabled,
         .reason = row.get<std::optional<std::string>>("reason").value_or(std::string()),
         .until = row.get<std::optional<WallTime>>("until")});
  }
  return decisions;
}

}  // namespace firn::db
