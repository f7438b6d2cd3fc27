// SPDX-License-Identifier: Apache-2.0
#include "queue/book.h"

#include "base/error.h"
#include "queue/status.h"

#include <algorithm>

namespace firn::queue {

namespace {

using db::Status;
using sched::StepId;
using Outcome = sched::Verdict::Outcome;

/// What a build gets that says nothing (QR-062).
constexpr StepLimits kDefaults{.max_silent_time = std::chrono::seconds(3600),
                               .timeout = std::chrono::seconds(36000)};

std::chrono::milliseconds overhead_of(const farm::AttemptEnded& event) {
  Duration spent{};
  for (const auto phase : {sched::Phase::sending_inputs, sched::Phase::receiving_outputs})
    spent += event.costs.at(static_cast<std::size_t>(phase)).time;
  return std::chrono::duration_cast<std::chrono::milliseconds>(spent);
}

}  // namespace

std::optional<StepId> Book::find(const nix::DrvPath& drv) const {
  const auto found = by_drv_.find(drv);
  return found == by_drv_.end() ? std::nullopt : std::optional(found->second);
}

std::vector<db::BuildId> Book::all_builds() const {
  std::vector<db::BuildId> all;
  all.reserve(builds_.size());
  for (const auto& [id, build] : builds_)
    all.push_back(id);
  return all;
}

StepId Book::add(const QueuedStep& step) {
  FIRN_CHECK(!by_drv_.contains(step.drv));
  const StepId id = scheduler_.add_step(step.spec, step.dependencies);
  steps_.emplace(id, Step{.drv = step.drv, .builds = {}});
  by_drv_.emplace(step.drv, id);
  return id;
}

void Book::add(const WantedBuild& build, StepId top) {
  const bool is_new = builds_.emplace(build.id, Build{.build = build, .top = top}).second;
  FIRN_CHECK(is_new);
  auto& of_step = steps_.at(top).builds;
  of_step.insert(std::ranges::upper_bound(of_step, build.id), build.id);
  claim(top);
}

std::vector<StepId> Book::claim(StepId step) {
  std::vector<sched::Claim> claims;
  for (const auto id : steps_.at(step).builds) {
    const auto& build = builds_.at(id).build;
    claims.push_back({.priority = build.global_priority,
                      .local_priority = build.priority,
                      .age = static_cast<std::uint32_t>(build.id.value()),
                      .group = build.group});
  }
  return scheduler_.set_claims(step, claims);
}

std::vector<StepId> Book::remove(db::BuildId build) {
  const auto found = builds_.find(build);
  if (found == builds_.end()) return {};
  const StepId top = found->second.top;
  builds_.erase(found);
  const auto step = steps_.find(top);
  if (step == steps_.end()) return {};
  std::erase(step->second.builds, build);
  return claim(top);
}

void Book::set_priority(db::BuildId build, std::int64_t global_priority, std::int32_t priority) {
  const auto found = builds_.find(build);
  if (found == builds_.end()) return;
  auto& known = found->second.build;
  if (known.global_priority == global_priority && known.priority == priority) return;
  known.global_priority = global_priority;
  known.priority = priority;
  if (steps_.contains(found->second.top)) claim(found->second.top);
}

/// A build whose derivation it is, else any that needs it; of several the oldest (QR-101).
std::optional<db::BuildId> Book::owner(StepId step) const {
  const auto& builds = steps_.at(step).builds;
  if (!builds.empty()) return builds.front();
  const auto& rank = scheduler_.rank(step);
  if (!rank.is_claimed()) return std::nullopt;
  const db::BuildId oldest{std::int64_t{rank.age}};
  return builds_.contains(oldest) ? std::optional(oldest) : std::nullopt;
}

StepLimits Book::limits(StepId step) const {
  const auto& builds = steps_.at(step).builds;
  StepLimits limits = builds.empty() ? kDefaults : StepLimits();
  const auto extend = [&](db::BuildId id) {
    const auto& build = builds_.at(id).build;
    limits.max_silent_time = std::max(limits.max_silent_time, build.max_silent_time);
    limits.timeout = std::max(limits.timeout, build.timeout);
  };
  std::ranges::for_each(builds, extend);
  if (const auto named = owner(step)) extend(*named);
  return limits;
}

void Book::started(const farm::AttemptStarted& event, std::string machine, WallTime now) {
  const auto named = owner(event.step);
  if (!named) return;
  for (const auto build : steps_.at(event.step).builds)
    changes_.emplace_back(BuildStarted{.build = build});
  attempts_.emplace(event.attempt,
                    Attempt{.step = event.step,
                            .row = RowId(++last_row_),
                            .owner = *named,
                            .machine = std::move(machine),
                            .system = {},
                            .outputs = {},
                            .start = now});
  running_.insert_or_assign(event.step, event.attempt);
}

void Book::described(StepId step, std::string system, std::vector<db::StepOutput> outputs) {
  const auto running = running_.find(step);
  if (running == running_.end()) return;
  auto& attempt = attempts_.at(running->second);
  attempt.system = std::move(system);
  attempt.outputs = std::move(outputs);
  write(attempt);
}

void Book::write(Attempt& attempt) {
  if (std::exchange(attempt.is_written, true)) return;
  changes_.emplace_back(StepStarted{.row = attempt.row,
                                    .step = {.build = attempt.owner,
                                             .drv_path = steps_.at(attempt.step).drv.str(),
                                             .system = attempt.system,
                                             .machine = attempt.machine,
                                             .start = attempt.start,
                                             .outputs = attempt.outputs,
                                             .status = std::nullopt,
                                             .stop = std::nullopt,
                                             .propagated_from = std::nullopt,
                                             .state = db::StepState::connecting}});
}

void Book::entered(const farm::PhaseEntered& event) {
  const auto found = attempts_.find(event.attempt);
  if (found == attempts_.end() || !found->second.is_written) return;
  changes_.emplace_back(StepProgressed{
      .row = found->second.row, .build = found->second.owner, .state = step_state(event.phase)});
}

std::optional<Built> Book::ended(const farm::AttemptEnded& event, WallTime now) {
  auto taken = attempts_.extract(event.attempt);
  if (taken.empty()) return std::nullopt;
  auto& attempt = taken.mapped();
  running_.erase(attempt.step);
  write(attempt);
  const auto& verdict = event.verdict;
  const bool is_last = verdict.outcome != Outcome::retry;
  const bool is_left = is_stopping_ && verdict.outcome == Outcome::cancelled;
  const Status status = is_left                                 ? Status::aborted
                        : verdict.outcome == Outcome::cancelled ? Status::cancelled
                        : verdict.failure ? step_status(*verdict.failure, is_last)
                                          : Status::success;
  const WallTime stop = std::max(now, attempt.start);
  const std::string error = is_left                     ? "firn was stopped"
                            : status == Status::aborted ? event.message
                                                        : std::string();
  changes_.emplace_back(StepFinished{.row = attempt.row,
                                     .step = {.build = attempt.owner,
                                              .step = {},
                                              .status = status,
                                              .start = attempt.start,
                                              .stop = stop,
                                              .machine = attempt.machine,
                                              .error_message = error,
                                              .overhead = overhead_of(event),
                                              .outputs = attempt.outputs,
                                              .log_file = event.log_file}});
  if (!is_last || is_left) return std::nullopt;
  if (status == Status::success) {
    Built built{.step = attempt.step,
                .drv = steps_.at(attempt.step).drv,
                .builds = steps_.at(attempt.step).builds,
                .owner = attempt.owner,
                .outputs = attempt.outputs,
                .start = attempt.start,
                .stop = stop};
    forget(attempt.step);
    return built;
  }
  if (verdict.may_be_remembered) {
    FailureRemembered remembered{
        .paths = {},
        .at = stop,
        .failure_class = verdict.failure ? to_string(*verdict.failure) : ""};
    for (const auto& output : attempt.outputs)
      if (output.path) remembered.paths.push_back(*output.path);
    if (!remembered.paths.empty()) changes_.emplace_back(std::move(remembered));
  }
  fail({.step = attempt.step,
        .status = status,
        .error = error,
        .owner = attempt.owner,
        .system = attempt.system,
        .machine = attempt.machine,
        .outputs = attempt.outputs,
        .start = attempt.start,
        .stop = stop},
       verdict.fallen);
  return std::nullopt;
}

void Book::ended(const farm::StepsEnded& event, WallTime now) {
  const Status status =
      event.state == sched::StepState::cancelled ? Status::cancelled : Status::aborted;
  for (const StepId step : event.steps) {
    if (!steps_.contains(step)) continue;
    fail({.step = step,
          .status = status,
          .error = event.reason,
          .owner = std::nullopt,
          .system = {},
          .machine = {},
          .outputs = {},
          .start = now,
          .stop = now},
         {});
  }
}

/// Every build that waited for the step ends with it, with a row of its own that says why (QR-113).
void Book::fail(const BadEnd& end, const std::vector<StepId>& fallen) {
  std::vector<std::pair<db::BuildId, bool>> ending;
  for (const auto build : steps_.at(end.step).builds)
    ending.emplace_back(build, true);
  for (const StepId step : fallen) {
    if (const auto known = steps_.find(step); known != steps_.end())
      for (const auto build : known->second.builds)
        ending.emplace_back(build, false);
  }
  const std::string drv = steps_.at(end.step).drv.str();
  // The build under whose name the step ran is told of first.
  std::ranges::sort(ending, {}, [&](const auto& entry) {
    return std::pair(entry.first != end.owner, entry.first);
  });
  BuildsEnded ended;
  for (const auto& [build, is_top] : ending) {
    if (end.status != Status::cancelled && build != end.owner) {
      changes_.emplace_back(StepInherited{.step = {.build = build,
                                                   .drv_path = drv,
                                                   .system = end.system,
                                                   .machine = end.machine,
                                                   .start = end.start,
                                                   .outputs = end.outputs,
                                                   .status = end.status,
                                                   .stop = end.stop,
                                                   .error_message = end.error,
                                                   .propagated_from = end.owner}});
    }
    ended.builds.push_back({.id = build,
                            .status = build_status(end.status, is_top),
                            .start = end.start,
                            .stop = end.stop,
                            .size = std::nullopt,
                            .closure_size = std::nullopt,
                            .notification_pending_since = end.stop});
    builds_.erase(build);
  }
  forget(end.step);
  for (const StepId step : fallen)
    forget(step);
  if (!ended.builds.empty()) changes_.emplace_back(std::move(ended));
}

void Book::forget(StepId step) {
  const auto found = steps_.find(step);
  if (found == steps_.end()) return;
  by_drv_.erase(found->second.drv);
  steps_.erase(found);
  scheduler_.forget(step);
}

}  // namespace firn::queue
