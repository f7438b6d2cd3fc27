// SPDX-License-Identifier: Apache-2.0
#include "cli/build_command.h"

#include "aio/errors.h"
#include "aio/loop.h"
#include "aio/scope.h"
#include "aio/signals.h"
#include "base/fd.h"
#include "cli/check_config.h"
#include "cli/machines.h"
#include "cli/machines_follower.h"
#include "cli/out_links.h"
#include "cli/output.h"
#include "cli/signing_keys.h"
#include "cli/state_folder.h"
#include "config/settings.h"
#include "eval/evaluate.h"
#include "farm/ahead.h"
#include "farm/graph_run.h"
#include "farm/machine_access.h"
#include "store/daemon_store.h"
#include "transport/recording_link.h"
#include "transport/ssh_connector.h"
#include "view/failure_report.h"
#include "view/terminal.h"
#include "view/view.h"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <exception>
#include <fcntl.h>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace firn::cli {

using namespace std::chrono_literals;

namespace {

constexpr Duration kFrame = 100ms;
constexpr Duration kStoreCloseLimit = 10s;

/// When all is done: a reader that takes nothing for so long does not get the rest.
constexpr Duration kPatienceWithReaders = 30s;

constexpr std::string_view kUntrusted =
    "the local nix-daemon does not trust this user, so it would not take from us what other "
    "machines build. Three ways out: "
    "let an administrator add this user to trusted-users in nix.conf; let the builders sign what "
    "they build "
    "(secret-key-files there) with a key that is in trusted-public-keys here, and fetch it with "
    "nix copy; "
    "or build on this machine alone, with --builders ''";

std::filesystem::path log_folder(const BuildOptions& options) {
  const std::filesystem::path folder = options.log_dir.value_or(state_folder() / "log");
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error)
    throw system_error(
        error.value(),
        fmt::format("make the log folder {}; choose another with --log-dir", folder.string()));
  return std::filesystem::absolute(folder);
}

farm::RunOptions run_options(const BuildOptions& options,
                             const config::Settings& settings,
                             std::span<const nix::SecretKey> signing_keys) {
  auto scheduling = settings.scheduling;
  scheduling.keep_going = options.keep_going;
  scheduling.seed = std::random_device{}();
  return {.max_silent_time = std::chrono::ceil<std::chrono::seconds>(options.max_silent_time),
          .timeout = std::chrono::ceil<std::chrono::seconds>(options.timeout),
          .limits = settings.attempt,
          .sessions = settings.sessions,
          .scheduling = scheduling,
          .log_folder = {.path = log_folder(options).string()},
          .log_limits = settings.logs,
          .own_system = own_system(),
          .signing_keys = signing_keys};
}

ExitCode exit_code_of(const Error& error) {
  switch (error.kind()) {
    case Kind::cancelled:
      return ExitCode::interrupted;
    case Kind::invalid:
    case Kind::not_found:
      return ExitCode::usage;
    default:
      return ExitCode::infrastructure;
  }
}

ExitCode exit_code_of(const sched::Counts& counts) {
  if (counts.failed > 0) return ExitCode::build_failed;
  return counts.aborted > 0 || counts.unfinished() > 0 ? ExitCode::infrastructure
                                                       : ExitCode::success;
}

/// Whether a terminal controls us: SIGHUP tells that it has gone.
bool has_terminal() {
  const Fd terminal(::open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC));
  return terminal.get() >= 0;
}

/// One invocation: its objects, in the order in which they need each other.
class BuildCommand {
 public:
  BuildCommand(const BuildOptions& options,
               const config::Settings& settings,
               std::span<const nix::SecretKey> signing_keys)
      : options_(options),
        settings_(settings),
        signing_keys_(signing_keys),
        store_(loop_,
               recorded(store::worker_connector(loop_, options.store), "local-store"),
               settings.store),
        signals_(loop_, {SIGINT, SIGTERM, SIGHUP}) {}

  ExitCode run() {
    loop_.run(main());
    return code_;
  }

 private:
  aio::Task<void> main();
  aio::Task<void> do_all();
  void conclude(const std::exception_ptr& error);
  aio::Task<void> flush();
  aio::Task<void> work();
  aio::Task<void> watch_signals();
  aio::Task<void> animate();
  MachinesFollower& follower();
  aio::Task<void> follow_machines();
  farm::ReachedMachine reach(const nix::Machine& machine);
  void stop_work();
  aio::Task<farm::Graph> load(std::function<void()> on_missing);
  aio::Task<void> work_on(farm::GraphRun& run);
  std::unique_ptr<transport::Connector> recorded(std::unique_ptr<transport::Connector> connector,
                                                 std::string peer);
  void refuse_unsupported(const farm::GraphRun& run) const;
  aio::Task<void> refuse_untrusted(const farm::GraphRun& run);
  aio::Task<void> build(farm::GraphRun& run);
  std::string plan_of(const farm::GraphRun& run) const;
  std::unique_ptr<view::View> make_view();
  void tell_of_recording();
  void tell_of_lost_output(const std::string& why);

  const BuildOptions& options_;
  const config::Settings& settings_;
  std::span<const nix::SecretKey> signing_keys_;
  aio::Loop loop_;
  std::optional<transport::Recorder> recorder_;
  store::DaemonStore store_;
  transport::SocketFolder sockets_;
  aio::Signals signals_;
  eval::EvaluationRoots roots_;
  std::optional<MachinesFollower> follower_;
  const bool had_terminal_ = has_terminal();
  Output err_{loop_, STDERR_FILENO};
  Output out_{loop_, STDOUT_FILENO, [this](const auto& why) { tell_of_lost_output(why); }};
  /// Printed last of all.
  std::string results_;
  farm::Run* run_ = nullptr;
  view::View* view_ = nullptr;
  aio::Scope* work_ = nullptr;
  bool interrupted_ = false;
  ExitCode code_ = ExitCode::success;
};

aio::Task<void> BuildCommand::main() {
  aio::Scope watching(loop_);
  watching.spawn(&BuildCommand::watch_signals, *this);
  std::exception_ptr error;
  try {
    co_await do_all();
  } catch (...) {
    error = std::current_exception();
  }
  conclude(error);
  co_await flush();
  co_await watching.close();
}

aio::Task<void> BuildCommand::do_all() {
  aio::Scope working(loop_);
  work_ = &working;
  working.spawn(&BuildCommand::work, *this);
  std::exception_ptr error;
  try {
    co_await working.join();
  } catch (...) {
    error = std::current_exception();
  }
  work_ = nullptr;
  try {
    co_await aio::shielded(loop_, "closing the local store", kStoreCloseLimit, store_.close());
  } catch (...) {
    if (!error) error = std::current_exception();
  }
  if (error) std::rethrow_exception(error);
}

void BuildCommand::conclude(const std::exception_ptr& error) {
  tell_of_recording();
  if (interrupted_) {
    code_ = ExitCode::interrupted;
  } else if (error) {
    const Error e = aio::to_error(error);
    code_ = exit_code_of(e);
    err_.write(fmt::format("error: {}\n", e.what()));
  }
}

/// On a terminal both are seen in one place: the results come after the summary.
aio::Task<void> BuildCommand::flush() {
  co_await err_.flush(kPatienceWithReaders);
  if (code_ == ExitCode::success) out_.write(results_);
  co_await out_.flush(kPatienceWithReaders);
  if (code_ == ExitCode::success && out_.has_failed()) code_ = ExitCode::infrastructure;
  co_await err_.flush(kPatienceWithReaders);
}

void BuildCommand::tell_of_lost_output(const std::string& why) {
  err_.write(fmt::format("warning: what goes to standard output is lost from here on: {}\n", why));
}

void BuildCommand::tell_of_recording() {
  if (!recorder_) return;
  if (const auto& failure = recorder_->failure())
    err_.write(fmt::format("warning: the recording is not whole: {}\n", failure->what()));
}

/// SIGHUP has the machines read again, unless it tells that our terminal has gone. Of the others,
/// the first one stops the work in good order, the second one at once.
aio::Task<void> BuildCommand::watch_signals() {
  while (true) {
    const int signal = co_await signals_.next();
    if (signal == SIGHUP && has_terminal() == had_terminal_) {
      if (follower_) follower_->ask();
      continue;
    }
    if (interrupted_) ::_exit(static_cast<int>(ExitCode::interrupted));
    stop_work();
  }
}

void BuildCommand::stop_work() {
  interrupted_ = true;
  if (view_ != nullptr)
    view_->note("stopping: running builds are being cancelled; once more to leave at once",
                loop_.timers().now());
  if (run_ != nullptr) {
    run_->interrupt();
  } else if (work_ != nullptr) {
    work_->cancel();
  }
}

MachinesFollower& BuildCommand::follower() {
  FIRN_CHECK(follower_.has_value());
  return *follower_;
}

/// A machines file that cannot be used costs nobody a machine.
aio::Task<void> BuildCommand::follow_machines() {
  while (true) {
    std::optional<Error> problem;
    try {
      auto machines = co_await follower().next();
      if (!std::ranges::all_of(machines, farm::is_local) && !co_await store_.is_trusting())
        throw Error(Kind::permission, std::string(kUntrusted));
      run_->change_machines(machines, [this](const auto& machine) { return reach(machine); });
    } catch (const Error& e) {
      if (e.kind() == Kind::cancelled || e.kind() == Kind::internal) throw;
      problem = e;
    }
    if (problem) {
      view_->note(fmt::format("warning: {}; the machines stay as they were", problem->what()),
                  loop_.timers().now());
    }
  }
}

farm::ReachedMachine BuildCommand::reach(const nix::Machine& machine) {
  auto reached = farm::reach(loop_, sockets_, machine, settings_.ssh);
  reached.connector = recorded(std::move(reached.connector), farm::name_of(machine));
  return reached;
}

aio::Task<farm::Graph> BuildCommand::load(std::function<void()> on_missing) {
  // Where it cannot be reached, we say so in one sentence; Nix would take several.
  co_await store_.lock({});
  const eval::Hold hold = [this](nix::StorePathSet drvs) { return store_.lock(std::move(drvs)); };
  auto options = options_.evaluation;
  options.stall = settings_.evaluation_stall;
  const auto evaluation = co_await eval::evaluate(loop_, options_.request, roots_, hold, options);
  if (!evaluation.notes.empty()) err_.write(evaluation.notes + "\n");
  std::vector<farm::Wanted> wanted;
  wanted.reserve(evaluation.targets.size());
  for (const auto& target : evaluation.targets)
    wanted.push_back({.drv = target.drv, .outputs = target.outputs});
  co_return co_await farm::load_graph(loop_, store_, wanted, {.on_missing = std::move(on_missing)});
}

aio::Task<void> BuildCommand::work() {
  auto machines = assemble_machines(options_.builders, options_.max_jobs);
  for (const auto& warning : machines.warnings)
    err_.write(fmt::format("warning: {}\n", warning));
  follower_.emplace(loop_, options_.builders, options_.max_jobs, machines.files);
  if (const auto& blindness = follower_->blindness(); !blindness.empty())
    err_.write(fmt::format("warning: changes of the machines file are not seen: {}\n", blindness));
  std::vector<farm::ReachedMachine> reached;
  reached.reserve(machines.machines.size());
  for (const auto& machine : machines.machines)
    reached.push_back(reach(machine));
  std::optional<farm::GraphRun> run;
  farm::ConnectionsAhead ahead(loop_, reached, settings_.attempt.connecting);
  std::exception_ptr error;
  try {
    auto graph = co_await load([&] {
      if (!options_.dry_run) ahead.start();
    });
    run.emplace(loop_,
                store_,
                std::move(reached),
                std::move(graph),
                run_options(options_, settings_, signing_keys_));
    co_await work_on(*run);
  } catch (...) {
    error = std::current_exception();
  }
  co_await ahead.close();
  if (error) std::rethrow_exception(error);
}

aio::Task<void> BuildCommand::work_on(farm::GraphRun& run) {
  if (!run.graph().nodes.empty()) {
    refuse_unsupported(run);
    co_await refuse_untrusted(run);
  }
  if (options_.dry_run) {
    results_ = plan_of(run);
    co_return;
  }
  co_await build(run);
  if (code_ != ExitCode::success || interrupted_) co_return;
  if (options_.out_link) co_await make_out_links(store_, run.graph().results, *options_.out_link);
  if (options_.json) co_return;
  for (const auto& result : run.graph().results)
    results_ += result.path.str() + "\n";
}

std::unique_ptr<transport::Connector> BuildCommand::recorded(
    std::unique_ptr<transport::Connector> connector, std::string peer) {
  if (!options_.record) return connector;
  if (!recorder_) recorder_.emplace(loop_, *options_.record);
  return recorder_->record(std::move(connector), std::move(peer));
}

void BuildCommand::refuse_unsupported(const farm::GraphRun& run) const {
  const auto unsupported = run.unsupported();
  if (unsupported.empty() || options_.keep_going) return;
  const auto& first = unsupported.front();
  std::string others;
  if (unsupported.size() > 1)
    others = fmt::format(" (and {} more like it)", unsupported.size() - 1);
  throw Error(Kind::unavailable,
              fmt::format("{} cannot be built: {}{}; name a machine that has what it needs with "
                          "--builders, or build the rest with --keep-going",
                          first.drv.str(),
                          first.reason,
                          others));
}

aio::Task<void> BuildCommand::refuse_untrusted(const farm::GraphRun& run) {
  if (!run.run().has_remote_machines() || co_await store_.is_trusting()) co_return;
  throw Error(Kind::permission, std::string(kUntrusted));
}

std::unique_ptr<view::View> BuildCommand::make_view() {
  const view::ClockAnchor clock{.steady = loop_.timers().now(),
                                .wall = std::chrono::time_point_cast<std::chrono::milliseconds>(
                                    std::chrono::system_clock::now())};
  if (options_.json) return view::make_view(view::ViewKind::json, out_, {}, clock);
  const auto facts = view::facts_of(STDERR_FILENO);
  return view::make_view(view::default_view(facts), err_, view::style_for(facts), clock);
}

aio::Task<void> BuildCommand::animate() {
  while (true) {
    co_await aio::sleep_for(loop_, kFrame);
    view_->repaint(loop_.timers().now());
  }
}

aio::Task<void> BuildCommand::build(farm::GraphRun& run) {
  const auto view = make_view();
  aio::Scope animation(loop_);
  view_ = view.get();
  run_ = &run.run();
  if (interrupted_) run.run().interrupt();
  animation.spawn(&BuildCommand::animate, *this);
  animation.spawn(&MachinesFollower::watch, follower());
  animation.spawn(&BuildCommand::follow_machines, *this);
  std::exception_ptr error;
  try {
    code_ = exit_code_of(co_await run.execute(*view));
  } catch (...) {
    error = std::current_exception();
  }
  co_await animation.close();
  run_ = nullptr;
  view->finish(loop_.timers().now());
  view_ = nullptr;
  if (error) std::rethrow_exception(error);
  err_.write(view::failure_report(view->model(), view::style_for(view::facts_of(STDERR_FILENO))));
}

std::string BuildCommand::plan_of(const farm::GraphRun& run) const {
  const auto steps = run.plan();
  std::string text;
  if (options_.json) {
    for (const auto& step : steps) {
      text += fmt::format("{{\"event\":\"planned\",\"drv\":\"{}\",\"machine\":\"{}\"}}\n",
                          step.drv.str(),
                          step.machine);
    }
    return text;
  }
  if (!steps.empty()) text = fmt::format("{} derivations would be built:\n", steps.size());
  for (const auto& step : steps)
    text += fmt::format("  {}  on {}\n", step.drv.str(), step.machine);
  text += fmt::format("{} derivations that were looked at are there already\n",
                      run.graph().already_valid);
  return text;
}

}  // namespace

ExitCode run_build(const BuildOptions& options) {
  // Whatever we start works on the same store.
  ::setenv("NIX_REMOTE", options.store.str().c_str(), 1);
  config::Settings settings;
  std::vector<nix::SecretKey> signing_keys;
  try {
    settings = load_settings(options.config);
    signing_keys = load_signing_keys(settings.secret_key_files);
  } catch (const Error& e) {
    std::fprintf(stderr, "error: %s\n", e.what());
    return ExitCode::usage;
  }
  BuildCommand command(options, settings, signing_keys);
  return command.run();
}

}  // namespace firn::cli
