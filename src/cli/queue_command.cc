// SPDX-License-Identifier: Apache-2.0
#include "cli/queue_command.h"

#include "base/error.h"
#include "cli/database_address.h"
#include "cli/queue_add.h"
#include "config/hydra_environment.h"
#include "db/address.h"
#include "db/schema.h"
#include "farm/machine_access.h"
#include "nix/machines.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>
#include <string_view>
#include <variant>

#include <fmt/format.h>

namespace firn::cli {

namespace {

std::optional<std::string> variable(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr) return std::nullopt;
  return value;
}

config::HydraEnvironment environment_of(const QueueOptions& options) {
  return config::read_hydra_environment([&](const char* name) -> std::optional<std::string> {
    if (std::string_view(name) == "HYDRA_DATA" && !options.data.empty()) return options.data;
    return variable(name);
  });
}

std::optional<std::string> read_file(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) return std::nullopt;
  return std::string{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

/// Of the files that Hydra's environment names, else of Nix's own.
std::vector<std::string> machine_names() {
  const auto files = variable("NIX_REMOTE_SYSTEMS").value_or("/etc/nix/machines");
  std::vector<std::string> names;
  for (std::string_view rest = files; !rest.empty();) {
    const auto end = std::min(rest.find(':'), rest.size());
    const auto text = "@" + std::string(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    for (const auto& machine : nix::parse_machines(text, "machines", read_file).machines)
      names.push_back(farm::name_of(machine));
  }
  return names;
}

/// Carries out one action.
struct Carrier {
  const QueueOptions& options;
  const QueueSession& session;

  void operator()(const QueueList& list) const { list_queue(session, list); }

  void operator()(const QueueAdd& add) const { add_to_queue(session, add); }

  void operator()(const QueueSteer& steer) const {
    steer_queue(session, steer, [&](const auto& drvs) { return keep_derivations(session, drvs); });
  }

  void operator()(const QueueLog& log) const {
    print_log(session, log, environment_of(options).data);
  }

  void operator()(const QueueMachines& machines) const {
    show_machines(session, machines, machine_names());
  }
};

void carry_out(const QueueOptions& options, std::ostream& out) {
  const auto address = database_address(options.database);
  const auto connection = db::connect(address);
  try {
    db::require_schema(*connection);
  } catch (Error& error) {
    error.add_context(fmt::format("opening {}", address.describe()));
    throw;
  }
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  const QueueSession session{
      .connection = *connection, .out = out, .json = options.json, .now = now};
  std::visit(Carrier{.options = options, .session = session}, options.action);
}

ExitCode exit_code_of(Kind kind) {
  const bool is_usage = kind == Kind::invalid || kind == Kind::conflict || kind == Kind::not_found;
  return is_usage ? ExitCode::usage : ExitCode::infrastructure;
}

}  // namespace

ExitCode run_queue(const QueueOptions& options) {
  try {
    carry_out(options, std::cout);
    std::cout.flush();
    if (!std::cout) throw Error(Kind::resource, "standard output cannot be written");
    return ExitCode::success;
  } catch (const Error& error) {
    std::cout.flush();
    std::fprintf(stderr, "error: %s\n", error.what());
    return exit_code_of(error.kind());
  }
}

}  // namespace firn::cli
