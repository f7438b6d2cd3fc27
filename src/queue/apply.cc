// SPDX-License-Identifier: Apache-2.0
#include "queue/apply.h"

#include "base/error.h"
#include "db/channels.h"
#include "db/failed_paths.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <set>
#include <type_traits>
#include <utility>
#include <vector>

namespace firn::queue {

namespace {

std::int64_t count_of_groups(db::Transaction& transaction) {
  const auto rows = transaction.execute("select value from firn.state where what = 'groups'");
  return rows.empty() ? 0 : rows.only().get<std::int64_t>("value");
}

void set_count_of_groups(db::Transaction& transaction, std::int64_t count) {
  transaction.post(
      "insert into firn.state (what, value) values ('groups', $1) "
      "on conflict (what) do update set value = excluded.value",
      count);
}

/// A group's changes by kind: rows of one kind go in one round trip.
struct Sorted {
  std::vector<db::BuildId> starting;
  std::vector<db::NewStep> created;
  /// The rows of the first of these; the others are over as soon as they are there.
  std::vector<RowId> rows;
  std::vector<std::pair<RowId, db::StepProgress>> progress;
  std::vector<std::pair<RowId, db::FinishedStep>> finished;
  std::vector<const FailureRemembered*> remembered;
  std::vector<const BuildsEnded*> ended;

  explicit Sorted(std::span<const Change> changes);
};

Sorted::Sorted(std::span<const Change> changes) {
  std::vector<db::NewStep> inherited;
  std::unordered_map<RowId, std::size_t> place;
  const auto sort = [&](const auto& change) {
    using T = std::decay_t<decltype(change)>;
    if constexpr (std::is_same_v<T, BuildStarted>) {
      starting.push_back(change.build);
    } else if constexpr (std::is_same_v<T, StepStarted>) {
      created.push_back(change.step);
      rows.push_back(change.row);
    } else if constexpr (std::is_same_v<T, StepProgressed>) {
      // Of several states in one group only the last can be seen.
      const auto [at, is_new] = place.try_emplace(change.row, progress.size());
      if (is_new)
        progress.emplace_back(change.row, db::StepProgress{.build = change.build, .step = {}});
      progress[at->second].second.state = change.state;
    } else if constexpr (std::is_same_v<T, StepFinished>) {
      finished.emplace_back(change.row, change.step);
    } else if constexpr (std::is_same_v<T, StepInherited>) {
      inherited.push_back(change.step);
    } else if constexpr (std::is_same_v<T, FailureRemembered>) {
      remembered.push_back(&change);
    } else {
      static_assert(std::is_same_v<T, BuildsEnded>);
      ended.push_back(&change);
    }
  };
  for (const auto& change : changes)
    std::visit(sort, change);
  std::set<RowId> over;
  for (const auto& [row, step] : finished)
    over.insert(row);
  std::erase_if(progress, [&](const auto& entry) { return over.contains(entry.first); });
  std::ranges::move(inherited, std::back_inserter(created));
}

/// Ends that found their builds unfinished are told; products belong to those alone.
void end_builds(db::Transaction& transaction, const std::vector<const BuildsEnded*>& ended) {
  std::vector<db::FinishedBuild> builds;
  for (const auto* group : ended)
    builds.insert(builds.end(), group->builds.begin(), group->builds.end());
  if (builds.empty()) return;
  const auto hit = db::finish_builds(transaction, builds);
  const std::set<db::BuildId> finished(hit.begin(), hit.end());
  for (const auto* group : ended) {
    std::vector<db::BuildId> told;
    for (const auto& build : group->builds) {
      if (!finished.contains(build.id)) continue;
      told.push_back(build.id);
      db::set_products(transaction, build.id, group->products);
      db::set_metrics(transaction, build.id, group->metrics);
    }
    if (told.empty()) continue;
    const auto first = told.front();
    told.erase(told.begin());
    db::notify_build_finished(transaction, first, told);
  }
}

}  // namespace

Applier::Numbers Applier::write(db::Transaction& transaction,
                                std::span<const Change> changes) const {
  Sorted sorted(changes);
  for (const auto build : sorted.starting)
    db::notify_build_started(transaction, build);
  const auto created = db::create_steps(transaction, sorted.created);
  Numbers fresh;
  for (std::size_t i = 0; i < sorted.rows.size(); ++i)
    fresh.emplace(sorted.rows[i], created.at(i));
  // A row that could not be made has no number, and nothing more is to be said of it.
  const auto number_of = [&](RowId row) -> std::optional<db::StepNr> {
    for (const Numbers* numbers : {&std::as_const(fresh), &numbers_})
      if (const auto found = numbers->find(row); found != numbers->end()) return found->second;
    return std::nullopt;
  };
  std::vector<db::StepProgress> progress;
  for (auto& [row, step] : sorted.progress) {
    const auto number = number_of(row);
    if (!number) continue;
    step.step = *number;
    progress.push_back(step);
  }
  db::set_step_states(transaction, progress);
  std::vector<db::FinishedStep> finished;
  for (auto& [row, step] : sorted.finished) {
    const auto number = number_of(row);
    if (!number) continue;
    step.step = *number;
    fresh.erase(row);
    finished.push_back(std::move(step));
  }
  db::finish_steps(transaction, finished);
  for (const auto* failure : sorted.remembered)
    db::add_failed(transaction, failure->paths, failure->at, failure->failure_class);
  end_builds(transaction, sorted.ended);
  return fresh;
}

db::Connection& Applier::connection() {
  if (!connection_) connection_ = db::connect(*address_);
  if (!connection_->is_open()) connection_->reopen();
  return *connection_;
}

void Applier::apply(std::span<const Change> changes) {
  const std::int64_t group = last_group_ + 1;
  const bool was_written = db::transact(connection(), [&](db::Transaction& transaction) {
    db::check_generation(transaction, generation_);
    if (!has_count_ || is_in_doubt_) {
      const auto count = count_of_groups(transaction);
      if (has_count_ && count == group) return true;
      last_group_ = count;
      has_count_ = true;
    }
    fresh_ = write(transaction, changes);
    set_count_of_groups(transaction, last_group_ + 1);
    is_in_doubt_ = true;
    return false;
  });
  is_in_doubt_ = false;
  last_group_ = was_written ? group : last_group_ + 1;
  for (const auto& change : changes)
    if (const auto* finished = std::get_if<StepFinished>(&change)) numbers_.erase(finished->row);
  numbers_.merge(std::exchange(fresh_, {}));
}

}  // namespace firn::queue
