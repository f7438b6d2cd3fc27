// SPDX-License-Identifier: Apache-2.0
#include "db/attempts.h"

namespace firn::db {

void add_attempt(Transaction& transaction, const AttemptRecord& attempt) {
  transaction.post(
      "insert into firn.attempts (build, stepnr, class, machine, started, stopped, message) "
      "values ($1, $2, $3, $4, $5, $6, $7) on conflict (build, stepnr) do update set "
      "class = excluded.class, machine = excluded.machine, started = excluded.started, "
      "stopped = excluded.stopped, message = excluded.message",
      attempt.build,
      attempt.step,
      attempt.failure_class,
      attempt.machine,
      attempt.start,
      attempt.stop,
      null_if_empty(attempt.message));
}

std::vector<AttemptRecord> attempts_of(Transaction& transaction,
                                       std::string_view drv_path,
                                       WallTime since) {
  const auto rows = transaction.execute(
      "select a.build, a.stepnr, a.class, a.machine, a.started, a.stopped, a.message "
      "from BuildSteps s join firn.attempts a on a.build = s.build and a.stepnr = s.stepnr "
      "where s.drvPath = $1 and a.stopped > $2 order by a.stopped, a.build, a.stepnr",
      drv_path,
      since);
  std::vector<AttemptRecord> attempts;
  attempts.reserve(rows.size());
  for (const Row row : rows)
    attempts.push_back(
        {.build = row.get<BuildId>("build"),
         .step = row.get<StepNr>("stepnr"),
         .failure_class = row.get<std::string>("class"),
         .machine = row.get<std::string>("machine"),
         .start = row.get<WallTime>("started"),
         .stop = row.get<WallTime>("stopped"),
         .message = row.get<std::optional<std::string>>("message").value_or(std::string())});
  return attempts;
}

void add_duration(Transaction& transaction,
                  std::string_view name,
                  std::string_view system,
                  double seconds) {
  // The first builds count alike, later ones a quarter each.
  transaction.post(
      "insert into firn.expected_durations (name, system, seconds, samples) "
      "values ($1, $2, $3, 1) on conflict (name, system) do update set "
      "seconds = firn.expected_durations.seconds + "
      "(excluded.seconds - firn.expected_durations.seconds) / "
      "(case when firn.expected_durations.samples < 3 "
      "then firn.expected_durations.samples + 1 else 4 end), "
      "samples = firn.expected_durations.samples + 1",
      name,
      system,
      seconds);
}

std::vector<ExpectedDuration> expected_durations(Transaction& transaction) {
  const auto rows =
      transaction.execute("select name, system, seconds, samples from firn.expected_durations");
  std::vector<ExpectedDuration> durations;
  durations.reserve(rows.size());
  for (const Row row : rows)
    durations.push_back({.name = row.get<std::string>("name"),
                         .system = row.get<std::string>("system"),
                         .seconds = row.get<double>("seconds"),
                         .samples = row.get<std::int64_t>("samples")});
  return durations;
}

}  // namespace firn::db
