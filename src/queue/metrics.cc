// SPDX-License-Identifier: Apache-2.0
#include "queue/metrics.h"

#include "base/identifier.h"
#include "queue/exposition.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace firn::queue {

namespace {

using enum MetricKind;

/// What Prometheus calls a value, of whatever counts or measures.
struct Number {
  // NOLINTBEGIN(*-explicit-*): that it takes them as they are is the point.
  Number(double number) : value(number) {}

  Number(std::uint64_t count) : value(static_cast<double>(count)) {}

  Number(bool is_so) : value(is_so ? 1 : 0) {}

  Number(ByteCount bytes) : Number(bytes.value()) {}

  Number(std::chrono::seconds time) : value(static_cast<double>(time.count())) {}

  /// Since 1970.
  Number(WallTime time) : Number(time.time_since_epoch()) {}

  // NOLINTEND(*-explicit-*)

  double value;
};

/// A family of one sample for each T.
template <class T>
struct Row {
  std::string_view name;
  MetricKind kind;
  std::string_view help;
  Number (*value)(const T&);
};

double micros(Duration time) {
  return std::chrono::duration<double, std::micro>(time).count();
}

double millis(Duration time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

double seconds(Duration time) {
  return std::chrono::duration<double>(time).count();
}

/// Milliseconds.
double average(Duration time, std::uint64_t count) {
  return count == 0 ? 0 : millis(time) / static_cast<double>(count);
}

std::uint64_t count(const Metrics& m, bool (*is_counted)(const MachineStatus&)) {
  return static_cast<std::uint64_t>(std::ranges::count_if(m.status.machines, is_counted));
}

bool is_enabled(const MachineStatus& machine) {
  return machine.is_enabled;
}

bool is_in_use(const MachineStatus& machine) {
  return machine.current_jobs > 0;
}

// NOLINTBEGIN(modernize-use-designated-initializers): tables.
// clang-format off
constexpr auto kRows = std::to_array<Row<Metrics>>({
    {"hydraqueuerunner_queue_checks_started_total", counter, "Looks at the queue that were begun",
     [](const Metrics& m) -> Number { return m.queue_checks_started; }},
    {"hydraqueuerunner_queue_build_loads_total", counter, "Builds loaded",
     [](const Metrics& m) -> Number { return m.status.builds.read; }},
    {"hydraqueuerunner_queue_steps_created_total", counter, "Steps created",
     [](const Metrics& m) -> Number { return m.steps_created; }},
    {"hydraqueuerunner_queue_checks_early_exits_total", counter, "Looks at the queue that gave way to changes",
     [](const Metrics& m) -> Number { return m.queue_checks_early_exits; }},
    {"hydraqueuerunner_queue_checks_finished_total", counter, "Looks at the queue that were finished",
     [](const Metrics& m) -> Number { return m.queue_checks_finished; }},
    {"hydraqueuerunner_dispatcher_time_spent_running", counter, "Microseconds of dispatching",
     [](const Metrics& m) -> Number { return micros(m.dispatcher_running); }},
    {"hydraqueuerunner_dispatcher_time_spent_waiting", counter, "Microseconds between dispatches",
     [](const Metrics& m) -> Number { return micros(m.dispatcher_waiting); }},
    {"hydraqueuerunner_queue_monitor_time_spent_running", counter, "Microseconds of loading the queue",
     [](const Metrics& m) -> Number { return micros(m.monitor_running); }},
    {"hydraqueuerunner_queue_monitor_time_spent_waiting", counter, "Microseconds between loads",
     [](const Metrics& m) -> Number { return micros(m.monitor_waiting); }},
    {"hydraqueuerunner_dispatcher_time_spent_running_total", counter, "Microseconds of dispatching",
     [](const Metrics& m) -> Number { return micros(m.dispatcher_running); }},
    {"hydraqueuerunner_dispatcher_time_spent_waiting_total", counter, "Microseconds between dispatches",
     [](const Metrics& m) -> Number { return micros(m.dispatcher_waiting); }},
    {"hydraqueuerunner_monitor_time_spent_running_total", counter, "Microseconds of loading the queue",
     [](const Metrics& m) -> Number { return micros(m.monitor_running); }},
    {"hydraqueuerunner_monitor_time_spent_waiting_total", counter, "Microseconds between loads",
     [](const Metrics& m) -> Number { return micros(m.monitor_waiting); }},
    {"hydraqueuerunner_monitor_checks", counter, "Times that the queue was looked at",
     [](const Metrics& m) -> Number { return m.status.queue_wakeups; }},
    {"hydraqueuerunner_dispatch_wakeup", counter, "Dispatches",
     [](const Metrics& m) -> Number { return m.status.dispatcher_wakeups; }},
    {"hydraqueuerunner_dispatch_time_ms", counter, "Milliseconds of dispatching",
     [](const Metrics& m) -> Number { return millis(m.status.dispatch_time); }},
    {"hydraqueuerunner_uptime_seconds", gauge, "Since the start",
     [](const Metrics& m) -> Number { return m.status.uptime; }},
    {"hydraqueuerunner_current_time_seconds", gauge, "Of the calendar, since 1970",
     [](const Metrics& m) -> Number { return m.status.time; }},
    {"hydraqueuerunner_builds_read", counter, "Builds read from the database",
     [](const Metrics& m) -> Number { return m.status.builds.read; }},
    {"hydraqueuerunner_builds_read_time_ms", counter, "Milliseconds of reading builds",
     [](const Metrics& m) -> Number { return millis(m.status.builds.read_time); }},
    {"hydraqueuerunner_builds_unfinished", gauge, "Builds in the queue",
     [](const Metrics& m) -> Number { return m.status.builds.queued; }},
    {"hydraqueuerunner_builds_finished", counter, "Builds that ended",
     [](const Metrics& m) -> Number { return m.status.builds.done; }},
    {"hydraqueuerunner_builds_succeeded", counter, "Builds that succeeded",
     [](const Metrics& m) -> Number { return m.status.builds.succeeded; }},
    {"hydraqueuerunner_builds_failed", counter, "Builds that failed",
     [](const Metrics& m) -> Number { return m.status.builds.failed; }},
    {"hydraqueuerunner_steps_started", counter, "Attempts that were begun",
     [](const Metrics& m) -> Number { return m.status.steps.started; }},
    {"hydraqueuerunner_steps_finished", counter, "Attempts that ended",
     [](const Metrics& m) -> Number { return m.status.steps.done; }},
    {"hydraqueuerunner_steps_retries", counter, "Attempts that followed a failed one",
     [](const Metrics& m) -> Number { return m.status.steps.retries; }},
    {"hydraqueuerunner_steps_max_retries", gauge, "The most retries of one step",
     [](const Metrics& m) -> Number { return m.status.steps.max_retries; }},
    {"hydraqueuerunner_steps_runnable", gauge, "Steps that wait for nothing but a machine",
     [](const Metrics& m) -> Number { return m.status.steps.runnable; }},
    {"hydraqueuerunner_steps_unfinished", gauge, "Steps in the graph",
     [](const Metrics& m) -> Number { return m.status.steps.unfinished; }},
    {"hydraqueuerunner_steps_waiting", gauge, "Runnable steps that do not run",
     [](const Metrics& m) -> Number { return m.status.steps.waiting; }},
    {"hydraqueuerunner_steps_unsupported", gauge, "Steps that no machine can run",
     [](const Metrics& m) -> Number { return m.status.steps.unsupported; }},
    {"hydraqueuerunner_steps_unsupported_aborted", counter, "Steps given up because no machine can run them",
     [](const Metrics& m) -> Number { return m.unsupported_aborted; }},
    {"hydraqueuerunner_steps_building", gauge, "Steps that build",
     [](const Metrics& m) -> Number { return m.status.steps.building; }},
    {"hydraqueuerunner_steps_copying_to", gauge, "Steps whose inputs are being sent",
     [](const Metrics& m) -> Number { return m.status.steps.copying_to; }},
    {"hydraqueuerunner_steps_copying_from", gauge, "Steps whose outputs are being received",
     [](const Metrics& m) -> Number { return m.status.steps.copying_from; }},
    {"hydraqueuerunner_steps_total_time_ms", counter, "Milliseconds of attempts",
     [](const Metrics& m) -> Number { return millis(m.status.steps.times.total); }},
    {"hydraqueuerunner_steps_total_build_time_ms", counter, "Milliseconds of building",
     [](const Metrics& m) -> Number { return millis(m.status.steps.times.building); }},
    {"hydraqueuerunner_steps_total_import_time_ms", counter, "Milliseconds of sending inputs",
     [](const Metrics& m) -> Number { return millis(m.status.steps.times.sending); }},
    {"hydraqueuerunner_steps_total_upload_time_ms", counter, "Milliseconds of receiving outputs",
     [](const Metrics& m) -> Number { return millis(m.status.steps.times.receiving); }},
    {"hydraqueuerunner_steps_avg_total_time_ms", gauge, "Milliseconds of an attempt, on average",
     [](const Metrics& m) -> Number { return average(m.status.steps.times.total, m.status.steps.done); }},
    {"hydraqueuerunner_steps_avg_build_time_ms", gauge, "Milliseconds of building, on average",
     [](const Metrics& m) -> Number { return average(m.status.steps.times.building, m.status.steps.done); }},
    {"hydraqueuerunner_steps_avg_import_time_ms", gauge, "Milliseconds of sending inputs, on average",
     [](const Metrics& m) -> Number { return average(m.status.steps.times.sending, m.status.steps.done); }},
    {"hydraqueuerunner_steps_avg_upload_time_ms", gauge, "Milliseconds of receiving outputs, on average",
     [](const Metrics& m) -> Number { return average(m.status.steps.times.receiving, m.status.steps.done); }},
    {"hydraqueuerunner_aborted_jobs_total", counter, "Steps given up for reasons that are not their own",
     [](const Metrics& m) -> Number { return m.steps_aborted; }},
    {"hydraqueuerunner_machines_total", gauge, "Machines that are switched on",
     [](const Metrics& m) -> Number { return count(m, is_enabled); }},
    {"hydraqueuerunner_machines_in_use", gauge, "Machines that run steps",
     [](const Metrics& m) -> Number { return count(m, is_in_use); }},
    {"hydraqueuerunner_substitutes_started", counter, "Substitutions that were begun",
     [](const Metrics& m) -> Number { return m.substitutes_started; }},
    {"hydraqueuerunner_substitutes_succeeded", counter, "Substitutions that succeeded",
     [](const Metrics& m) -> Number { return m.substitutes_succeeded; }},
    {"hydraqueuerunner_substitutes_failed", counter, "Substitutions that failed",
     [](const Metrics& m) -> Number { return m.substitutes_failed; }},
    {"hydraqueuerunner_store_nar_info_read", gauge, "Path infos read",
     [](const Metrics& m) -> Number { return m.status.store.nar_info_read; }},
    {"hydraqueuerunner_store_nar_info_read_averted", gauge, "Path infos known before",
     [](const Metrics& m) -> Number { return m.status.store.nar_info_read_averted; }},
    {"hydraqueuerunner_store_nar_info_missing", gauge, "Path infos of paths that are not there",
     [](const Metrics& m) -> Number { return m.status.store.nar_info_missing; }},
    {"hydraqueuerunner_store_nar_info_write", gauge, "Path infos written",
     [](const Metrics& m) -> Number { return m.status.store.nar_info_write; }},
    {"hydraqueuerunner_store_path_info_cache_size", gauge, "Path infos that are known",
     [](const Metrics& m) -> Number { return m.status.store.nar_info_cache_size; }},
    {"hydraqueuerunner_store_nar_read", gauge, "NARs read",
     [](const Metrics& m) -> Number { return m.status.store.nar_read; }},
    {"hydraqueuerunner_store_nar_read_bytes", gauge, "Bytes of NARs read",
     [](const Metrics& m) -> Number { return m.status.store.nar_read_bytes; }},
    {"hydraqueuerunner_store_nar_read_compressed_bytes", gauge, "Bytes of NARs read, compressed",
     [](const Metrics& m) -> Number { return m.status.store.nar_read_compressed_bytes; }},
    {"hydraqueuerunner_store_nar_write", gauge, "NARs written",
     [](const Metrics& m) -> Number { return m.status.store.nar_write; }},
    {"hydraqueuerunner_store_nar_write_averted", gauge, "NARs that were there",
     [](const Metrics& m) -> Number { return m.status.store.nar_write_averted; }},
    {"hydraqueuerunner_store_nar_write_bytes", gauge, "Bytes of NARs written",
     [](const Metrics& m) -> Number { return m.status.store.nar_write_bytes; }},
    {"hydraqueuerunner_store_nar_write_compressed_bytes", gauge, "Bytes of NARs written, compressed",
     [](const Metrics& m) -> Number { return m.status.store.nar_write_compressed_bytes; }},
    {"hydraqueuerunner_store_nar_write_compression_time_ms", gauge, "Milliseconds of compressing NARs",
     [](const Metrics& m) -> Number { return millis(m.status.store.nar_write_compression_time); }},
    {"hydraqueuerunner_store_nar_compression_savings", gauge, "The part of NARs that compression saved",
     [](const Metrics& m) -> Number { return m.status.store.compression_savings(); }},
    {"hydraqueuerunner_store_nar_compression_speed", gauge, "MiB of NARs compressed in a second",
     [](const Metrics& m) -> Number { return m.status.store.compression_speed(); }},
    {"firn_sent_bytes_total", counter, "Bytes sent to machines",
     [](const Metrics& m) -> Number { return m.status.bytes_sent; }},
    {"firn_received_bytes_total", counter, "Bytes received from machines",
     [](const Metrics& m) -> Number { return m.status.bytes_received; }},
    {"firn_active_steps", gauge, "Steps that run",
     [](const Metrics& m) -> Number { return m.status.steps.active; }},
    {"firn_steps_waiting_for_transfer_slot", gauge, "Built steps whose outputs wait to be received",
     [](const Metrics& m) -> Number { return m.status.steps.waiting_for_transfer_slot; }},
    {"firn_alarms_total", counter, "Times that work and a machine for it were seen together for too long",
     [](const Metrics& m) -> Number { return m.status.alarms; }},
    {"firn_database_connections", gauge, "Open connections to the database",
     [](const Metrics& m) -> Number { return m.status.db_connections; }},
    {"firn_database_updates", gauge, "Transactions that are being written",
     [](const Metrics& m) -> Number { return m.status.active_db_updates; }},
});

constexpr auto kMachineRows = std::to_array<Row<MachineStatus>>({
    {"hydraqueuerunner_machine_current_jobs", gauge, "Steps that run there",
     [](const MachineStatus& machine) -> Number { return machine.current_jobs; }},
    {"hydraqueuerunner_machine_steps_done", gauge, "Attempts that ended there",
     [](const MachineStatus& machine) -> Number { return machine.steps_done; }},
    {"hydraqueuerunner_machine_consecutive_failures", gauge, "Faults of its own in a row",
     [](const MachineStatus& machine) -> Number { return machine.consecutive_failures; }},
    {"hydraqueuerunner_machine_idle_since_timestamp", gauge, "Since when nothing runs there; 0 while something does",
     [](const MachineStatus& machine) -> Number { return machine.current_jobs > 0 ? WallTime() : machine.idle_since; }},
    {"hydraqueuerunner_machine_total_step_time_ms", gauge, "Milliseconds of attempts",
     [](const MachineStatus& machine) -> Number { return millis(machine.times.total); }},
    {"hydraqueuerunner_machine_total_step_build_time_ms", gauge, "Milliseconds of building",
     [](const MachineStatus& machine) -> Number { return millis(machine.times.building); }},
    {"hydraqueuerunner_machine_total_step_import_time_ms", gauge, "Milliseconds of sending inputs",
     [](const MachineStatus& machine) -> Number { return millis(machine.times.sending); }},
    {"hydraqueuerunner_machine_total_step_upload_time_ms", gauge, "Milliseconds of receiving outputs",
     [](const MachineStatus& machine) -> Number { return millis(machine.times.receiving); }},
    {"firn_machine_enabled", gauge, "1 where the machine is switched on",
     [](const MachineStatus& machine) -> Number { return machine.is_enabled; }},
    {"firn_machine_disabled_until_timestamp", gauge, "When its back-off ends; 0 = none",
     [](const MachineStatus& machine) -> Number { return machine.disabled_until; }},
});

constexpr auto kTypeRows = std::to_array<Row<MachineTypeStatus>>({
    {"hydraqueuerunner_machine_type_runnable", gauge, "Runnable steps",
     [](const MachineTypeStatus& type) -> Number { return type.runnable; }},
    {"hydraqueuerunner_machine_type_running", gauge, "Steps that run",
     [](const MachineTypeStatus& type) -> Number { return type.running; }},
    {"hydraqueuerunner_machine_type_waiting", gauge, "Runnable steps in back-off",
     [](const MachineTypeStatus& type) -> Number { return type.waiting; }},
    {"hydraqueuerunner_machine_type_disabled", gauge, "Runnable steps whose machines are switched off",
     [](const MachineTypeStatus& type) -> Number { return type.disabled; }},
    {"hydraqueuerunner_machine_type_wait_time", gauge, "Milliseconds for which the runnable steps have been so",
     [](const MachineTypeStatus& type) -> Number { return millis(type.wait_time); }},
    {"hydraqueuerunner_machine_type_avg_runnable_time", gauge, "The same for one of them, on average",
     [](const MachineTypeStatus& type) -> Number { return average(type.wait_time, type.runnable); }},
});

constexpr auto kJobsetRows = std::to_array<Row<JobsetStatus>>({
    {"hydraqueuerunner_jobset_share_used", gauge, "Seconds of the scheduling window by share",
     [](const JobsetStatus& jobset) -> Number { return jobset.share_used; }},
    {"hydraqueuerunner_jobset_seconds", gauge, "Seconds of the scheduling window",
     [](const JobsetStatus& jobset) -> Number { return jobset.seconds; }},
});
// clang-format on
// NOLINTEND(modernize-use-designated-initializers)

/// "ssh://root@b1" → "b1".
std::string_view host_of(std::string_view name) {
  if (const auto scheme = name.find("://"); scheme != std::string_view::npos)
    name.remove_prefix(scheme + 3);
  if (const auto login = name.rfind('@'); login != std::string_view::npos)
    name.remove_prefix(login + 1);
  return name.substr(0, name.find('?'));
}

/// Their hosts, as Hydra labels them; the whole names of machines that share one.
std::vector<std::string_view> machine_labels(const std::vector<MachineStatus>& machines) {
  std::map<std::string_view, int> uses;
  for (const MachineStatus& machine : machines)
    ++uses[host_of(machine.name)];
  std::vector<std::string_view> labels;
  for (const MachineStatus& machine : machines) {
    const auto host = host_of(machine.name);
    labels.push_back(uses[host] == 1 ? host : std::string_view(machine.name));
  }
  return labels;
}

void add_machines(Exposition& text, const std::vector<MachineStatus>& machines) {
  const auto labels = machine_labels(machines);
  for (const auto& row : kMachineRows) {
    text.family(row.name, row.kind, row.help);
    for (std::size_t i = 0; i < machines.size(); ++i)
      text.sample(row.value(machines[i]).value, {.name = "hostname", .value = labels[i]});
  }
}

void add_types_and_jobsets(Exposition& text, const StatusSnapshot& status) {
  for (const auto& row : kTypeRows) {
    text.family(row.name, row.kind, row.help);
    for (const MachineTypeStatus& type : status.machine_types)
      text.sample(row.value(type).value, {.name = "machine_type", .value = type.name});
  }
  for (const auto& row : kJobsetRows) {
    text.family(row.name, row.kind, row.help);
    for (const JobsetStatus& jobset : status.jobsets) {
      const std::string name = jobset.project + ":" + jobset.jobset;
      text.sample(row.value(jobset).value, {.name = "jobset_name", .value = name});
    }
  }
}

void add_by_type(Exposition& text,
                 std::string_view name,
                 std::string_view help,
                 const HistogramByType& histograms) {
  text.family(name, histogram, help);
  for (const auto& [type, values] : histograms)
    text.sample(values, {.name = "machine_type", .value = type});
}

void add_histograms(Exposition& text, const Metrics& m) {
  add_by_type(
      text, "hydraqueuerunner_job_wait_time_seconds", "From runnable to started", m.job_wait);
  add_by_type(text,
              "hydraqueuerunner_build_closure_size_bytes",
              "Closures of what was built",
              m.closure_size);
  add_by_type(text,
              "hydraqueuerunner_build_input_drvs_seconds",
              "Input derivations of a build: a count, whatever Hydra's name for it says",
              m.input_drvs);
  text.family("firn_phase_seconds", histogram, "What attempts spent in each phase");
  for (std::size_t i = 0; i < m.phases.size(); ++i) {
    const auto phase = static_cast<sched::Phase>(i);
    if (phase == sched::Phase::queued || phase == sched::Phase::done) continue;
    const std::string name = identifier(sched::to_string(phase));
    text.sample(m.phases[i], {.name = "phase", .value = name});
  }
  text.family("firn_dispatch_seconds", histogram, "What one dispatch took");
  text.sample(m.dispatches);
  text.family("firn_database_transaction_seconds", histogram, "What one transaction took");
  text.sample(m.transactions);
}

void add_reasons(Exposition& text, const Metrics& m) {
  text.family("firn_unfinished_steps", gauge, "Unfinished steps by what keeps them");
  for (std::size_t i = 0; i < kReasonCount; ++i) {
    text.sample(static_cast<double>(m.status.reasons.at(i)),
                {.name = "reason", .value = sched::to_string(static_cast<sched::Reason>(i))});
  }
  text.family("firn_retries_total", counter, "Attempts by the failure that they followed");
  for (std::size_t i = 0; i < sched::kFailureClassCount; ++i) {
    const std::string name = identifier(sched::to_string(static_cast<sched::FailureClass>(i)));
    text.sample(static_cast<double>(m.status.retries.at(i)), {.name = "failure", .value = name});
  }
  text.family(
      "firn_oldest_runnable_step_seconds", gauge, "How long the oldest runnable step waits");
  text.sample(m.oldest_runnable ? seconds(*m.oldest_runnable) : 0);
}

}  // namespace

std::string to_exposition(const Metrics& metrics) {
  Exposition text;
  for (const auto& row : kRows) {
    text.family(row.name, row.kind, row.help);
    text.sample(row.value(metrics).value);
  }
  add_machines(text, metrics.status.machines);
  add_types_and_jobsets(text, metrics.status);
  add_histograms(text, metrics);
  add_reasons(text, metrics);
  return text.take();
}

}  // namespace firn::queue
