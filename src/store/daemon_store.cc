// SPDX-License-Identifier: Apache-2.0
#include "store/daemon_store.h"

#include "aio/phase.h"
#include "aio/pool.h"
#include "base/error.h"
#include "store/build_paths_reply.h"
#include "store/disk_nar.h"
#include "wire/worker_builds.h"
#include "wire/worker_queries.h"
#include "wire/worker_upkeep.h"

#include <algorithm>
#include <chrono>
#include <system_error>
#include <thread>
#include <utility>
#include <variant>

#include <fmt/format.h>

namespace firn::store {

using namespace std::chrono_literals;
namespace fs = std::filesystem;
namespace worker = wire::worker;

namespace {

/// Each connection that adds is a process; more than this many only wait for the database's lock.
constexpr std::size_t kAdding = 4;
constexpr Duration kConnectLimit = 1min;
constexpr Duration kQueryLimit = 5min;
/// A substituter may think for long before the first byte, and says nothing meanwhile.
constexpr Duration kSubstituteLimit = 6h;
constexpr Duration kAddStall = 5min;
/// Whoever asked for a build may end it sooner.
constexpr Duration kBuildCeiling = 7 * 24h;

/// What builds print, and what the daemon says beside it, as lines.
MessageSink lines_into(LogSink log) {
  return [log = std::move(log)](const worker::Message& message) {
    if (const auto* line = std::get_if<worker::LogLine>(&message)) {
      log(line->text);
      return;
    }
    const auto* result = std::get_if<worker::ActivityResult>(&message);
    if (result == nullptr || result->fields.empty()) return;
    if (result->type != worker::ResultType::build_log_line &&
        result->type != worker::ResultType::post_build_log_line)
      return;
    if (const auto* text = std::get_if<std::string>(&result->fields.front())) log(*text + "\n");
  };
}

/// As Nix sets a store up that serves builds to others.
worker::SetOptions options_of(const wire::BuildOptions& options) {
  worker::SetOptions all;
  all.keep_failed = options.keep_failed;
  all.verbosity = worker::Verbosity::error;
  all.max_build_jobs = std::max(1U, std::thread::hardware_concurrency());
  all.max_silent_time = options.max_silent_time;
  all.use_substitutes = false;
  // Whoever asks hears the log, and needs no copy of its end in the error.
  all.overrides["log-lines"] = "0";
  if (options.build_timeout > 0s)
    all.overrides["timeout"] = std::to_string(options.build_timeout.count());
  if (options.max_log_size.value() > 0)
    all.overrides["max-build-log-size"] = std::to_string(options.max_log_size.value());
  return all;
}

/// Fetches what substituters have of `paths`, as far as they have it.
aio::Task<void> fetch(WorkerConnection& daemon, nix::StorePathSet paths) {
  if (worker::has(daemon.protocol(), worker::Since::substitute_valid_paths)) {
    const worker::QueryValidPaths request{.paths = std::move(paths), .substitute = true};
    co_await daemon.call(request);
    co_return;
  }
  std::vector<nix::DerivedPath> targets;
  for (const auto& path : paths)
    if (!path.is_derivation()) targets.emplace_back(path);
  const auto missing = co_await daemon.call(worker::QueryMissing{.targets = std::move(targets)});
  const worker::BuildPaths request{
      .targets = {missing.will_substitute.begin(), missing.will_substitute.end()},
      .mode = worker::BuildMode::normal};
  // What could not be fetched shows in what is valid then.
  if (!request.targets.empty()) co_await daemon.ask(request);
}

/// Asks for the result of each target, where the daemon tells it: the error of all is no more than
/// a text.
aio::Task<wire::BuildPathsReply> build_paths(WorkerConnection& daemon,
                                             std::vector<nix::DerivedPath> targets) {
  if (!wire::can_ask<worker::BuildPathsWithResults>(daemon.protocol())) {
    const auto answer = co_await daemon.ask(worker::BuildPaths{.targets = std::move(targets)});
    const auto* failure = std::get_if<worker::Failure>(&answer);
    if (failure == nullptr) co_return wire::BuildPathsReply{};
    co_return build_paths_reply(*failure, daemon.protocol());
  }
  const auto answer =
      co_await daemon.ask(worker::BuildPathsWithResults{.targets = std::move(targets)});
  if (const auto* failure = std::get_if<worker::Failure>(&answer))
    co_return build_paths_reply(*failure, daemon.protocol());
  co_return build_paths_reply(std::get<0>(answer));
}

/// Daemons below 1.29 do not count. A builder that was started ends in one of these.
void count_rounds(nix::BuildResult& result, worker::Protocol protocol) {
  using enum nix::BuildStatus;
  if (worker::has(protocol, worker::Since::build_times)) return;
  const bool has_run = result.status == built || result.status == permanent_failure ||
                       result.status == output_rejected;
  result.times_built = has_run ? 1 : 0;
}

/// Asks for what only trusted users may do, and what does nothing: to repair no path at all.
aio::Task<bool> lets_repair_nothing(WorkerConnection& daemon) {
  const worker::BuildPaths nothing{.targets = {}, .mode = worker::BuildMode::repair};
  const auto answer = co_await daemon.ask(nothing);
  const auto* failure = std::get_if<worker::Failure>(&answer);
  if (failure == nullptr) co_return true;
  const bool is_distrust = failure->message.find("trusted") != std::string::npos ||
                           failure->message.find("privileged") != std::string::npos;
  if (!is_distrust) throw daemon.refusal(*failure);
  co_return false;
}

aio::Task<bool> ask_for_trust(WorkerConnection& daemon) {
  if (daemon.daemon().trust != worker::Trust::unknown)
    co_return daemon.daemon().trust == worker::Trust::trusted;
  co_return co_await lets_repair_nothing(daemon);
}

/// A symlink at `link`, at once whole. What stands there already is replaced only if it is a
/// link into the store.
void make_link(const std::string& target, const fs::path& link) {
  std::error_code error;
  const auto status = fs::symlink_status(link, error);
  if (fs::exists(status) &&
      (!fs::is_symlink(status) || !fs::read_symlink(link).native().starts_with(nix::kStoreDir))) {
    throw Error(Kind::conflict,
                fmt::format("{} is there already and no link into the store", link.string()));
  }
  const fs::path fresh = link.string() + fmt::format(".firn-{}", ::getpid());
  fs::remove(fresh, error);
  fs::create_symlink(target, fresh, error);
  if (!error) fs::rename(fresh, link, error);
  if (error) throw system_error(error.value(), fmt::format("make the link {}", link.string()));
}

}  // namespace

DaemonStore::DaemonStore(aio::Loop& loop, std::unique_ptr<transport::Connector> connector)
    : loop_(loop),
      pool_(loop, std::move(connector), "the local store"),
      ledger_(loop, pool_),
      adding_(kAdding) {}

DaemonStore::~DaemonStore() = default;

aio::Task<WorkerPool::Lease> DaemonStore::acquire() {
  return aio::within(loop_, "opening the local store", kConnectLimit, pool_.acquire());
}

aio::Task<nix::StorePathSet> DaemonStore::lock(nix::StorePathSet paths) {
  return ledger_.lock(std::move(paths));
}

aio::Task<nix::StorePathSet> DaemonStore::substitute(nix::StorePathSet paths) {
  const auto valid = co_await ledger_.lock(paths);
  if (valid.size() == paths.size()) co_return valid;
  nix::StorePathSet missing;
  std::ranges::set_difference(paths, valid, std::inserter(missing, missing.end()));
  {
    // Another one than that of the roots, which must stay free to answer.
    auto daemon = co_await acquire();
    co_await aio::within(
        loop_, "substituting", kSubstituteLimit, fetch(*daemon, std::move(missing)));
    daemon.keep();
  }
  co_return co_await ledger_.lock(std::move(paths));
}

aio::Task<nix::StorePathSet> DaemonStore::valid(nix::StorePathSet paths) {
  return ledger_.valid(std::move(paths));
}

aio::Task<nix::StorePathSet> DaemonStore::closure(nix::StorePathSet paths) {
  return ledger_.closure(std::move(paths), Ledger::Outputs::left_out);
}

aio::Task<nix::StorePathSet> DaemonStore::closure_with_outputs(nix::StorePathSet paths) {
  return ledger_.closure(std::move(paths), Ledger::Outputs::included);
}

aio::Task<std::vector<nix::PathInfo>> DaemonStore::path_infos(nix::StorePathSet paths) {
  auto infos = co_await ledger_.path_infos(paths);
  for (const auto& info : infos)
    paths.erase(info.path);
  if (!paths.empty()) throw has_gone(*paths.begin());
  co_return infos;
}

aio::Task<std::vector<nix::PathInfo>> DaemonStore::find_path_infos(nix::StorePathSet paths) {
  return ledger_.path_infos(std::move(paths));
}

std::unique_ptr<NarStream> DaemonStore::nar(const nix::StorePath& path) {
  return std::make_unique<DiskNar>(loop_, location(path));
}

aio::Task<void> DaemonStore::add(const nix::PathInfo& info, NarStream& nar) {
  const auto permit = co_await adding_.acquire();
  auto daemon = co_await acquire();
  co_await aio::with_progress(loop_,
                              "adding a path to the local store",
                              kAddStall,
                              daemon->progress(),
                              daemon->add_path(info, nar));
  daemon.keep();
}

/// A connection that has been told how to build; none goes back, for none forgets it.
aio::Task<WorkerPool::Lease> DaemonStore::open_for_build(const wire::BuildOptions& options,
                                                         LogSink log) {
  auto daemon = co_await aio::within(loop_, "opening the local store", kConnectLimit, pool_.open());
  daemon->listen(lines_into(std::move(log)));
  if (!worker::has(daemon->protocol(), worker::Feature::disable_set_options)) {
    const auto all = options_of(options);
    co_await aio::within(loop_, "setting a build up", kQueryLimit, daemon->call(all));
  }
  co_return daemon;
}

aio::Task<nix::BuildResult> DaemonStore::build(const wire::BuildDerivation& request, LogSink log) {
  auto daemon = co_await open_for_build(request.options, std::move(log));
  const worker::BuildDerivation build{.drv_path = request.drv_path,
                                      .derivation = request.derivation,
                                      .mode = worker::BuildMode::normal};
  auto result = co_await aio::within(loop_, "building", kBuildCeiling, daemon->call(build));
  count_rounds(result, daemon->protocol());
  nix::StorePathSet outputs;
  for (const auto& [name, output] : request.derivation.outputs)
    if (output.path) outputs.insert(*output.path);
  for (const auto& [name, realisation] : result.built_outputs)
    outputs.insert(realisation.out_path);
  if (nix::is_success(result.status)) co_await lock(std::move(outputs));
  co_return result;
}

aio::Task<wire::BuildPathsReply> DaemonStore::build(const wire::BuildPaths& request, LogSink log) {
  std::vector<nix::DerivedPath> targets;
  nix::StorePathSet drvs;
  for (const auto& target : request.targets) {
    targets.push_back(nix::parse_old_derived_path(target));
    drvs.insert(nix::parse_store_path(std::string_view(target).substr(0, target.find('!'))));
  }
  auto daemon = co_await open_for_build(request.options, std::move(log));
  auto reply =
      co_await aio::within(loop_, "building", kBuildCeiling, build_paths(*daemon, targets));
  if (reply.exit_status == 0) co_await lock(co_await closure_with_outputs(std::move(drvs)));
  co_return reply;
}

aio::Task<void> DaemonStore::add_root(const nix::StorePath& path, std::filesystem::path link) {
  link = fs::absolute(link).lexically_normal();
  const auto valid = co_await lock({path});
  if (valid.empty()) throw has_gone(path);
  co_await loop_.blocking().run([target = path.str(), link] { make_link(target, link); });
  auto daemon = co_await acquire();
  const worker::AddIndirectRoot request{.link = link};
  co_await aio::within(loop_, "registering a root", kQueryLimit, daemon->call(request));
  daemon.keep();
}

aio::Task<bool> DaemonStore::is_trusting() {
  if (trusting_) co_return *trusting_;
  auto daemon = co_await acquire();
  trusting_ = co_await aio::within(
      loop_, "asking the local store for trust", kQueryLimit, ask_for_trust(*daemon));
  daemon.keep();
  co_return *trusting_;
}

aio::Task<void> DaemonStore::close() {
  ledger_.close();
  co_await pool_.close();
}

}  // namespace firn::store
