// SPDX-License-Identifier: Apache-2.0
#include "farm/machine_access.h"

#include "aio/child_process.h"
#include "base/encoding.h"
#include "base/error.h"
#include "transport/process_link.h"

#include <cstdlib>
#include <utility>

#include <fmt/format.h>

namespace firn::farm {

namespace {

std::string parameter(const nix::StoreUri& uri, const std::string& key) {
  const auto found = uri.parameters.find(key);
  return found == uri.parameters.end() ? std::string() : found->second;
}

/// Where Nix lives on machines whose logins without a terminal do not find it.
constexpr std::string_view kUsualPlaces =
    "env \"PATH=$PATH:/nix/var/nix/profiles/default/bin:/run/current-system/sw/bin:"
    "$HOME/.nix-profile/bin\" ";

bool speaks_worker_protocol(const nix::StoreUri& uri) {
  return uri.scheme == "ssh-ng";
}

std::vector<std::string> remote_commands(const nix::StoreUri& uri) {
  const bool is_worker = speaks_worker_protocol(uri);
  const std::string program = parameter(uri, "remote-program");
  const std::string_view usual = is_worker ? "nix-daemon" : "nix-store";
  std::string command = aio::quote_for_shell(program.empty() ? std::string(usual) : program);
  command += is_worker ? " --stdio" : " --serve --write";
  const std::string remote_store = parameter(uri, "remote-store");
  if (!remote_store.empty()) command += " --store " + aio::quote_for_shell(remote_store);
  std::vector<std::string> commands{command};
  if (program.empty()) commands.push_back(std::string(kUsualPlaces) + command);
  return commands;
}

transport::SshTarget ssh_target(const nix::Machine& machine) {
  const auto& uri = machine.uri;
  transport::SshTarget target{.user = uri.user,
                              .host = uri.host,
                              .port = uri.port,
                              .key_file = machine.ssh_key,
                              .host_key = machine.host_key,
                              .compress = false,
                              .extra_options = {},
                              .limits = {}};
  const std::string key = parameter(uri, "ssh-key");
  if (target.key_file.empty()) target.key_file = key;
  const std::string host_key = parameter(uri, "base64-ssh-public-host-key");
  if (target.host_key.empty() && !host_key.empty()) target.host_key = decode_base64(host_key);
  const std::string compress = parameter(uri, "compress");
  target.compress = compress == "true" || compress == "1";
  const char* options = std::getenv("NIX_SSHOPTS");
  if (options != nullptr) target.extra_options = transport::split_options(options);
  return target;
}

/// Serves our own store. The third words keep it from delegating again; an empty machines file
/// costs it a look.
std::unique_ptr<transport::Connector> local_connector(aio::Loop& loop) {
  return std::make_unique<transport::LocalConnector>(
      loop,
      aio::Command{.argv = {"nix-store", "--serve", "--write", "--builders", ""},
                   .environment = {}});
}

}  // namespace

bool is_local(const nix::Machine& machine) {
  return machine.uri.is_local();
}

std::string name_of(const nix::Machine& machine) {
  return is_local(machine) ? "localhost" : machine.uri.identity();
}

store::BuilderProtocol protocol_of(const nix::Machine& machine) {
  return !is_local(machine) && speaks_worker_protocol(machine.uri) ? store::BuilderProtocol::worker
                                                                   : store::BuilderProtocol::serve;
}

void check_reachable(const nix::Machine& machine) {
  if (is_local(machine)) return;
  if (machine.uri.scheme != "ssh" && !speaks_worker_protocol(machine.uri)) {
    throw Error(Kind::invalid,
                fmt::format("{}: machines are reached by ssh://[user@]host[:port] or "
                            "ssh-ng://[user@]host[:port]; '{}' is not served",
                            name_of(machine),
                            machine.uri.scheme));
  }
  transport::check(ssh_target(machine));
}

ReachedMachine reach(aio::Loop& loop,
                     const transport::SocketFolder& folder,
                     const nix::Machine& machine,
                     const transport::SshLimits& limits) {
  check_reachable(machine);
  if (is_local(machine)) return {.machine = machine, .connector = local_connector(loop)};
  auto target = ssh_target(machine);
  target.limits = limits;
  return {.machine = machine,
          .connector = std::make_unique<transport::SshConnector>(
              loop, folder, std::move(target), remote_commands(machine.uri))};
}

std::unique_ptr<transport::Connector> reach_shell(aio::Loop& loop,
                                                  const transport::SocketFolder& folder,
                                                  const nix::Machine& machine,
                                                  const transport::SshLimits& limits) {
  check_reachable(machine);
  if (is_local(machine)) {
    return std::make_unique<transport::LocalConnector>(
        loop, aio::Command{.argv = {"sh", "-s"}, .environment = {}});
  }
  auto target = ssh_target(machine);
  target.limits = limits;
  return std::make_unique<transport::SshConnector>(
      loop, folder, std::move(target), std::vector<std::string>{"sh -s"});
}

sched::MachineSpec spec_for(const nix::Machine& machine, const std::string& own_system) {
  sched::MachineSpec spec{
      .name = name_of(machine),
      .systems = {machine.systems.begin(), machine.systems.end()},
      .supported_features = {machine.supported_features.begin(), machine.supported_features.end()},
      .mandatory_features = {machine.mandatory_features.begin(), machine.mandatory_features.end()},
      .max_jobs = machine.max_jobs,
      .speed_factor = machine.speed_factor,
      .is_local = is_local(machine)};
  if (spec.systems.empty()) spec.systems = {own_system};
  return spec;
}

}  // namespace firn::farm
