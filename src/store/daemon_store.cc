// SPDX-License-Identifier: Apache-2.0
#include "store/daemon_store.h"

#include "aio/phase.h"
#include "aio/pool.h"
#include "base/error.h"
#include "store/disk_nar.h"
#include "store/worker_requests.h"
#include "wire/worker_builds.h"
#include "wire/worker_queries.h"
#include "wire/worker_upkeep.h"

#include <algorithm>
#include <chrono>
#include <system_error>
#include <utility>

#include <fmt/format.h>

namespace firn::store {

using namespace std::chrono_literals;
namespace fs = std::filesystem;
namespace worker = wire::worker;

namespace {

/// Each connection that adds is a process; more than this many only wait for the database's lock.
constexpr std::size_t kAdding = 4;
/// Whoever asked for a build may end it sooner.
constexpr Duration kBuildCeiling = 7 * 24h;

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

DaemonStore::DaemonStore(aio::Loop& loop,
                         std::unique_ptr<transport::Connector> connector,
                         const StoreLimits& limits)
    : loop_(loop),
      limits_(limits),
      pool_(loop, std::move(connector), "the local store", limits.adding_answer),
      ledger_(loop, pool_, limits),
      adding_(kAdding) {}

DaemonStore::~DaemonStore() = default;

aio::Task<WorkerPool::Lease> DaemonStore::acquire() {
  return aio::within(loop_, "opening the local store", limits_.connecting, pool_.acquire());
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
        loop_, "substituting", limits_.substituting, fetch(*daemon, std::move(missing)));
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
  const auto permit = co_await aio::within(
      loop_, "waiting for a turn to add to the local store", limits_.turn, adding_.acquire());
  auto daemon = co_await acquire();
  co_await aio::with_progress(loop_,
                              "adding a path to the local store",
                              limits_.adding_stall,
                              daemon->progress(),
                              daemon->add_path(info, nar));
  daemon.keep();
}

/// A connection that has been told how to build; none goes back, for none forgets it.
aio::Task<WorkerPool::Lease> DaemonStore::open_for_build(const wire::BuildOptions& options,
                                                         LogSink log) {
  auto daemon =
      co_await aio::within(loop_, "opening the local store", limits_.connecting, pool_.open());
  daemon->listen(lines_into(std::move(log)));
  if (!worker::has(daemon->protocol(), worker::Feature::disable_set_options)) {
    const auto all = options_of(options);
    co_await aio::within(loop_, "setting a build up", limits_.query_stall, daemon->call(all));
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
  co_await aio::within(loop_, "registering a root", limits_.query_stall, daemon->call(request));
  daemon.keep();
}

aio::Task<bool> DaemonStore::is_trusting() {
  if (trusting_) co_return *trusting_;
  auto daemon = co_await acquire();
  trusting_ = co_await aio::within(
      loop_, "asking the local store for trust", limits_.query_stall, ask_for_trust(*daemon));
  daemon.keep();
  co_return *trusting_;
}

aio::Task<void> DaemonStore::close() {
  ledger_.close();
  co_await pool_.close();
}

}  // namespace firn::store
