// SPDX-License-Identifier: Apache-2.0
#include "cli/machines.h"

#include "base/error.h"
#include "farm/machine_access.h"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <optional>
#include <sys/utsname.h>
#include <unistd.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace firn::cli {

namespace {

std::optional<std::string> read_file(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) {
    if (::access(path.c_str(), F_OK) != 0) return std::nullopt;
    throw system_error(errno, "read " + path);
  }
  return std::string{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

}  // namespace

std::string own_system() {
  utsname names{};
  if (::uname(&names) != 0) throw system_error(errno, "ask for the name of this machine");
  std::string kernel = names.sysname;
  std::ranges::transform(
      kernel, kernel.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return std::string(names.machine) + "-" + kernel;
}

nix::Machine this_machine(std::uint32_t max_jobs) {
  nix::Machine machine;
  machine.uri = nix::parse_store_uri("ssh://localhost");
  machine.max_jobs = max_jobs;
  machine.systems = {own_system()};
  if (machine.systems.contains("x86_64-linux")) machine.systems.insert("i686-linux");
  // Nix's own default for `system-features`.
  machine.supported_features = {"benchmark", "big-parallel", "nixos-test"};
  if (::access("/dev/kvm", R_OK | W_OK) == 0) machine.supported_features.insert("kvm");
  return machine;
}

namespace {

/// What `builders` say, and nothing else.
Machines read_machines(const std::string& builders) {
  Machines result;
  const auto read = [&](const std::string& path) {
    result.files.push_back(path);
    auto text = read_file(path);
    if (!text) result.warnings.push_back(path + ": no such file");
    return text;
  };
  auto parsed = nix::parse_machines(builders, "--builders", read);
  for (const auto& diagnostic : parsed.diagnostics)
    result.warnings.push_back(diagnostic.str());
  for (auto& machine : parsed.machines) {
    try {
      farm::check_reachable(machine);
      result.machines.push_back(std::move(machine));
    } catch (const Error& e) {
      result.warnings.push_back(e.message() + "; it is left out");
    }
  }
  return result;
}

void add_this_machine(std::vector<nix::Machine>& machines, std::uint32_t own_jobs) {
  const bool is_named = std::ranges::any_of(machines, farm::is_local);
  if (own_jobs > 0 && !is_named) machines.push_back(this_machine(own_jobs));
}

}  // namespace

Machines find_machines(const std::string& builders, std::uint32_t own_jobs) {
  auto result = read_machines(builders);
  add_this_machine(result.machines, own_jobs);
  return result;
}

Machines assemble_machines(const std::string& builders, std::uint32_t own_jobs) {
  auto result = find_machines(builders, own_jobs);
  if (!result.machines.empty()) return result;
  std::string message = "no machine is left to build on: ";
  for (const auto& warning : result.warnings)
    message += warning + "; ";
  message += "name machines with --builders, or let this one build with --max-jobs 1";
  throw Error(Kind::invalid, message);
}

std::vector<nix::Machine> reread_machines(const std::string& builders, std::uint32_t own_jobs) {
  auto [machines, warnings, files] = read_machines(builders);
  if (machines.empty() && warnings.empty())
    warnings.push_back(fmt::format("{} names no machine", fmt::join(files, ", ")));
  if (!warnings.empty()) throw Error(Kind::invalid, fmt::format("{}", fmt::join(warnings, "; ")));
  add_this_machine(machines, own_jobs);
  return std::move(machines);
}

}  // namespace firn::cli
