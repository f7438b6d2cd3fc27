// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"
#include "cli/inspect.h"
#include "farm/machine_access.h"
#include "nix/machines.h"

#include <cerrno>
#include <set>
#include <unistd.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace firn::cli {

namespace {

using nlohmann::json;

json to_json(const nix::Machine& machine) {
  return {{"uri", machine.uri.identity()},
          {"parameters", machine.uri.parameters},
          {"systems", machine.systems},
          {"sshKey", machine.ssh_key},
          {"maxJobs", machine.max_jobs},
          {"speedFactor", machine.speed_factor},
          {"supportedFeatures", machine.supported_features},
          {"mandatoryFeatures", machine.mandatory_features},
          {"hostKey", machine.host_key}};
}

std::string words(const std::set<std::string>& items, std::string_view none) {
  return items.empty() ? std::string(none) : fmt::format("{}", fmt::join(items, ", "));
}

std::string to_text(const nix::Machine& machine) {
  std::string text = machine.uri.identity() + "\n";
  const auto line = [&](std::string_view name, std::string_view value) {
    text += fmt::format("  {:<20}{}\n", name, printable(value));
  };
  line("systems", words(machine.systems, "that of the machine that asks"));
  line("max jobs", fmt::to_string(machine.max_jobs));
  line("speed factor", fmt::to_string(machine.speed_factor));
  line("supported features", words(machine.supported_features, "none"));
  line("mandatory features", words(machine.mandatory_features, "none"));
  if (!machine.ssh_key.empty()) line("ssh key", machine.ssh_key);
  if (!machine.host_key.empty()) line("host key", machine.host_key);
  for (const auto& [name, value] : machine.uri.parameters)
    line(name, value);
  return text;
}

std::optional<std::string> read_include(const std::string& path) {
  if (::access(path.c_str(), F_OK) != 0) return std::nullopt;
  return read_input(path);
}

}  // namespace

ExitCode inspect(const InspectMachines& options, Streams streams) {
  const auto parsed = nix::parse_machines(read_input(options.file), options.file, read_include);
  std::vector<std::string> problems;
  problems.reserve(parsed.diagnostics.size() + parsed.machines.size());
  for (const auto& diagnostic : parsed.diagnostics)
    problems.push_back(diagnostic.str());
  json list = json::array();
  for (const auto& machine : parsed.machines) {
    if (options.json) {
      list.push_back(to_json(machine));
    } else {
      streams.out << to_text(machine);
    }
    try {
      farm::check_reachable(machine);
    } catch (const Error& error) {
      problems.push_back(error.message());
    }
  }
  if (options.json) streams.out << pretty({{"machines", std::move(list)}, {"problems", problems}});
  for (const auto& problem : problems)
    streams.err << fmt::format("warning: {}\n", problem);
  return problems.empty() ? ExitCode::success : ExitCode::usage;
}

}  // namespace firn::cli
