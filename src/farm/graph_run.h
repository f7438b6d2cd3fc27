// SPDX-License-Identifier: Apache-2.0
// A run over one graph, until everything in it has ended: what `firn build` does.
#pragma once

#include "farm/graph.h"
#include "farm/orders.h"
#include "farm/run.h"

#include <string>
#include <vector>

namespace firn::farm {

/// A step that no machine can build, and why in words.
struct UnsupportedStep {
  nix::DrvPath drv;
  std::string reason;
};

/// Where a step would go if everything took equally long.
struct PlannedStep {
  nix::DrvPath drv;
  std::string machine;
};

class GraphRun final : private Orders {
 public:
  /// Borrows the loop and the store.
  GraphRun(aio::Loop& loop,
           store::Store& store,
           std::vector<ReachedMachine> machines,
           Graph graph,
           const RunOptions& options);

  /// To be asked before `execute`: with any of these, only --keep-going makes sense.
  std::vector<UnsupportedStep> unsupported() const;

  const Graph& graph() const { return graph_; }

  /// Machines that change, steps that are cancelled.
  Run& run() { return run_; }

  const Run& run() const { return run_; }

  /// Who would build what: the scheduler's own decisions, without doing anything.
  std::vector<PlannedStep> plan() const;

  /// Builds. Call once. Returns when everything has ended and every session is closed; failures of
  /// steps are events, not errors.
  aio::Task<sched::Counts> execute(EventSink& events);

 private:
  aio::Task<Order> order(sched::StepId step) override;
  static void add_steps(sched::RecordedScheduler& scheduler, const Graph& graph);
  PlanMade description() const;

  TimePoint now() const { return loop_.timers().now(); }

  aio::Loop& loop_;
  Graph graph_;
  RunOptions options_;
  Run run_;
};

}  // namespace firn::farm
