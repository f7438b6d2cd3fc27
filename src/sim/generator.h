// SPDX-License-Identifier: Apache-2.0
// Generated package sets: a bootstrap that everything stands on, then layers in which few packages
// are needed by very many and most by none or one, each with its source as a step of its own, and
// durations whose logarithm is normal. The same shape and seed give the same queue.
#pragma once

#include "base/units.h"
#include "sched/back_off.h"
#include "sim/queue.h"

#include <chrono>
#include <cstdint>
#include <span>
#include <string_view>

namespace firn::sim {

/// Its logarithm has a normal distribution around that of `median`; cut off at `limit`.
struct LogNormal {
  Duration median{};
  double sigma = 1;
  Duration limit = std::chrono::hours(6);
};

/// What a package set looks like. The defaults are the set of `families()`; where the figures come
/// from is in docs/simulate.md.
struct Shape {
  std::uint32_t steps = 60'000;
  /// The chain of compilers and C libraries below everything.
  std::uint32_t bootstrap = 20;
  /// Layers above the bootstrap; each has `layer_ratio` times the packages of the one below.
  std::uint32_t layers = 30;
  double layer_ratio = 0.86;
  /// Dependencies of a package, beyond its source, one in the layer below and the last step of the
  /// bootstrap.
  double mean_dependencies = 4;
  /// From which places of a layer dependencies are drawn: x^skew for an even x in [0, 1). 1 = all
  /// alike; at 4, the first thousandth of a layer has a sixth of all its dependents.
  double skew = 4;
  LogNormal bootstrap_time{.median = std::chrono::seconds(120), .sigma = 0.7};
  LogNormal source_time{.median = std::chrono::seconds(3), .sigma = 1};
  LogNormal package_time{.median = std::chrono::seconds(40), .sigma = 1.4};
  double median_output_bytes = 1.5e6;
  double output_sigma = 2;
  /// A package belongs to one of so many projects, but for the share `shared` of them, which stand
  /// in the lowest layers and are everybody's.
  std::uint32_t projects = 1;
  double shared = 0.25;
  StepKind kind{.system = "x86_64-linux", .features = {}};
};

/// Every package is a build. Durations are expected as they are. Throws
/// Error{invalid} for a shape that is none.
Queue generate(const Shape& shape, std::uint64_t seed);

/// Durations for steps of which nothing is known: those of a package set's packages.
class DurationGuess {
 public:
  explicit DurationGuess(std::uint64_t seed) : random_(seed) {}

  Duration next();

 private:
  sched::Random random_;
};

/// From now on the scheduler is told a time that is `factor` times too long or too short, as a coin
/// falls.
void distort_expectations(Queue& queue, double factor, std::uint64_t seed);

/// A shape on a fleet of uniform machines.
struct Family {
  std::string_view name;
  std::uint32_t machines = 16;
  std::uint32_t slots = 1;
  Shape shape{};
};

/// The three that the scheduler's makespan is measured by: "work-bound", "balanced" and
/// "chain-bound".
std::span<const Family> families();

}  // namespace firn::sim
