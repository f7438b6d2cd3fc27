// SPDX-License-Identifier: Apache-2.0
// What a queue tells Prometheus: names that dashboards for both generations of Hydra's runner know
// (QR-182), and firn's own, as docs/metrics.md lists them.
#pragma once

#include "base/units.h"
#include "queue/histogram.h"
#include "queue/status_snapshot.h"
#include "sched/phase.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace firn::queue {

inline constexpr std::size_t kPhaseCount = static_cast<std::size_t>(sched::Phase::done) + 1;

using HistogramByType = std::map<std::string, Histogram, std::less<>>;

/// Counts go up from the runner's start.
struct Metrics {
  StatusSnapshot status{};

  std::uint64_t queue_checks_started = 0;
  std::uint64_t queue_checks_finished = 0;
  /// Loads that gave way to changes of the queue.
  std::uint64_t queue_checks_early_exits = 0;
  std::uint64_t steps_created = 0;
  std::uint64_t steps_aborted = 0;
  std::uint64_t unsupported_aborted = 0;
  std::uint64_t substitutes_started = 0;
  std::uint64_t substitutes_succeeded = 0;
  std::uint64_t substitutes_failed = 0;
  Duration dispatcher_running{};
  Duration dispatcher_waiting{};
  Duration monitor_running{};
  Duration monitor_waiting{};

  /// By machine type: seconds from runnable to started, bytes of outputs' closures, and input
  /// derivations of a build.
  HistogramByType job_wait{};
  HistogramByType closure_size{};
  HistogramByType input_drvs{};

  /// Seconds that attempts spent in each phase.
  std::vector<Histogram> phases = std::vector(kPhaseCount, Histogram(kStepSeconds));
  /// Seconds that one dispatch took, and one transaction.
  Histogram dispatches = Histogram(kWorkSeconds);
  Histogram transactions = Histogram(kWorkSeconds);
  /// Nothing where no step is runnable.
  std::optional<Duration> oldest_runnable = std::nullopt;
};

/// In Prometheus' text format, served as "text/plain; version=0.0.4".
std::string to_exposition(const Metrics& metrics);

}  // namespace firn::queue
