// SPDX-License-Identifier: Apache-2.0
// `firn queue list`.
#include "cli/queue_command.h"
#include "cli/queue_words.h"
#include "db/listing.h"
#include "view/text.h"

#include <map>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace firn::cli {

namespace {

using nlohmann::json;

constexpr std::size_t kShown = 100;
constexpr std::size_t kPage = 5000;

using Steps = std::multimap<db::BuildId, db::RunningStep>;

Steps steps_by_build(db::Transaction& transaction) {
  Steps steps;
  for (auto& step : db::running_steps(transaction)) {
    const auto build = step.build;
    steps.emplace(build, std::move(step));
  }
  return steps;
}

template <class T>
json or_null(const std::optional<T>& value, auto to_json) {
  return value ? json(to_json(*value)) : json();
}

json to_json(const db::RunningStep& step) {
  return {{"step", step.step.value()},
          {"drv", step.drv_path},
          {"state", word_for(step.state)},
          {"machine", step.machine.empty() ? json() : json(step.machine)},
          {"started", or_null(step.start, utc)}};
}

json to_json(const db::ListedBuild& build, const Steps& steps) {
  auto running = json::array();
  const auto [first, last] = steps.equal_range(build.id);
  for (auto step = first; step != last; ++step)
    running.push_back(to_json(step->second));
  return {{"build", build.id.value()},
          {"project", build.project},
          {"jobset", build.jobset},
          {"job", build.job},
          {"drv", build.drv_path},
          {"system", build.system},
          {"queued", utc(build.timestamp)},
          {"priority", build.priority},
          {"bumped", build.global_priority},
          {"status", or_null(build.status, [](db::Status status) { return word_for(status); })},
          {"started", or_null(build.start, utc)},
          {"stopped", or_null(build.stop, utc)},
          {"cached", build.is_cached},
          {"steps", std::move(running)}};
}

std::string name_in(std::string_view drv_path) {
  constexpr std::string_view kEnding = ".drv";
  constexpr std::size_t kHashPart = 33;
  drv_path.remove_prefix(drv_path.rfind('/') + 1);
  if (drv_path.size() > kHashPart && drv_path[kHashPart - 1] == '-')
    drv_path.remove_prefix(kHashPart);
  if (drv_path.ends_with(kEnding)) drv_path.remove_suffix(kEnding.size());
  return std::string(drv_path);
}

std::string in_words(const db::RunningStep& step, WallTime now) {
  auto text = fmt::format("{} {}", spoken(word_for(step.state)), name_in(step.drv_path));
  if (!step.machine.empty()) text += fmt::format(" on {}", step.machine);
  if (step.start) text += fmt::format(" for {}", roughly(*step.start, now));
  return text;
}

std::string state_of(const db::ListedBuild& build, const Steps& steps, WallTime now) {
  if (build.status) {
    auto text = spoken(word_for(*build.status));
    if (build.is_cached) text += ", was there already";
    if (build.stop) text += fmt::format(", {} ago", roughly(*build.stop, now));
    return text;
  }
  const auto [first, last] = steps.equal_range(build.id);
  if (first == last) return "waits";
  const auto others = std::distance(first, last) - 1;
  return in_words(first->second, now) + (others > 0 ? fmt::format(", and {} more", others) : "");
}

/// Writes builds as they come, so that a long queue is not held in memory.
class Listing {
 public:
  Listing(const QueueSession& session, Steps steps) : session_(session), steps_(std::move(steps)) {}

  void write(const db::ListedBuild& build) {
    if (session_.json) {
      write_line(session_.out, to_json(build, steps_));
      return;
    }
    if (std::exchange(is_first_, false))
      session_.out << fmt::format(
          "{:>9}  {:>6}  {:<8}  {:<40}  {}\n", "build", "age", "priority", "job", "state");
    auto priority = std::to_string(build.priority);
    if (build.global_priority > 0) priority += " bumped";
    session_.out << fmt::format(
        "{:>9}  {:>6}  {:<8}  {:<40}  {}\n",
        build.id.value(),
        roughly(build.timestamp, session_.now),
        priority,
        view::printable(fmt::format("{}:{}:{}", build.project, build.jobset, build.job)),
        view::printable(state_of(build, steps_, session_.now)));
  }

 private:
  const QueueSession& session_;
  Steps steps_;
  bool is_first_ = true;
};

void write_all(db::Transaction& transaction, Listing& listing) {
  db::ListPosition position;
  while (true) {
    const auto page = db::list_unfinished(transaction, position, kPage);
    for (const auto& build : page)
      listing.write(build);
    if (page.size() < kPage) return;
    position = {.global_priority = page.back().global_priority, .id = page.back().id};
  }
}

void write_first(db::Transaction& transaction, const QueueSession& session, Listing& listing) {
  for (const auto& build : db::list_unfinished(transaction, {}, kShown))
    listing.write(build);
  const auto total = db::count_unfinished(transaction);
  if (session.json) return;
  if (total == 0) session.out << "no builds wait or run\n";
  if (std::cmp_greater(total, kShown))
    session.out << fmt::format("{} more; --all shows them\n",
                               static_cast<std::size_t>(total) - kShown);
}

}  // namespace

void list_queue(const QueueSession& session, const QueueList& list) {
  db::Transaction transaction(session.connection, db::Access::read);
  Listing listing(session, list.finished ? Steps() : steps_by_build(transaction));
  if (list.finished) {
    for (const auto& build : db::list_finished(transaction, *list.finished))
      listing.write(build);
  } else if (list.all) {
    write_all(transaction, listing);
  } else {
    write_first(transaction, session, listing);
  }
  transaction.commit();
}

}  // namespace firn::cli
