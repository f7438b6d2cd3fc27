// SPDX-License-Identifier: Apache-2.0
// A run: a graph, machines, and the scheduler's decisions carried out until everything has ended.
#pragma once

#include "aio/loop.h"
#include "aio/scope.h"
#include "aio/wait_queue.h"
#include "farm/attempt.h"
#include "farm/event.h"
#include "farm/graph.h"
#include "farm/log_folder.h"
#include "farm/machine_access.h"
#include "farm/options.h"
#include "sched/scheduler.h"
#include "store/store.h"

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
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

class Run final : private AttemptHost {
 public:
  /// Borrows the loop and the store.
  Run(aio::Loop& loop,
      store::Store& store,
      std::vector<ReachedMachine> machines,
      Graph graph,
      RunOptions options);
  ~Run() override;

  /// To be asked before `execute`: with any of these, only --keep-going makes sense.
  std::vector<UnsupportedStep> unsupported() const;

  /// Whether some machine of the run is not this one.
  bool has_remote_machines() const;

  const Graph& graph() const { return graph_; }

  /// Who would build what: the scheduler's own decisions, without doing anything.
  std::vector<PlannedStep> plan() const;

  /// Builds. Call once. Returns when everything has ended and every session is closed; failures of
  /// steps are events, not errors.
  aio::Task<sched::Counts> execute(EventSink& events);

  /// Stops one step, and with it what depends on it; a running one is stopped on its machine. No
  /// effect on a step that has ended. While `execute` runs.
  void cancel(sched::StepId step);

  using Reach = std::function<ReachedMachine(const nix::Machine& machine)>;

  /// From now on `machines` are the machines of the run. New ones take work at once; those that are
  /// gone get no more, and end what they run; those that have changed are both. Throws what `reach`
  /// throws; then nothing has changed.
  void change_machines(const std::vector<nix::Machine>& machines, const Reach& reach);

  /// Stops everything: running builds are cancelled on their machines. `execute` then returns soon.
  void interrupt();

 private:
  struct Running {
    std::unique_ptr<Attempt> attempt;
    bool may_transfer = false;
    std::unique_ptr<aio::WaitQueue> transfer;
    ByteCount told;
  };

  sched::MachineId add_machine(ReachedMachine reached);
  void announce(sched::MachineId id);
  void let_leave(sched::MachineId id, std::string reason);
  static void add_steps(sched::Scheduler& scheduler, const Graph& graph);
  void announce();
  aio::Task<void> drive();
  void carry_out(const sched::Decisions& decisions);
  aio::Task<void> attempt(sched::Assignment assignment);
  void book(const sched::Assignment& assignment, AttemptOutcome outcome);
  aio::Task<void> tell_transfers();
  aio::Task<void> close_sessions();
  void tell_ended(const sched::Ended& ended, sched::StepState state, std::string reason);

  void entered(sched::AttemptId attempt, sched::Phase phase) override;
  void noted(sched::MachineId machine, std::string note) override;
  void collects_garbage(sched::MachineId machine, bool does) override;
  aio::Task<void> transfer_slot(sched::AttemptId attempt) override;

  TimePoint now() const { return loop_.timers().now(); }

  aio::Loop& loop_;
  store::Store& store_;
  Graph graph_;
  RunOptions options_;
  sched::Scheduler scheduler_;
  std::vector<sched::MachineSpec> specs_;
  std::vector<std::unique_ptr<BuildMachine>> machines_;
  PathInfos infos_;
  LogFolder logs_;
  StoreMark mark_;
  AttemptContext context_;
  EventSink* events_ = nullptr;
  std::unordered_map<sched::AttemptId, Running> running_;
  aio::WaitQueue changed_;
  /// The end of the wait for machines that have left.
  std::vector<aio::Timers::Entry> farewells_;
  bool is_announced_ = false;
  bool interrupted_ = false;
  std::exception_ptr bug_;
  aio::Scope* attempts_ = nullptr;
};

}  // namespace firn::farm
