// SPDX-License-Identifier: Apache-2.0
// The scheduler at scale: 1,000 machines with 10,000 slots under queues of 1,000 to 1,000,000
// steps. "items" are decisions: steps assigned to machines.
#include "sched/scheduler.h"

#include <array>
#include <benchmark/benchmark.h>
#include <malloc.h>
#include <memory>
#include <string>
#include <vector>

namespace firn::sched {
namespace {

constexpr std::uint32_t kMachines = 1000;
constexpr std::uint32_t kSlotsPerMachine = 10;
constexpr std::uint32_t kEdgesPerWaitingStep = 3;

std::size_t heap_bytes() {
  const auto info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

/// A big site: four systems, a tenth of the machines special, a tenth of the steps needing that.
class Site {
 public:
  Site() : random_(1), scheduler_(std::make_unique<Scheduler>(Options{.max_transfers = 2000})) {
    for (std::uint32_t i = 0; i < kMachines; ++i) {
      MachineSpec spec{.name = "machine" + std::to_string(i), .systems = {kSystems[i % 4]}};
      spec.systems.emplace_back(kSystems[(i + 1) % 2]);
      if (i % 3 == 0) spec.supported_features.emplace_back("big-parallel");
      if (i % 10 == 0) spec.supported_features.emplace_back("kvm");
      if (i % 100 == 0) spec.mandatory_features.emplace_back("benchmark");
      spec.max_jobs = kSlotsPerMachine;
      spec.speed_factor = 1.0 + i % 5;
      scheduler_->add_machine(spec);
    }
  }

  StepId add_runnable() {
    const std::uint64_t dice = random_.next();
    const auto& features = features_[dice % features_.size()];
    const std::string name =
        "step-" + std::to_string(added_++) + "-with-a-name-of-the-usual-length";
    return scheduler_->add_step({.name = name,
                                 .system = kSystems[(dice >> 8U) % 4],
                                 .required_features = features,
                                 .priority = static_cast<std::int32_t>((dice >> 16U) % 4)},
                                {});
  }

  /// Two thirds runnable, one third waiting for three of those each.
  void add_queue(std::uint32_t steps) {
    std::vector<StepId> leaves;
    leaves.reserve(steps);
    for (std::uint32_t i = 0; i < steps - steps / 3; ++i)
      leaves.push_back(add_runnable());
    for (std::uint32_t i = 0; i < steps / 3; ++i) {
      std::array<StepId, kEdgesPerWaitingStep> dependencies;
      for (StepId& dependency : dependencies)
        dependency = leaves[random_.next() % leaves.size()];
      scheduler_->add_step(
          {.name = "step-that-waits-with-a-name-of-the-usual-length", .system = kSystems[i % 4]},
          dependencies);
    }
  }

  void dispatch() {
    Decisions decisions = scheduler_->dispatch(now_);
    for (const Assignment& assignment : decisions.assignments)
      running_.push_back(assignment.attempt);
    decided_ += decisions.assignments.size();
  }

  AttemptId take_running() {
    const std::size_t chosen = random_.next() % running_.size();
    const AttemptId attempt = running_[chosen];
    running_[chosen] = running_.back();
    running_.pop_back();
    return attempt;
  }

  void succeed(AttemptId attempt) { scheduler_->attempt_succeeded(attempt, now_); }

  void enter(AttemptId attempt, Phase phase) { scheduler_->enter_phase(attempt, phase, now_); }

  void succeed_all() {
    while (!running_.empty())
      succeed(take_running());
  }

  void tick() { now_ += std::chrono::milliseconds(1); }

  std::int64_t decided() const { return static_cast<std::int64_t>(decided_); }

  void forget_decided() { decided_ = 0; }

 private:
  static constexpr std::array<const char*, 4> kSystems{
      "x86_64-linux", "i686-linux", "aarch64-linux", "x86_64-darwin"};
  const std::array<std::vector<std::string>, 10> features_{
      {{}, {}, {}, {}, {}, {}, {}, {"big-parallel"}, {"big-parallel"}, {"kvm"}}};

  Random random_;
  std::unique_ptr<Scheduler> scheduler_;
  TimePoint now_;
  std::uint32_t added_ = 0;
  std::size_t decided_ = 0;
  std::vector<AttemptId> running_;
};

// One slot is freed, one step comes, one step is started: the steady state of a full farm.
void steady_state(benchmark::State& state) {
  Site site;
  site.add_queue(static_cast<std::uint32_t>(state.range(0)));
  site.dispatch();
  site.forget_decided();
  for ([[maybe_unused]] auto _ : state) {
    site.tick();
    site.add_runnable();
    site.succeed(site.take_running());
    site.dispatch();
  }
  state.SetItemsProcessed(site.decided());
}

// The same with all phases between start and end, and a dispatch after the build for the transfer
// slot.
void whole_life(benchmark::State& state) {
  Site site;
  site.add_queue(static_cast<std::uint32_t>(state.range(0)));
  site.dispatch();
  site.forget_decided();
  for ([[maybe_unused]] auto _ : state) {
    site.tick();
    site.add_runnable();
    const AttemptId attempt = site.take_running();
    site.enter(attempt, Phase::sending_inputs);
    site.enter(attempt, Phase::building);
    site.enter(attempt, Phase::waiting_for_transfer_slot);
    site.dispatch();
    site.enter(attempt, Phase::publishing);
    site.succeed(attempt);
  }
  state.SetItemsProcessed(site.decided());
}

// All slots are free, and one dispatch fills them.
void fill_all_slots(benchmark::State& state) {
  Site site;
  site.add_queue(static_cast<std::uint32_t>(state.range(0)));
  for ([[maybe_unused]] auto _ : state) {
    site.dispatch();
    state.PauseTiming();
    site.succeed_all();
    state.ResumeTiming();
  }
  state.SetItemsProcessed(site.decided());
}

// Adding the graph, and what it weighs.
void add_graph(benchmark::State& state) {
  const auto steps = static_cast<std::uint32_t>(state.range(0));
  std::size_t bytes = 0;
  for ([[maybe_unused]] auto _ : state) {
    const std::size_t before = heap_bytes();
    auto site = std::make_unique<Site>();
    site->add_queue(steps);
    bytes = heap_bytes() - before;
    state.PauseTiming();
    site.reset();
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * steps);
  state.counters["bytes_per_step"] = static_cast<double>(bytes) / steps;
}

BENCHMARK(steady_state)->Arg(30000)->Arg(300000)->Arg(1000000);
BENCHMARK(whole_life)->Arg(30000)->Arg(300000)->Arg(1000000);
BENCHMARK(fill_all_slots)->Arg(300000)->Iterations(15);
BENCHMARK(add_graph)->Arg(300000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace firn::sched
