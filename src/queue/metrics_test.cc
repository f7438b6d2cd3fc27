// SPDX-License-Identifier: Apache-2.0
#include "queue/metrics.h"

#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace firn::queue {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

WallTime at(int seconds) {
  return WallTime(std::chrono::seconds(seconds));
}

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);)
    lines.push_back(line);
  return lines;
}

std::set<std::string> families_of(const std::string& text) {
  std::set<std::string> names;
  for (const std::string& line : lines_of(text)) {
    if (!line.starts_with("# TYPE ")) continue;
    EXPECT_TRUE(names.insert(line.substr(7, line.find(' ', 7) - 7)).second) << line;
  }
  return names;
}

Metrics busy() {
  Metrics metrics;
  metrics.status.time = at(1'700'000'000);
  metrics.status.steps.done = 4;
  metrics.status.steps.times = {
      .total = 10s, .sending = 1s, .building = 6500ms, .receiving = 250ms};
  metrics.status.machines = {{.name = "ssh://root@b1", .current_jobs = 2, .idle_since = at(7)},
                             {.name = "ssh-ng://b2?x=1", .idle_since = at(8)},
                             {.name = "ssh://a@b3"},
                             {.name = "ssh://b@b3", .is_enabled = false},
                             {.name = "localhost"}};
  metrics.status.jobsets = {{.project = "p", .jobset = "j", .share_used = 0.5, .seconds = 50s}};
  metrics.status.machine_types = {{.name = "x86_64-linux:kvm", .runnable = 4, .wait_time = 90s}};
  metrics.status.reasons.at(static_cast<std::size_t>(sched::Reason::machines_full)) = 3;
  metrics.status.retries.at(static_cast<std::size_t>(sched::FailureClass::machine_lost)) = 2;
  metrics.dispatcher_running = 1500us;
  metrics.oldest_runnable = 61s;
  metrics.phases.at(static_cast<std::size_t>(sched::Phase::sending_inputs)).observe(0.02);
  Histogram wait(kWaitSeconds);
  wait.observe(5);
  metrics.job_wait.emplace("x86_64-linux:kvm", wait);
  return metrics;
}

// QR-182, and 2.5 for the runner in Rust.
TEST(Metrics, BothGenerationsOfNamesAreThere) {
  const auto names = families_of(to_exposition(Metrics()));
  for (const std::string_view name : {"queue_checks_started_total",
                                      "queue_build_loads_total",
                                      "queue_steps_created_total",
                                      "queue_checks_early_exits_total",
                                      "queue_checks_finished_total",
                                      "dispatcher_time_spent_running",
                                      "dispatcher_time_spent_waiting",
                                      "queue_monitor_time_spent_running",
                                      "queue_monitor_time_spent_waiting",
                                      "dispatcher_time_spent_running_total",
                                      "dispatcher_time_spent_waiting_total",
                                      "monitor_time_spent_running_total",
                                      "monitor_time_spent_waiting_total",
                                      "monitor_checks",
                                      "dispatch_wakeup",
                                      "dispatch_time_ms",
                                      "uptime_seconds",
                                      "current_time_seconds",
                                      "builds_read",
                                      "builds_read_time_ms",
                                      "builds_unfinished",
                                      "builds_finished",
                                      "builds_succeeded",
                                      "builds_failed",
                                      "steps_started",
                                      "steps_finished",
                                      "steps_retries",
                                      "steps_max_retries",
                                      "steps_runnable",
                                      "steps_unfinished",
                                      "steps_waiting",
                                      "steps_unsupported",
                                      "steps_unsupported_aborted",
                                      "steps_building",
                                      "steps_copying_to",
                                      "steps_copying_from",
                                      "steps_total_build_time_ms",
                                      "steps_total_import_time_ms",
                                      "steps_total_upload_time_ms",
                                      "steps_total_time_ms",
                                      "steps_avg_build_time_ms",
                                      "steps_avg_import_time_ms",
                                      "steps_avg_upload_time_ms",
                                      "steps_avg_total_time_ms",
                                      "aborted_jobs_total",
                                      "machines_total",
                                      "machines_in_use",
                                      "machine_current_jobs",
                                      "machine_steps_done",
                                      "machine_consecutive_failures",
                                      "machine_idle_since_timestamp",
                                      "machine_total_step_time_ms",
                                      "machine_total_step_build_time_ms",
                                      "machine_total_step_import_time_ms",
                                      "machine_total_step_upload_time_ms",
                                      "machine_type_runnable",
                                      "machine_type_running",
                                      "machine_type_waiting",
                                      "machine_type_disabled",
                                      "machine_type_wait_time",
                                      "machine_type_avg_runnable_time",
                                      "jobset_share_used",
                                      "jobset_seconds",
                                      "substitutes_started",
                                      "substitutes_succeeded",
                                      "substitutes_failed",
                                      "store_nar_info_read",
                                      "store_nar_info_read_averted",
                                      "store_nar_info_missing",
                                      "store_nar_info_write",
                                      "store_path_info_cache_size",
                                      "store_nar_read",
                                      "store_nar_read_bytes",
                                      "store_nar_read_compressed_bytes",
                                      "store_nar_write",
                                      "store_nar_write_averted",
                                      "store_nar_write_bytes",
                                      "store_nar_write_compressed_bytes",
                                      "store_nar_write_compression_time_ms",
                                      "store_nar_compression_savings",
                                      "store_nar_compression_speed",
                                      "job_wait_time_seconds",
                                      "build_closure_size_bytes",
                                      "build_input_drvs_seconds"}) {
    EXPECT_TRUE(names.contains("hydraqueuerunner_" + std::string(name))) << name;
  }
}

TEST(Metrics, EachIsInTheDocuments) {
  std::ifstream file(FIRN_DOCS "/metrics.md");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  for (const std::string& line : lines_of(to_exposition(Metrics()))) {
    if (!line.starts_with("# TYPE ")) continue;
    const auto end = line.rfind(' ');
    const std::string row = "| `" + line.substr(7, end - 7) + "` | " + line.substr(end + 1) + " |";
    EXPECT_THAT(text, HasSubstr(row));
  }
}

TEST(Metrics, ValuesHaveTheirUnits) {
  const std::string text = to_exposition(busy());
  for (const std::string_view line :
       {"hydraqueuerunner_dispatcher_time_spent_running 1500",
        "hydraqueuerunner_dispatcher_time_spent_running_total 1500",
        "hydraqueuerunner_steps_total_time_ms 10000",
        "hydraqueuerunner_steps_avg_import_time_ms 250",
        "hydraqueuerunner_current_time_seconds 1700000000",
        "hydraqueuerunner_machines_total 4",
        "hydraqueuerunner_machines_in_use 1",
        "hydraqueuerunner_machine_type_wait_time{machine_type=\"x86_64-linux:kvm\"} 90000",
        "hydraqueuerunner_machine_type_avg_runnable_time{machine_type=\"x86_64-linux:kvm\"} 22500",
        "hydraqueuerunner_jobset_share_used{jobset_name=\"p:j\"} 0.5",
        "hydraqueuerunner_job_wait_time_seconds_bucket{machine_type=\"x86_64-linux:kvm\",le=\"10\"}"
        " 1",
        "firn_phase_seconds_bucket{phase=\"sending_inputs\",le=\"0.03\"} 1",
        "firn_phase_seconds_count{phase=\"building\"} 0",
        "firn_unfinished_steps{reason=\"machines_full\"} 3",
        "firn_retries_total{failure=\"machine_lost\"} 2",
        "firn_oldest_runnable_step_seconds 61"}) {
    EXPECT_THAT(text, HasSubstr("\n" + std::string(line) + "\n"));
  }
}

TEST(Metrics, MachinesAreLabelledWithTheirHost) {
  const std::string text = to_exposition(busy());
  const std::string family = "\nhydraqueuerunner_machine_idle_since_timestamp{hostname=";
  EXPECT_THAT(text, HasSubstr(family + "\"b1\"} 0\n")) << "it is busy";
  EXPECT_THAT(text, HasSubstr(family + "\"b2\"} 8\n"));
  EXPECT_THAT(text, HasSubstr(family + "\"localhost\"} 0\n"));
  EXPECT_THAT(text, HasSubstr(family + "\"ssh://a@b3\"} 0\n")) << "two share the host";
  EXPECT_THAT(text, HasSubstr(family + "\"ssh://b@b3\"} 0\n"));
}

TEST(Metrics, NoSampleComesTwice) {
  std::set<std::string> seen;
  for (const std::string& line : lines_of(to_exposition(busy()))) {
    if (line.starts_with('#')) continue;
    EXPECT_TRUE(seen.insert(line.substr(0, line.rfind(' '))).second) << line;
  }
}

}  // namespace
}  // namespace firn::queue
