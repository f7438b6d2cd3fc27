// SPDX-License-Identifier: Apache-2.0
#include "db/steps.h"

#include "db/channels.h"
#include "db/outcomes.h"

#include <algorithm>

namespace firn::db {

namespace {

/// More often than this nobody can take the number that we were about to take.
constexpr int kNumberingTries = 100;

/// Gives the number as `stepnr`; no row where somebody else took it meanwhile.
void post_step(Transaction& transaction, const NewStep& step) {
  transaction.post(
      "insert into BuildSteps (build, stepnr, type, drvPath, busy, startTime, system, status, "
      "propagatedFrom, errorMsg, stopTime, machine) "
      "select $1, coalesce(max(stepnr), 0) + 1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11 "
      "from BuildSteps where build = $1 on conflict do nothing returning stepnr",
      step.build,
      step.type,
      step.drv_path,
      step.status ? StepState::finished : step.state,
      step.start,
      step.system,
      step.status,
      step.propagated_from,
      null_if_empty(step.error_message),
      step.stop,
      step.machine);
}

StepNr create_alone(Transaction& transaction, const NewStep& step) {
  for (int i = 0; i < kNumberingTries; ++i) {
    post_step(transaction, step);
    const auto outcome = last_outcomes(transaction, 1);
    if (!outcome.front().empty()) return outcome.front()[0].get<StepNr>("stepnr");
  }
  throw Error(Kind::conflict,
              "no number could be had for a step of build " + std::to_string(step.build.value()) +
                  ": others take them all the time");
}

void post_outputs(Transaction& transaction, const NewStep& step, StepNr number) {
  for (const auto& output : step.outputs)
    transaction.post(
        "insert into BuildStepOutputs (build, stepnr, name, path) values ($1, $2, $3, $4)",
        step.build,
        number,
        output.name,
        output.path);
}

void post_end(Transaction& transaction, const FinishedStep& step) {
  const bool was_repeated = step.times_built > 1;
  transaction.post(
      "update BuildSteps set busy = 0, status = $3, errorMsg = $4, startTime = $5, stopTime = $6, "
      "machine = $7, overhead = $8, timesBuilt = $9, isNonDeterministic = $10 "
      "where build = $1 and stepnr = $2",
      step.build,
      step.step,
      step.status,
      null_if_empty(step.error_message),
      step.start,
      std::max(step.start, step.stop),
      step.machine,
      step.overhead.count() > 0 ? std::optional(step.overhead.count()) : std::nullopt,
      step.times_built > 0 ? std::optional(step.times_built) : std::nullopt,
      was_repeated ? std::optional(step.is_non_deterministic) : std::nullopt);
}

void post_paths(Transaction& transaction, const FinishedStep& step) {
  if (step.status != Status::success) return;
  for (const auto& output : step.outputs)
    transaction.post(
        "update BuildStepOutputs set path = $4 where build = $1 and stepnr = $2 and name = $3",
        step.build,
        step.step,
        output.name,
        output.path);
}

std::vector<bool> each_hit(const std::vector<Rows>& outcomes) {
  std::vector<bool> result;
  result.reserve(outcomes.size());
  for (const auto& outcome : outcomes)
    result.push_back(outcome.affected() == 1);
  return result;
}

std::optional<BuildId> latest(const Rows& rows) {
  return rows.only().get<std::optional<BuildId>>("latest");
}

}  // namespace

std::vector<StepNr> create_steps(Transaction& transaction, std::span<const NewStep> steps) {
  for (const auto& step : steps)
    post_step(transaction, step);
  const auto outcomes = last_outcomes(transaction, steps.size());
  std::vector<StepNr> numbers;
  numbers.reserve(steps.size());
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const auto number = outcomes[i].empty() ? create_alone(transaction, steps[i])
                                            : outcomes[i][0].get<StepNr>("stepnr");
    post_outputs(transaction, steps[i], number);
    if (!steps[i].status) notify_step_started(transaction, steps[i].build, number);
    numbers.push_back(number);
  }
  return numbers;
}

std::vector<bool> set_step_states(Transaction& transaction, std::span<const StepProgress> steps) {
  for (const auto& step : steps)
    transaction.post(
        "update BuildSteps set busy = $3 "
        "where build = $1 and stepnr = $2 and busy != 0 and status is null",
        step.build,
        step.step,
        step.state);
  return each_hit(last_outcomes(transaction, steps.size()));
}

std::vector<bool> finish_steps(Transaction& transaction, std::span<const FinishedStep> steps) {
  for (const auto& step : steps)
    post_end(transaction, step);
  auto hits = each_hit(last_outcomes(transaction, steps.size()));
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (!hits[i]) continue;
    post_paths(transaction, steps[i]);
    notify_step_finished(transaction, steps[i].build, steps[i].step, steps[i].log_file);
  }
  return hits;
}

std::int64_t clear_busy(Transaction& transaction, WallTime now) {
  return transaction
      .execute("update BuildSteps set busy = 0, status = $1, stopTime = $2 where busy != 0",
               Status::aborted,
               now)
      .affected();
}

std::optional<BuildId> find_propagated_from(Transaction& transaction,
                                            std::string_view drv_path,
                                            std::span<const StepOutput> outputs) {
  auto build = latest(
      transaction.execute("select max(build) as latest from BuildSteps "
                          "where drvPath = $1 and status = 1 and startTime != 0 and stopTime != 0",
                          drv_path));
  for (const auto& output : outputs) {
    if (build) break;
    if (!output.path) continue;
    build = latest(transaction.execute(
        "select max(s.build) as latest from BuildStepOutputs o "
        "join BuildSteps s on s.build = o.build and s.stepnr = o.stepnr "
        "where o.path = $1 and s.status = 1 and s.startTime != 0 and s.stopTime != 0",
        *output.path));
  }
  return build;
}

std::vector<StepSeconds> step_seconds_since(Transaction& transaction,
                                            JobsetId jobset,
                                            WallTime since) {
  const auto rows = transaction.execute(
      "select s.startTime, s.stopTime from BuildSteps s join Builds b on s.build = b.id "
      "where b.jobset_id = $1 and s.startTime is not null and s.stopTime > $2",
      jobset,
      since);
  std::vector<StepSeconds> steps;
  steps.reserve(rows.size());
  for (const Row row : rows) {
    const auto start = row.get<WallTime>("startTime");
    const auto stop = row.get<WallTime>("stopTime");
    steps.push_back({.start = start, .duration = std::max(stop - start, std::chrono::seconds(0))});
  }
  return steps;
}

}  // namespace firn::db
