// SPDX-License-Identifier: Apache-2.0
#include "cli/queue_runner.h"

#include "aio/acceptor.h"
#include "aio/errors.h"
#include "aio/loop.h"
#include "aio/phase.h"
#include "aio/scope.h"
#include "aio/signals.h"
#include "aio/tcp_socket.h"
#include "cli/check_config.h"
#include "cli/database_address.h"
#include "cli/machines.h"
#include "cli/machines_follower.h"
#include "cli/runner_status.h"
#include "cli/schedule_recording.h"
#include "cli/signing_keys.h"
#include "config/hydra_conf.h"
#include "config/hydra_environment.h"
#include "config/settings.h"
#include "db/address.h"
#include "farm/machine_access.h"
#include "queue/database.h"
#include "queue/host_lock.h"
#include "queue/http_host.h"
#include "queue/runner.h"
#include "store/daemon_store.h"
#include "store/store_address.h"
#include "transport/ssh_connector.h"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <unistd.h>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/format.h>

namespace firn::cli {

using namespace std::chrono_literals;

namespace {

constexpr Duration kStoreCloseLimit = 10s;
constexpr const char* kMachinesFile = "/etc/nix/machines";

/// QR-110: 60 s, three times that after each further try.
constexpr sched::BackOff kStepBackOff{.first = 60s, .factor = 3, .limit = 30min, .jitter = 0.1};
/// QR-051
constexpr sched::BackOff kMachineBackOff{.first = 60s, .factor = 3, .limit = 27min, .jitter = 0.25};

/// A queue waits for its store as long as it takes.
constexpr Duration kStoreOutage = 24h * 365;

constexpr int kUnlockTries = 10;
constexpr Duration kUnlockPause = 500ms;

void tell(const std::string& text) {
  std::fprintf(stderr, "firn: %s\n", text.c_str());
}

/// Everything that is settled before the database is touched.
struct Setting {
  std::shared_ptr<const db::Address> database;
  config::HydraEnvironment environment;
  config::HydraConf conf;
  config::Settings settings;
  std::vector<nix::SecretKey> signing_keys;
  store::StoreAddress store;
  std::string builders;
  std::uint32_t own_jobs = 0;
};

config::HydraConf load_conf(const config::HydraEnvironment& environment) {
  const auto configuration = config::load_hydra_conf(environment);
  std::string fatal;
  for (const auto& problem : configuration.problems) {
    if (problem.is_fatal) {
      fatal += (fatal.empty() ? "" : "\nerror: ") + problem.str();
    } else {
      tell(problem.str());
    }
  }
  if (!fatal.empty()) throw Error(Kind::invalid, fatal);
  return configuration.conf;
}

/// QR-030: those of the environment, else the one of Nix; where there is none, this machine.
std::string builders_of(const config::HydraEnvironment& environment) {
  std::vector<std::string> files;
  if (environment.machines_files) {
    files = *environment.machines_files;
  } else if (std::filesystem::exists(kMachinesFile)) {
    files.emplace_back(kMachinesFile);
  }
  std::string builders;
  for (const auto& file : files)
    builders += (builders.empty() ? "@" : ";@") + file;
  return builders;
}

Setting make_setting(const QueueRunnerOptions& options) {
  if (!options.data.empty()) ::setenv("HYDRA_DATA", options.data.c_str(), 1);
  auto environment = config::hydra_environment();
  auto conf = load_conf(environment);
  auto settings = load_settings(
      options.config.empty() ? std::nullopt : std::optional<std::filesystem::path>(options.config));
  auto keys = load_signing_keys(settings.secret_key_files);
  auto builders = builders_of(environment);
  const auto processors = std::max(std::thread::hardware_concurrency(), 1U);
  const std::uint32_t own_jobs = !builders.empty()      ? 0
                                 : options.max_jobs > 0 ? options.max_jobs
                                                        : processors;
  auto remote = environment.nix_remote.empty() ? std::string("auto") : environment.nix_remote;
  auto database = database_address(options.database);
  return {.database = std::make_shared<const db::Address>(std::move(database)),
          .environment = std::move(environment),
          .conf = std::move(conf),
          .settings = std::move(settings),
          .signing_keys = std::move(keys),
          .store = store::parse_store_address(remote),
          .builders = std::move(builders),
          .own_jobs = own_jobs};
}

queue::RunnerOptions make_runner_options(const QueueRunnerOptions& options,
                                         const Setting& setting) {
  auto scheduling = setting.settings.scheduling;
  scheduling.keep_going = true;
  scheduling.waits_for_machines = true;
  scheduling.seed = std::random_device{}();
  scheduling.step_back_off = kStepBackOff;
  scheduling.machine_back_off = kMachineBackOff;
  auto limits = setting.settings.attempt;
  limits.destination_outage = kStoreOutage;
  auto logs = setting.settings.logs;
  if (setting.conf.max_log_size > ByteCount()) logs.ceiling = setting.conf.max_log_size;
  return {
      .run = {.limits = limits,
              .sessions = setting.settings.sessions,
              .scheduling = scheduling,
              .log_folder = {.path = setting.environment.data, .naming = farm::LogNaming::hydra},
              .log_limits = logs,
              .own_system = own_system(),
              .signing_keys = setting.signing_keys},
      .tell = tell,
      .data_folder = setting.environment.data,
      .roots_folder = config::roots_folder(setting.conf, setting.environment),
      .use_substitutes = setting.conf.use_substitutes,
      .drain = options.drain,
      .only = options.build_one ? std::optional(db::BuildId(*options.build_one)) : std::nullopt};
}

/// Those who fetch pages at a time.
constexpr std::size_t kReaders = 16;

/// What is served over HTTP.
std::optional<queue::HttpPage> page_of(const queue::Runner& runner, std::string_view path) {
  if (path == "/metrics")
    return queue::HttpPage{.content_type = "text/plain; version=0.0.4; charset=utf-8",
                           .body = queue::to_exposition(runner.metrics())};
  if (path == "/status")
    return queue::HttpPage{.content_type = "application/json", .body = runner.status()};
  return std::nullopt;
}

/// One invocation: its objects, in the order in which they need each other.
class QueueRunnerCommand {
 public:
  QueueRunnerCommand(const QueueRunnerOptions& options, const Setting& setting)
      : options_(options),
        setting_(setting),
        store_(loop_, store::worker_connector(loop_, setting.store), setting.settings.store),
        signals_(loop_, {SIGINT, SIGTERM, SIGHUP}),
        pages_(loop_, [this](std::string_view path) { return page_of(runner(), path); }) {
    if (!options.prometheus_address.empty())
      readers_.emplace(loop_,
                       aio::listen_tcp(aio::parse_tcp_address(options.prometheus_address)),
                       pages_,
                       kReaders);
  }

  ExitCode run() {
    loop_.run(main());
    return code_;
  }

 private:
  aio::Task<void> main();
  aio::Task<void> work();
  aio::Task<void> watch_signals();
  aio::Task<void> follow_machines();
  farm::ReachedMachine reach(const nix::Machine& machine);
  MachinesFollower& follower();
  queue::Runner& runner();

  const QueueRunnerOptions& options_;
  const Setting& setting_;
  aio::Loop loop_;
  store::DaemonStore store_;
  transport::SocketFolder sockets_;
  aio::Signals signals_;
  std::optional<MachinesFollower> follower_;
  std::optional<ScheduleRecording> recording_;
  std::optional<queue::Runner> runner_;
  queue::HttpHost pages_;
  std::optional<aio::Acceptor> readers_;
  bool is_stopping_ = false;
  ExitCode code_ = ExitCode::success;
};

MachinesFollower& QueueRunnerCommand::follower() {
  FIRN_CHECK(follower_.has_value());
  return *follower_;
}

queue::Runner& QueueRunnerCommand::runner() {
  FIRN_CHECK(runner_.has_value());
  return *runner_;
}

farm::ReachedMachine QueueRunnerCommand::reach(const nix::Machine& machine) {
  return farm::reach(loop_, sockets_, machine, setting_.settings.ssh);
}

aio::Task<void> QueueRunnerCommand::main() {
  std::exception_ptr error;
  try {
    co_await work();
  } catch (...) {
    error = std::current_exception();
  }
  co_await aio::shielded(loop_, "closing the local store", kStoreCloseLimit, store_.close());
  if (recording_) co_await recording_->close();
  if (!error) co_return;
  const Error e = aio::to_error(error);
  std::fprintf(stderr, "error: %s\n", e.what());
  code_ = e.kind() == Kind::invalid || e.kind() == Kind::not_found ? ExitCode::usage
                                                                   : ExitCode::infrastructure;
}

aio::Task<void> QueueRunnerCommand::work() {
  // Where it cannot be reached, we say so before anything is taken over.
  co_await store_.lock({});
  auto machines = find_machines(setting_.builders, setting_.own_jobs);
  for (const auto& warning : machines.warnings)
    tell(warning);
  if (machines.machines.empty())
    tell("there is no machine to build on: steps wait until a machines file names one");
  follower_.emplace(loop_, setting_.builders, setting_.own_jobs, machines.files);
  std::vector<farm::ReachedMachine> reached;
  reached.reserve(machines.machines.size());
  for (const auto& machine : machines.machines)
    reached.push_back(reach(machine));
  auto runner_options = make_runner_options(options_, setting_);
  if (!options_.record_schedule.empty()) {
    recording_.emplace(loop_, options_.record_schedule, tell);
    runner_options.run.journal = &recording_->journal();
  }
  runner_.emplace(loop_, store_, setting_.database, std::move(reached), std::move(runner_options));
  aio::Scope beside(loop_);
  beside.spawn(&QueueRunnerCommand::watch_signals, *this);
  beside.spawn(&MachinesFollower::watch, follower());
  beside.spawn(&QueueRunnerCommand::follow_machines, *this);
  if (readers_) beside.spawn(&aio::Acceptor::run, *readers_);
  std::exception_ptr error;
  try {
    co_await runner().execute();
  } catch (...) {
    error = std::current_exception();
  }
  co_await beside.close();
  if (error) std::rethrow_exception(error);
  if (!options_.build_one) co_return;
  const auto status = runner().only_status();
  code_ = status == db::Status::success ? ExitCode::success : ExitCode::build_failed;
}

/// The first one stops the work in good order, the second one at once.
aio::Task<void> QueueRunnerCommand::watch_signals() {
  while (true) {
    const int signal = co_await signals_.next();
    if (signal == SIGHUP) {
      follower().ask();
      continue;
    }
    if (std::exchange(is_stopping_, true)) ::_exit(static_cast<int>(ExitCode::interrupted));
    runner().stop();
  }
}

/// A machines file that cannot be used costs nobody a machine.
aio::Task<void> QueueRunnerCommand::follow_machines() {
  while (true) {
    std::optional<Error> problem;
    try {
      const auto machines = co_await follower().next();
      runner().change_machines(machines, [this](const auto& machine) { return reach(machine); });
    } catch (const Error& e) {
      if (e.kind() == Kind::cancelled || e.kind() == Kind::internal) throw;
      problem = e;
    }
    if (problem) tell(fmt::format("{}; the machines stay as they were", problem->what()));
  }
}

/// QR-002: refuses while a runner lives.
aio::Task<void> unlock(aio::Loop& loop, const Setting& setting) {
  const auto lock = queue::HostLock::try_take(setting.environment.data);
  if (const auto* holder = std::get_if<queue::LockHolder>(&lock)) {
    throw Error(Kind::conflict,
                fmt::format("{} is held by {}; there is nothing to unlock while a runner works",
                            holder->file,
                            holder->name));
  }
  queue::Lead lead(loop, setting.database);
  // The server may take a moment to notice that a runner has died.
  for (int tries = 1; !co_await lead.try_to_take(); ++tries) {
    if (tries == kUnlockTries) {
      throw Error(Kind::conflict,
                  "a runner works on this database; there is nothing to unlock while it does");
    }
    co_await aio::sleep_for(loop, kUnlockPause);
  }
  co_await lead.forget_status();
}

}  // namespace

ExitCode run_queue_runner(const QueueRunnerOptions& options) {
  try {
    if (options.status) {
      std::printf("%s\n", runner_status(database_address(options.database)).c_str());
      return ExitCode::success;
    }
    const auto setting = make_setting(options);
    if (!options.unlock) return QueueRunnerCommand(options, setting).run();
    aio::Loop loop;
    loop.run(unlock(loop, setting));
    return ExitCode::success;
  } catch (const Error& e) {
    std::fprintf(stderr, "error: %s\n", e.what());
    return e.kind() == Kind::unavailable || e.kind() == Kind::timeout ? ExitCode::infrastructure
                                                                      : ExitCode::usage;
  }
}

}  // namespace firn::cli
