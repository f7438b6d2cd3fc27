// SPDX-License-Identifier: Apache-2.0
// `firn queue`: the queue in its database, with or without a runner.
#pragma once

#include "base/units.h"
#include "cli/exit_code.h"
#include "cli/queue_options.h"
#include "db/connection.h"

#include <functional>
#include <ostream>
#include <string>
#include <vector>

namespace firn::cli {

/// What an action works with, and writes to.
struct QueueSession {
  db::Connection& connection;
  std::ostream& out;
  bool json = false;
  WallTime now{};
};

/// The whole command: errors are told on stderr and become exit codes.
ExitCode run_queue(const QueueOptions& options);

/// `list`
void list_queue(const QueueSession& session, const QueueList& list);

/// Makes roots of these derivations of the store; returns those that are no longer there.
using KeepDerivations =
    std::function<std::vector<std::string>(const std::vector<std::string>& drvs)>;

/// `cancel`, `restart`, `bump`. Throws Error{not_found} for a build that is not there, before
/// anything is written, and for one to restart whose derivation `keep` does not find.
void steer_queue(const QueueSession& session, const QueueSteer& steer, const KeepDerivations& keep);

/// `log`; `data` is the folder of the runner's data. Throws Error{not_found} where there is no such
/// build or log.
void print_log(const QueueSession& session, const QueueLog& log, const std::string& data);

/// `machines`; `names` are those of the machines file. Throws Error{not_found} for a decision about
/// another one.
void show_machines(const QueueSession& session,
                   const QueueMachines& machines,
                   const std::vector<std::string>& names);

}  // namespace firn::cli
