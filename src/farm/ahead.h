// SPDX-License-Identifier: Apache-2.0
// Connections that are opened while the graph is still being read: ssh takes a quarter of a second
// to connect, and a run's first steps need not wait for it.
#pragma once

#include "aio/loop.h"
#include "aio/scope.h"
#include "farm/machine_access.h"
#include "transport/link.h"

#include <span>
#include <vector>

namespace firn::farm {

/// Opens ahead, at the first few machines that are not this one. Must be closed before it dies, and
/// before the connectors do.
class ConnectionsAhead {
 public:
  ConnectionsAhead(aio::Loop& loop, std::span<const ReachedMachine> machines, Duration limit);

  /// To be called once it is known that something must be built. Failures are silent: whoever
  /// needs the machine meets them, and says so.
  void start();

  /// What is not open yet is given up.
  aio::Task<void> close();

 private:
  aio::Loop& loop_;
  Duration limit_;
  std::vector<transport::Connector*> connectors_;
  aio::Scope opening_;
};

}  // namespace firn::farm
