// SPDX-License-Identifier: Apache-2.0
#include "cli/queue_add.h"

#include "aio/loop.h"
#include "aio/phase.h"
#include "base/error.h"
#include "cli/queue_roots.h"
#include "cli/queue_words.h"
#include "eval/evaluate.h"
#include "farm/derivation_file.h"
#include "store/store_address.h"

#include <chrono>
#include <cstdio>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace firn::cli {

namespace {

constexpr std::chrono::seconds kStoreCloseLimit{10};

/// The store that the environment names, for one piece of work.
class LocalStore {
 public:
  aio::Loop& loop() { return loop_; }

  store::Store& store() { return *store_; }

  /// Closes the store behind it, whatever happens.
  void run(aio::Task<void> work) { loop_.run(and_close(std::move(work))); }

 private:
  aio::Task<void> and_close(aio::Task<void> work) {
    std::exception_ptr error;
    try {
      co_await std::move(work);
    } catch (...) {
      error = std::current_exception();
    }
    try {
      co_await aio::shielded(loop_, "closing the local store", kStoreCloseLimit, store_->close());
    } catch (...) {
      if (!error) error = std::current_exception();
    }
    if (error) std::rethrow_exception(error);
  }

  aio::Loop loop_;
  std::unique_ptr<store::Store> store_ =
      store::open_store(loop_, store::store_address_of_environment());
};

std::vector<db::BuildId> write(const QueueSession& session,
                               const std::vector<db::NewBuild>& builds) {
  return db::transact(session.connection, [&](db::Transaction& transaction) {
    std::vector<db::BuildId> ids;
    ids.reserve(builds.size());
    for (const auto& build : builds)
      ids.push_back(db::add_build(transaction, build));
    return ids;
  });
}

void tell(const QueueSession& session, db::BuildId id, const db::NewBuild& build) {
  if (session.json) {
    write_line(session.out, {{"build", id.value()}, {"job", build.job}, {"drv", build.drv_path}});
    return;
  }
  session.out << fmt::format("build {} is queued: {}\n", id.value(), build.drv_path);
}

aio::Task<std::vector<nix::DrvPath>> evaluate(LocalStore& local,
                                              const QueueAdd& add,
                                              eval::EvaluationRoots& roots) {
  auto& store = local.store();
  co_await store.lock({});
  const eval::Hold hold = [&store](nix::StorePathSet drvs) { return store.lock(std::move(drvs)); };
  const auto evaluation = co_await eval::evaluate(local.loop(), add.request, roots, hold, {});
  if (!evaluation.notes.empty()) std::fprintf(stderr, "%s\n", evaluation.notes.c_str());
  if (!add.job.empty() && evaluation.targets.size() > 1)
    throw Error(Kind::invalid,
                fmt::format("--job names one build, and there are {} derivations; add them one by "
                            "one, or without --job",
                            evaluation.targets.size()));
  std::vector<nix::DrvPath> drvs;
  drvs.reserve(evaluation.targets.size());
  for (const auto& target : evaluation.targets)
    drvs.push_back(target.drv);
  co_return drvs;
}

aio::Task<void> keep_all(store::Store& store,
                         const QueueRoots& roots,
                         const std::vector<nix::DrvPath>& drvs) {
  nix::StorePathSet paths;
  for (const auto& drv : drvs)
    paths.insert(drv.path());
  const auto kept = co_await roots.keep(store, std::move(paths));
  for (const auto& drv : drvs) {
    if (!kept.contains(drv.path()))
      throw Error(Kind::not_found, "no such derivation: " + drv.str());
  }
}

aio::Task<void> evaluate_and_queue(LocalStore& local,
                                   const QueueRoots& roots,
                                   const QueueSession& session,
                                   const QueueAdd& add) {
  eval::EvaluationRoots evaluation_roots;
  const auto drvs = co_await evaluate(local, add, evaluation_roots);
  co_await keep_all(local.store(), roots, drvs);
  std::vector<db::NewBuild> builds;
  builds.reserve(drvs.size());
  for (const auto& drv : drvs)
    builds.push_back(new_build(
        drv, farm::read_derivation(local.store().location(drv.path())), add, session.now));
  const auto ids = write(session, builds);
  for (std::size_t i = 0; i < ids.size(); ++i)
    tell(session, ids[i], builds[i]);
}

aio::Task<void> keep(LocalStore& local,
                     const QueueRoots& roots,
                     nix::StorePathSet drvs,
                     nix::StorePathSet& kept) {
  kept = co_await roots.keep(local.store(), std::move(drvs));
}

}  // namespace

db::NewBuild new_build(const nix::DrvPath& drv,
                       const nix::Derivation& derivation,
                       const QueueAdd& add,
                       WallTime now) {
  const std::string name(drv.derivation_name());
  db::NewBuild build{.project = "firn",
                     .jobset = "queue",
                     .job = add.job.empty() ? name : add.job,
                     .nix_name = name,
                     .drv_path = drv.str(),
                     .system = derivation.platform,
                     .outputs = {},
                     .timestamp = now,
                     .priority = add.priority};
  for (const auto& [output, facts] : derivation.outputs)
    build.outputs.emplace_back(output,
                               facts.path ? std::optional(facts.path->str()) : std::nullopt);
  return build;
}

void add_to_queue(const QueueSession& session, const QueueAdd& add) {
  const QueueRoots roots(session.connection);
  LocalStore local;
  local.run(evaluate_and_queue(local, roots, session, add));
  roots.prune(session.now);
}

std::vector<std::string> keep_derivations(const QueueSession& session,
                                          const std::vector<std::string>& drvs) {
  const QueueRoots roots(session.connection);
  nix::StorePathSet paths;
  for (const auto& drv : drvs)
    paths.insert(nix::parse_store_path(drv));
  nix::StorePathSet kept;
  LocalStore local;
  local.run(keep(local, roots, std::move(paths), kept));
  std::vector<std::string> gone;
  for (const auto& drv : drvs) {
    if (!kept.contains(nix::parse_store_path(drv))) gone.push_back(drv);
  }
  return gone;
}

}  // namespace firn::cli
