// SPDX-License-Identifier: Apache-2.0
#include "store/ledger.h"

#include "aio/pool.h"
#include "base/error.h"
#include "nix/derivation.h"
#include "wire/worker_queries.h"
#include "wire/worker_upkeep.h"

#include <chrono>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace firn::store {

using namespace std::chrono_literals;
namespace worker = wire::worker;

namespace {

/// What the derivations' files say. Enough for daemons below 1.22: they know no outputs whose paths
/// are not there.
nix::StorePathSet outputs_on_disk(const nix::StorePathSet& drvs) {
  nix::StorePathSet outputs;
  for (const auto& drv : drvs) {
    std::ifstream stream(drv.str(), std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(stream),
                           std::istreambuf_iterator<char>()};
    for (const auto& [name, output] : nix::parse_derivation(text).outputs)
      if (output.path) outputs.insert(*output.path);
  }
  return outputs;
}

}  // namespace

Error has_gone(const nix::StorePath& path) {
  return {Kind::not_found, fmt::format("{} is not valid in the local store any more", path.str())};
}

void Ledger::note(const nix::StorePathSet& paths) {
  for (const auto& path : paths)
    if (roots_.try_emplace(path, Root::wanted).second) wanted_.push_back(path);
}

aio::Task<aio::Semaphore::Permit> Ledger::turn() {
  return aio::within(loop_, "waiting for a turn at the local store", limits_.turn, turn_.acquire());
}

template <class T>
aio::Task<T> Ledger::watched(const WorkerConnection& daemon, aio::Task<T> op) {
  return aio::with_progress(
      loop_, "a query to the local store", limits_.query_stall, daemon.progress(), std::move(op));
}

/// The connection, with all roots.
aio::Task<WorkerConnection*> Ledger::daemon() {
  if (!lease_ || !(*lease_)->is_usable()) {
    lease_.reset();
    wanted_.clear();
    for (auto& [path, root] : roots_) {
      root = Root::wanted;
      wanted_.push_back(path);
    }
    lease_.emplace(
        co_await aio::within(loop_, "opening the local store", limits_.connecting, pool_.open()));
  }
  auto& daemon = **lease_;
  if (!wanted_.empty()) co_await watched(daemon, hold(daemon));
  co_return &daemon;
}

aio::Task<void> Ledger::hold(WorkerConnection& daemon) {
  std::vector<worker::AddTempRoot> requests;
  requests.reserve(wanted_.size());
  for (auto& path : std::exchange(wanted_, {}))
    requests.push_back({.path = std::move(path)});
  co_await daemon.call_each(std::span<const worker::AddTempRoot>(requests));
  for (const auto& request : requests)
    roots_.at(request.path) = Root::held;
}

/// Of locked paths. What was valid is so as long as it is held.
aio::Task<nix::StorePathSet> Ledger::find_valid(WorkerConnection& daemon, nix::StorePathSet paths) {
  nix::StorePathSet valid;
  worker::QueryValidPaths request;
  for (const auto& path : paths) {
    auto& set = roots_.at(path) == Root::held_and_valid ? valid : request.paths;
    set.insert(set.end(), path);
  }
  if (request.paths.empty()) co_return valid;
  for (const auto& path : co_await daemon.call(request)) {
    roots_.at(path) = Root::held_and_valid;
    valid.insert(path);
  }
  co_return valid;
}

/// Of paths that must be valid.
aio::Task<std::vector<nix::PathInfo>> Ledger::find_infos(WorkerConnection& daemon,
                                                         nix::StorePathSet paths) {
  std::vector<worker::QueryPathInfo> requests;
  requests.reserve(paths.size());
  for (const auto& path : paths)
    requests.push_back({.path = path});
  std::vector<nix::PathInfo> infos;
  infos.reserve(paths.size());
  auto replies = co_await daemon.call_each(std::span<const worker::QueryPathInfo>(requests));
  for (std::size_t i = 0; i < replies.size(); ++i) {
    auto& reply = replies[i];
    auto& path = requests[i].path;
    if (!reply) throw has_gone(path);
    infos.push_back(worker::with_path(*std::move(reply), std::move(path)));
  }
  co_return infos;
}

aio::Task<nix::StorePathSet> Ledger::valid_outputs(WorkerConnection& daemon,
                                                   nix::StorePathSet drvs) {
  nix::StorePathSet outputs;
  if (worker::has(daemon.protocol(), worker::QueryDerivationOutputMap::kSince)) {
    std::vector<worker::QueryDerivationOutputMap> requests;
    for (const auto& drv : drvs)
      requests.push_back({.drv = drv});
    for (const auto& map :
         co_await daemon.call_each(std::span<const worker::QueryDerivationOutputMap>(requests))) {
      for (const auto& [name, path] : map)
        if (path) outputs.insert(*path);
    }
  } else if (!drvs.empty()) {
    outputs = co_await loop_.blocking().run([drvs] { return outputs_on_disk(drvs); });
  }
  note(outputs);
  co_await hold(daemon);
  co_return co_await find_valid(daemon, std::move(outputs));
}

/// A level of references at a time.
aio::Task<nix::StorePathSet> Ledger::walk(WorkerConnection& daemon,
                                          nix::StorePathSet paths,
                                          Outputs outputs) {
  nix::StorePathSet all = paths;
  while (!paths.empty()) {
    nix::StorePathSet next;
    nix::StorePathSet drvs;
    for (const auto& info : co_await find_infos(daemon, std::move(paths))) {
      if (info.path.is_derivation()) drvs.insert(info.path);
      next.insert(info.references.begin(), info.references.end());
    }
    if (outputs == Outputs::included) next.merge(co_await valid_outputs(daemon, std::move(drvs)));
    std::erase_if(next, [&all](const auto& path) { return !all.insert(path).second; });
    paths = std::move(next);
  }
  co_return all;
}

aio::Task<nix::StorePathSet> Ledger::lock(nix::StorePathSet paths) {
  note(paths);
  const auto permit = co_await turn();
  auto& daemon = *co_await this->daemon();
  co_return co_await watched(daemon, find_valid(daemon, std::move(paths)));
}

aio::Task<nix::StorePathSet> Ledger::valid(nix::StorePathSet paths) {
  const auto permit = co_await turn();
  auto& daemon = *co_await this->daemon();
  const worker::QueryValidPaths request{.paths = std::move(paths), .substitute = false};
  co_return co_await watched(daemon, daemon.call(request));
}

aio::Task<std::vector<nix::PathInfo>> Ledger::path_infos(nix::StorePathSet paths) {
  note(paths);
  const auto permit = co_await turn();
  auto& daemon = *co_await this->daemon();
  auto valid = co_await watched(daemon, find_valid(daemon, std::move(paths)));
  co_return co_await watched(daemon, find_infos(daemon, std::move(valid)));
}

aio::Task<nix::StorePathSet> Ledger::closure(nix::StorePathSet paths, Outputs outputs) {
  note(paths);
  const auto permit = co_await turn();
  auto& daemon = *co_await this->daemon();
  const auto valid = co_await watched(daemon, find_valid(daemon, paths));
  for (const auto& path : paths)
    if (!valid.contains(path)) throw has_gone(path);
  co_return co_await watched(daemon, walk(daemon, std::move(paths), outputs));
}

void Ledger::close() {
  lease_.reset();
}

}  // namespace firn::store
