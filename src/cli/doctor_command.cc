// SPDX-License-Identifier: Apache-2.0
#include "cli/doctor_command.h"

#include "aio/loop.h"
#include "aio/scope.h"
#include "aio/signals.h"
#include "base/error.h"
#include "cli/check_config.h"
#include "cli/machines.h"
#include "cli/usage.h"
#include "farm/doctor.h"
#include "farm/machine_access.h"
#include "store/store_address.h"
#include "transport/socket_folder.h"
#include "view/doctor_report.h"
#include "view/terminal.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

namespace firn::cli {

namespace {

constexpr std::string_view kName = "doctor";
constexpr std::array<std::string_view, 4> kOptions = {"--builders", "--config", "--json", "--help"};
constexpr std::string_view kDefaultMachines = "/etc/nix/machines";

constexpr std::string_view kHelp =
    R"(usage: firn doctor [MACHINE...] [--builders SPEC] [--json]

Tests each machine end to end, several at a time: connects, asks for its Nix,
its systems and features, space, clock and keepalive, lets it build something
trivial and copies that back. Says what to do about what it finds.

  MACHINE          a name from the list, such as b1, or a URI (default: all)
      --builders SPEC
                   machines as in Nix's machines file, or @FILE (default:
                   @/etc/nix/machines)
      --config FILE
                   the configuration (default: as firn build)
      --json       prints {"machines": [{"machine", "can_build", "ms",
                   "checks": [{"name", "grade", "found", "advice", "ms"}]}]};
                   a grade is fine, attention, broken or unknown

Exit codes:
  0    every machine takes work, though some may need attention
  2    wrong usage, or there is no machine
  3    some machine cannot take work
  130  interrupted
)";

bool is_called(const nix::Machine& machine, std::string_view name) {
  return name == farm::name_of(machine) || name == machine.uri.host;
}

/// The machines of the list that are named; what is not in the list is a URI.
std::vector<nix::Machine> chosen(const DoctorCommand& command,
                                 const std::vector<nix::Machine>& listed) {
  if (command.machines.empty()) return listed;
  std::vector<nix::Machine> machines;
  for (const auto& name : command.machines) {
    const auto found = std::ranges::find_if(
        listed, [&](const nix::Machine& machine) { return is_called(machine, name); });
    if (found != listed.end()) {
      machines.push_back(*found);
      continue;
    }
    nix::Machine machine;
    machine.uri = nix::parse_store_uri(name);
    farm::check_reachable(machine);
    machines.push_back(std::move(machine));
  }
  return machines;
}

std::vector<nix::Machine> machines_of(const DoctorCommand& command) {
  if (command.builders.empty()) return chosen(command, {});
  const auto listed = assemble_machines(command.builders, 0);
  for (const auto& warning : listed.warnings)
    std::fprintf(stderr, "warning: %s\n", warning.c_str());
  return chosen(command, listed.machines);
}

class Doctor {
 public:
  Doctor(std::vector<nix::Machine> machines, farm::DoctorOptions options)
      : machines_(std::move(machines)),
        options_(std::move(options)),
        signals_(loop_, {SIGINT, SIGTERM, SIGHUP}) {}

  std::vector<farm::Diagnosis> run() {
    loop_.run(main());
    return std::move(diagnoses_);
  }

 private:
  aio::Task<void> main() {
    aio::Scope scope(loop_);
    scope.spawn(&Doctor::end_on_signal, *this);
    scope.spawn(&Doctor::examine, *this, &scope);
    co_await scope.join();
  }

  aio::Task<void> examine(aio::Scope* siblings) {
    diagnoses_ = co_await farm::examine(loop_, sockets_, machines_, options_);
    siblings->cancel();
  }

  aio::Task<void> end_on_signal() {
    co_await signals_.next();
    throw Error(Kind::cancelled, "interrupted");
  }

  std::vector<nix::Machine> machines_;
  farm::DoctorOptions options_;
  aio::Loop loop_;
  transport::SocketFolder sockets_;
  aio::Signals signals_;
  std::vector<farm::Diagnosis> diagnoses_;
};

}  // namespace

std::variant<DoctorCommand, Exit> parse_doctor(int argc, const char* const* argv) {
  DoctorCommand command;
  std::string config;
  bool wants_help = false;
  CLI::App app;
  app.set_help_flag("");
  app.allow_extras();
  app.add_option("--builders", command.builders);
  app.add_option("--config", config);
  app.add_flag("--json", command.json);
  app.add_flag("-h,--help", wants_help);
  try {
    app.parse(argc, argv);
    for (const auto& word : app.remaining()) {
      if (word == "--") continue;
      if (word.starts_with('-')) throw unknown_word(kName, word, kOptions);
      command.machines.push_back(word);
    }
  } catch (const CLI::ParseError& e) {
    return usage_error(kName, e.what());
  } catch (const Error& e) {
    return usage_error(kName, e.what());
  }
  if (wants_help) return Exit{.code = ExitCode::success, .text = std::string(kHelp)};
  if (!config.empty()) command.config = config;
  const bool has_file = ::access(std::string(kDefaultMachines).c_str(), F_OK) == 0;
  if (command.builders.empty() && has_file) command.builders = fmt::format("@{}", kDefaultMachines);
  if (command.builders.empty() && command.machines.empty())
    return usage_error(kName,
                       "there is no machine to look at; name one, or give a list with --builders");
  return command;
}

ExitCode run_doctor(const DoctorCommand& command) {
  try {
    const auto settings = load_settings(command.config);
    Doctor doctor(machines_of(command),
                  {.own_system = own_system(),
                   .own_store = store::store_address_of_environment(),
                   .ssh = settings.ssh});
    const auto diagnoses = doctor.run();
    const auto text = command.json ? view::doctor_json(diagnoses)
                                   : view::doctor_report(
                                         diagnoses, view::style_for(view::facts_of(STDOUT_FILENO)));
    std::fwrite(text.data(), 1, text.size(), stdout);
    const bool all = std::ranges::all_of(diagnoses, &farm::Diagnosis::can_build);
    return all ? ExitCode::success : ExitCode::infrastructure;
  } catch (const Error& e) {
    std::fprintf(stderr, "error: %s\n", e.what());
    if (e.kind() == Kind::cancelled) return ExitCode::interrupted;
    return e.kind() == Kind::invalid ? ExitCode::usage : ExitCode::infrastructure;
  }
}

}  // namespace firn::cli
