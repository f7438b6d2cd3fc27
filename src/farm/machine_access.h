// SPDX-License-Identifier: Apache-2.0
// From a line of the machines file to a way of reaching that machine.
#pragma once

#include "aio/loop.h"
#include "nix/machines.h"
#include "sched/spec.h"
#include "store/builder_connection.h"
#include "transport/link.h"
#include "transport/ssh_connector.h"

#include <memory>
#include <string>

namespace firn::farm {

/// Whether the machine is this one: no ssh, and our own store is its store.
bool is_local(const nix::Machine& machine);

/// How the machine is called everywhere: its URI without parameters, or "localhost".
std::string name_of(const nix::Machine& machine);

/// "ssh-ng" stands for the worker protocol.
store::BuilderProtocol protocol_of(const nix::Machine& machine);

/// Throws Error{invalid} for a URI that no transport of firn serves, naming the machine and what
/// can be written instead.
void check_reachable(const nix::Machine& machine);

/// A machine and the way to it.
struct ReachedMachine {
  nix::Machine machine;
  std::unique_ptr<transport::Connector> connector;
};

/// `folder` must outlive the result. Throws as `check_reachable` does.
ReachedMachine reach(aio::Loop& loop,
                     const transport::SocketFolder& folder,
                     const nix::Machine& machine,
                     const transport::SshLimits& limits = {});

/// The way to a POSIX shell there that reads its script from its input.
std::unique_ptr<transport::Connector> reach_shell(aio::Loop& loop,
                                                  const transport::SocketFolder& folder,
                                                  const nix::Machine& machine,
                                                  const transport::SshLimits& limits = {});

/// `own_system` stands in for an empty list of systems.
sched::MachineSpec spec_for(const nix::Machine& machine, const std::string& own_system);

}  // namespace firn::farm
