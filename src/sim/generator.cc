// SPDX-License-Identifier: Apache-2.0
#include "sim/generator.h"

#include "base/error.h"
#include "sched/back_off.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <vector>

#include <fmt/format.h>

namespace firn::sim {

namespace {

/// The distributions that a package set is drawn from.
class Dice {
 public:
  explicit Dice(sched::Random random) : random_(random) {}

  sched::Random random() const { return random_; }

  double fraction() { return random_.fraction(); }

  std::uint32_t below(std::uint32_t limit) {
    return std::min(limit - 1, static_cast<std::uint32_t>(fraction() * limit));
  }

  // Box and Muller's way.
  double normal() {
    const double radius = std::sqrt(-2 * std::log(1 - fraction()));
    return radius * std::cos(2 * std::numbers::pi * fraction());
  }

  double log_normal(double median, double sigma) { return median * std::exp(sigma * normal()); }

  Duration time(const LogNormal& of) {
    const double drawn = log_normal(static_cast<double>(of.median.count()), of.sigma);
    const double limit = static_cast<double>(of.limit.count());
    return Duration(static_cast<Duration::rep>(std::min(drawn, limit)));
  }

  // Geometric: most have few, some have dozens.
  std::uint32_t count(double mean) {
    const double drawn = std::log(1 - fraction()) / std::log(mean / (1 + mean));
    return static_cast<std::uint32_t>(std::min(drawn, 1000.0));
  }

 private:
  sched::Random random_;
};

/// A layer's steps of one project, or those that are everybody's: [first, end).
struct Block {
  StepIndex first = 0;
  StepIndex end = 0;

  bool empty() const { return first == end; }
};

class PackageSet {
 public:
  PackageSet(const Shape& shape, std::uint64_t seed) : shape_(shape), dice_(sched::Random(seed)) {}

  Queue make() {
    queue_.kinds.push_back(shape_.kind);
    for (std::uint32_t i = 0; i < shape_.projects; ++i)
      queue_.projects.push_back({.name = fmt::format("project{}", i + 1)});
    add_bootstrap();
    const auto sizes = layer_sizes();
    std::uint32_t shared_left =
        shape_.projects == 1 ? 0 : static_cast<std::uint32_t>(shape_.shared * packages());
    for (std::uint32_t layer = 0; layer < shape_.layers; ++layer) {
      const std::uint32_t shared = std::min(shared_left, sizes[layer]);
      shared_left -= shared;
      add_layer(layer, shared, sizes[layer] - shared);
    }
    return std::move(queue_);
  }

 private:
  // By layer; of the blocks of a layer the last is everybody's.
  using Blocks = std::vector<Block>;

  std::uint32_t packages() const { return (shape_.steps - shape_.bootstrap) / 2; }

  std::vector<std::uint32_t> layer_sizes() const {
    double weights = 0;
    for (std::uint32_t i = 0; i < shape_.layers; ++i)
      weights += std::pow(shape_.layer_ratio, i);
    std::uint32_t left = packages();
    const double all = left;
    std::vector<std::uint32_t> sizes(shape_.layers);
    for (std::uint32_t i = 0; i < shape_.layers; ++i) {
      const double part = all * std::pow(shape_.layer_ratio, i) / weights;
      sizes[i] = std::min(left, std::max(1U, static_cast<std::uint32_t>(part)));
      left -= sizes[i];
    }
    sizes.front() += left;
    return sizes;
  }

  StepIndex add(SimStep step) {
    step.expected = step.duration;
    step.output = ByteCount(static_cast<std::uint64_t>(
        dice_.log_normal(shape_.median_output_bytes, shape_.output_sigma)));
    queue_.steps.push_back(std::move(step));
    return next() - 1;
  }

  void add_bootstrap() {
    for (StepIndex i = 0; i < shape_.bootstrap; ++i) {
      SimStep step{.name = fmt::format("bootstrap{}", i + 1), .dependencies = {}};
      if (i > 0) step.dependencies.push_back(i - 1);
      step.duration = dice_.time(shape_.bootstrap_time);
      add(std::move(step));
    }
  }

  void add_layer(std::uint32_t layer, std::uint32_t shared, std::uint32_t own) {
    Blocks blocks;
    for (std::uint32_t project = 0; project < shape_.projects; ++project) {
      const std::uint32_t more = project < own % shape_.projects ? 1 : 0;
      blocks.push_back(add_block(layer, project, own / shape_.projects + more));
    }
    blocks.push_back(add_block(layer, shape_.projects, shared));
    layers_.push_back(std::move(blocks));
  }

  StepIndex next() const { return static_cast<StepIndex>(queue_.steps.size()); }

  // The block is that of the packages; their sources stand before it.
  Block add_block(std::uint32_t layer, std::uint32_t owner, std::uint32_t size) {
    for (std::uint32_t i = 0; i < size; ++i)
      add_source();
    const Block block{.first = next(), .end = next() + size};
    for (StepIndex i = block.first; i < block.end; ++i)
      add_package(layer, owner, i - size);
    return block;
  }

  void stand_on_bootstrap(SimStep& step) const {
    if (shape_.bootstrap > 0) step.dependencies.push_back(shape_.bootstrap - 1);
  }

  void add_source() {
    SimStep step{.name = fmt::format("source{}", next()), .dependencies = {}};
    stand_on_bootstrap(step);
    step.duration = dice_.time(shape_.source_time);
    add(std::move(step));
  }

  void add_package(std::uint32_t layer, std::uint32_t owner, StepIndex source) {
    SimStep step{.name = fmt::format("package{}", next()), .dependencies = {source}};
    stand_on_bootstrap(step);
    if (layer > 0) {
      depend(step, layer - 1, owner);
      for (std::uint32_t more = dice_.count(shape_.mean_dependencies); more > 0; --more)
        depend(step, dice_.below(layer), owner);
    }
    std::sort(step.dependencies.begin(), step.dependencies.end());
    step.dependencies.erase(std::unique(step.dependencies.begin(), step.dependencies.end()),
                            step.dependencies.end());
    step.duration = dice_.time(shape_.package_time);
    const StepIndex index = add(std::move(step));
    if (owner < shape_.projects) {
      queue_.builds.push_back({.step = index, .project = owner});
      return;
    }
    for (std::uint32_t project = 0; project < shape_.projects; ++project)
      queue_.builds.push_back({.step = index, .project = project});
  }

  // On what is the project's own or everybody's in that layer.
  void depend(SimStep& step, std::uint32_t layer, std::uint32_t owner) {
    const Blocks& blocks = layers_[layer];
    const Block& shared = blocks.back();
    const Block& own = blocks[owner];
    const std::uint32_t size = (own.end - own.first) + (shared.end - shared.first);
    if (owner == shape_.projects ? shared.empty() : size == 0) return;
    const bool from_shared =
        owner == shape_.projects || dice_.below(size) < shared.end - shared.first;
    const Block& block = from_shared ? shared : own;
    const double place = std::pow(dice_.fraction(), shape_.skew) * (block.end - block.first);
    step.dependencies.push_back(block.first + static_cast<StepIndex>(place));
  }

  Shape shape_;
  Dice dice_;
  Queue queue_;
  std::vector<Blocks> layers_;
};

}  // namespace

Queue generate(const Shape& shape, std::uint64_t seed) {
  if (shape.layers == 0 || shape.projects == 0 ||
      shape.steps < shape.bootstrap + 2 * shape.layers) {
    throw Error(Kind::invalid,
                fmt::format("{} steps are too few for a bootstrap of {} and {} layers",
                            shape.steps,
                            shape.bootstrap,
                            shape.layers));
  }
  return PackageSet(shape, seed).make();
}

Duration DurationGuess::next() {
  Dice dice(random_);
  const Duration drawn = dice.time(Shape().package_time);
  random_ = dice.random();
  return drawn;
}

void distort_expectations(Queue& queue, double factor, std::uint64_t seed) {
  Dice dice{sched::Random(seed)};
  for (SimStep& step : queue.steps) {
    const double by = dice.fraction() < 0.5 ? factor : 1 / factor;
    step.expected =
        Duration(static_cast<Duration::rep>(static_cast<double>(step.duration.count()) * by));
  }
}

std::span<const Family> families() {
  static constexpr std::uint32_t kMachines = 16;
  static const std::array<Family, 3> known{{
      {.name = "work-bound", .machines = kMachines, .slots = 2},
      {.name = "balanced", .machines = kMachines, .slots = 8},
      {.name = "chain-bound", .machines = kMachines, .slots = 32},
  }};
  return known;
}

}  // namespace firn::sim
