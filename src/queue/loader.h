// SPDX-License-Identifier: Apache-2.0
// From builds as the database lists them to steps of the book. A build that cannot be read is no
// other build's trouble (QR-064).
#pragma once

#include "aio/loop.h"
#include "aio/task.h"
#include "db/builds.h"
#include "farm/graph.h"
#include "queue/book.h"
#include "store/store.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace firn::queue {

/// As its row names them.
std::vector<db::StepOutput> step_outputs(const nix::BasicDerivation& derivation);

/// A build and its outputs, all of which are valid: nothing is to be built.
struct ValidBuild {
  db::BuildId id;
  nix::DrvPath drv;
  /// Output name and path.
  std::vector<std::pair<std::string, nix::StorePath>> outputs;
};

/// A build that needs a step which is known to fail (QR-068).
struct DoomedBuild {
  db::BuildId id;
  /// The step: the build's own derivation, or one that it needs.
  nix::DrvPath step;
  std::string system;
  std::vector<db::StepOutput> outputs;
  bool is_top = false;
};

struct BrokenBuild {
  db::BuildId id;
  /// As it stands in the database.
  std::string drv;
  std::string reason;
};

/// What became of builds that are not in the book now.
struct LoadReport {
  std::vector<ValidBuild> valid;
  std::vector<DoomedBuild> doomed;
  /// Their derivation is not in the store any more (QR-065).
  std::vector<db::BuildId> gone;
  std::vector<BrokenBuild> broken;
  /// Derivations whose outputs were fetched.
  std::size_t substituted = 0;
};

/// Builds that are queued, with who pays for them.
struct BuildToLoad {
  db::QueuedBuild build;
  sched::GroupId group;
};

class Loader {
 public:
  /// Those of the paths that are known to fail.
  using FindFailed = std::function<aio::Task<std::set<std::string>>(std::vector<std::string>)>;

  /// QR-071
  enum class Substitutes : std::uint8_t { used, left_alone };

  /// Borrows everything.
  Loader(aio::Loop& loop,
         store::Store& store,
         Book& book,
         Substitutes substitutes,
         FindFailed find_failed)
      : loop_(loop),
        store_(store),
        book_(book),
        substitutes_(substitutes),
        find_failed_(std::move(find_failed)) {}

  /// Puts into the book what is not in it. Throws only where the store or the database is lost.
  aio::Task<LoadReport> load(std::vector<BuildToLoad> builds);

 private:
  using Candidates = std::vector<WantedBuild>;

  aio::Task<Candidates> find_derivations(std::vector<BuildToLoad> builds, LoadReport& report);
  aio::Task<void> load_some(Candidates builds, LoadReport& report);
  aio::Task<void> load_alone(const WantedBuild& build, LoadReport& report);
  aio::Task<bool> try_to_load(const Candidates& builds, LoadReport& report);
  aio::Task<std::set<std::size_t>> failed_nodes(const farm::Graph& graph);

  aio::Loop& loop_;
  store::Store& store_;
  Book& book_;
  Substitutes substitutes_;
  FindFailed find_failed_;
};

}  // namespace firn::queue
