// SPDX-License-Identifier: Apache-2.0
// `firn queue machines`.
#include "base/error.h"
#include "base/nearest.h"
#include "cli/queue_command.h"
#include "cli/queue_words.h"
#include "db/machine_states.h"
#include "view/text.h"

#include <algorithm>
#include <map>
#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace firn::cli {

namespace {

std::string_view word_for(db::MachineState state) {
  switch (state) {
    case db::MachineState::enabled:
      return "enabled";
    case db::MachineState::draining:
      return "draining";
    case db::MachineState::disabled:
      return "disabled";
  }
  throw Bug("a machine is in no known state");
}

void write(const QueueSession& session, const db::MachineDecision& machine) {
  if (session.json) {
    write_line(
        session.out,
        {{"machine", machine.name},
         {"state", word_for(machine.state)},
         {"reason", machine.reason.empty() ? nlohmann::json() : nlohmann::json(machine.reason)},
         {"until", machine.until ? nlohmann::json(utc(*machine.until)) : nlohmann::json()}});
    return;
  }
  auto text = fmt::format("{:<40}  {}", view::printable(machine.name), word_for(machine.state));
  if (machine.until) text += fmt::format(" until {}", utc(*machine.until));
  if (!machine.reason.empty()) text += fmt::format(": {}", view::printable(machine.reason));
  session.out << text << '\n';
}

/// Decisions that still hold.
std::map<std::string, db::MachineDecision> decisions(const QueueSession& session) {
  std::map<std::string, db::MachineDecision> valid;
  const auto all = db::transact(
      session.connection,
      [](db::Transaction& transaction) { return db::machine_states(transaction); },
      db::Access::read);
  for (const auto& decision : all) {
    if (!decision.until || *decision.until > session.now) valid.emplace(decision.name, decision);
  }
  return valid;
}

void check_name(const std::string& name,
                const std::vector<std::string>& names,
                const std::map<std::string, db::MachineDecision>& decided) {
  if (std::ranges::find(names, name) != names.end() || decided.contains(name)) return;
  const std::vector<std::string_view> known(names.begin(), names.end());
  const auto meant = nearest(name, known);
  throw Error(Kind::not_found,
              fmt::format("there is no machine '{}'{}; firn queue machines lists them",
                          name,
                          meant ? fmt::format(", did you mean {}?", *meant) : std::string()));
}

}  // namespace

void show_machines(const QueueSession& session,
                   const QueueMachines& machines,
                   const std::vector<std::string>& names) {
  auto decided = decisions(session);
  if (machines.decision) {
    check_name(machines.decision->name, names, decided);
    db::transact(session.connection, [&](db::Transaction& transaction) {
      db::set_machine_state(transaction, *machines.decision);
    });
    write(session, *machines.decision);
    return;
  }
  for (const auto& name : names)
    decided.try_emplace(name, db::MachineDecision{.name = name});
  for (const auto& [name, decision] : decided)
    write(session, decision);
  if (decided.empty() && !session.json)
    session.out << "no machines are named in the machines files\n";
}

}  // namespace firn::cli
