// SPDX-License-Identifier: Apache-2.0
// The program: finds the subcommand and leaves.
#include "base/error.h"
#include "cli/build_command.h"
#include "cli/build_options.h"
#include "cli/check_config.h"
#include "cli/db_command.h"
#include "cli/doctor_command.h"
#include "cli/exit_code.h"
#include "cli/inspect.h"
#include "cli/inspect_options.h"
#include "cli/queue_command.h"
#include "cli/queue_options.h"
#include "cli/queue_runner.h"
#include "cli/queue_runner_options.h"
#include "cli/serve_store.h"
#include "cli/simulate_command.h"
#include "cli/simulate_options.h"
#include "cli/version.h"

#include <chrono>
#include <cstdio>
#include <fcntl.h>
#include <string_view>
#include <unistd.h>
#include <variant>

namespace {

using firn::cli::ExitCode;

constexpr std::string_view kHelp =
    "usage: firn COMMAND [ARGUMENT...]\n"
    "\n"
    "A build farm for Nix. Builders need sshd and Nix, nothing else.\n"
    "\n"
    "  build         evaluate an expression and build it on this and other machines\n"
    "  check-config  name what is wrong with a configuration file\n"
    "  db            make the tables of the queue\n"
    "  doctor        test machines end to end, and say what to fix\n"
    "  inspect       show and check what Nix stores and sends\n"
    "  queue         show and steer the queue: add, cancel, restart, bump, logs, machines\n"
    "  queue-runner  build what is queued in a database\n"
    "  serve-store   serve a store to Nix clients, as nix-store --serve does\n"
    "  simulate      run a queue in virtual time, and compare orders\n"
    "\n"
    "firn COMMAND --help tells more. firn --version prints the version.\n";

/// A descriptor below 3 that is closed would be given to the next file that is opened, and to every
/// child.
void fill_standard_descriptors() {
  for (int fd = ::open("/dev/null", O_RDWR | O_CLOEXEC); fd >= 0;
       fd = ::open("/dev/null", O_RDWR | O_CLOEXEC)) {
    if (fd > STDERR_FILENO) {
      ::close(fd);
      return;
    }
    ::fcntl(fd, F_SETFD, 0);
  }
}

int status(ExitCode code) {
  return static_cast<int>(code);
}

/// Carries out `run` with what was parsed, unless the command is over already.
template <class Parsed, class Run>
int with_options(const Parsed& parsed, Run run) {
  if (const auto* exit = std::get_if<firn::cli::Exit>(&parsed)) {
    std::fputs(exit->text.c_str(), exit->code == ExitCode::success ? stdout : stderr);
    return status(exit->code);
  }
  return run(std::get<0>(parsed));
}

int build(const firn::cli::BuildOptions& options) {
  return status(firn::cli::run_build(options));
}

int inspect(const firn::cli::InspectOptions& options) {
  return status(firn::cli::run_inspect(options));
}

int check_config(const firn::cli::CheckConfigOptions& options) {
  return status(firn::cli::run_check_config(options));
}

int doctor(const firn::cli::DoctorCommand& command) {
  return status(firn::cli::run_doctor(command));
}

int db_init(const firn::cli::DbInitOptions& options) {
  return status(firn::cli::run_db_init(options));
}

int queue(const firn::cli::QueueOptions& options) {
  return status(firn::cli::run_queue(options));
}

firn::WallTime now() {
  return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

int queue_runner(const firn::cli::QueueRunnerOptions& options) {
  return status(firn::cli::run_queue_runner(options));
}

int simulate(const firn::cli::SimulateOptions& options) {
  return status(firn::cli::run_simulate(options));
}

int dispatch(int argc, char** argv) {
  namespace cli = firn::cli;
  if (argc > 0 && cli::is_nix_store(argv[0]))
    return with_options(cli::parse_nix_store(argc, argv), cli::run_serve_store);
  const std::string_view command = argc > 1 ? argv[1] : "--help";
  if (command == "build") return with_options(cli::parse_build_options(argc - 1, argv + 1), build);
  if (command == "check-config")
    return with_options(cli::parse_check_config(argc - 1, argv + 1), check_config);
  if (command == "db") return with_options(cli::parse_db(argc - 1, argv + 1), db_init);
  if (command == "doctor") return with_options(cli::parse_doctor(argc - 1, argv + 1), doctor);
  if (command == "inspect")
    return with_options(cli::parse_inspect_options(argc - 1, argv + 1), inspect);
  if (command == "queue") return with_options(cli::parse_queue(argc - 1, argv + 1, now()), queue);
  if (command == "queue-runner")
    return with_options(cli::parse_queue_runner(argc - 1, argv + 1), queue_runner);
  if (command == "serve-store")
    return with_options(cli::parse_serve_store(argc - 1, argv + 1), cli::run_serve_store);
  if (command == "simulate") return with_options(cli::parse_simulate(argc - 1, argv + 1), simulate);
  if (command == "--version") {
    std::printf("firn %s\n", cli::kVersion);
    return status(ExitCode::success);
  }
  if (command == "--help" || command == "-h" || command == "help") {
    std::fwrite(kHelp.data(), 1, kHelp.size(), argc > 1 ? stdout : stderr);
    return status(argc > 1 ? ExitCode::success : ExitCode::usage);
  }
  std::fprintf(
      stderr, "error: firn has no command '%s'; firn --help lists what there is\n", argv[1]);
  return status(ExitCode::usage);
}

}  // namespace

int main(int argc, char** argv) {
  fill_standard_descriptors();
  try {
    return dispatch(argc, argv);
  } catch (const firn::Error& e) {
    std::fprintf(stderr, "error: %s\n", e.what());
  } catch (const std::exception& e) {
    std::fprintf(stderr, "error: %s\n", e.what());
  }
  return status(ExitCode::infrastructure);
}
