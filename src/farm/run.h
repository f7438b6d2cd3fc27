// SPDX-License-Identifier: Apache-2.0
// The farm at work: machines, and the scheduler's decisions about them carried out, for whoever
// gives it steps: one graph (graph_run.h), or a queue.
#pragma once

#include "aio/loop.h"
#include "aio/scope.h"
#include "aio/wait_queue.h"
#include "farm/attempt.h"
#include "farm/event.h"
#include "farm/log_folder.h"
#include "farm/machine_access.h"
#include "farm/options.h"
#include "farm/orders.h"
#include "sched/recorded_scheduler.h"
#include "store/store.h"

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace firn::farm {

/// When a run is over.
enum class Until : std::uint8_t {
  settled,      ///< when nothing is left to do
  interrupted,  ///< not before it is interrupted: more may come
};

class Run final : private AttemptHost {
 public:
  /// Borrows the loop, the store and the orders.
  Run(aio::Loop& loop,
      store::Store& store,
      Orders& orders,
      std::vector<ReachedMachine> machines,
      RunOptions options);
  ~Run() override;

  /// To give it steps. `wake` has them started.
  sched::RecordedScheduler& scheduler() { return scheduler_; }

  const sched::Scheduler& scheduler() const { return scheduler_; }

  void wake() { changed_.notify_all(); }

  /// As the scheduler knows the machines, by their ids.
  const std::vector<sched::MachineSpec>& machines() const { return specs_; }

  /// Whether some machine of the run is not this one.
  bool has_remote_machines() const;

  /// Builds. Call once. Returns when every attempt has ended and every session is closed; failures
  /// of steps are events, not errors.
  aio::Task<void> execute(EventSink& events, Until until);

  /// Stops one step, and with it what depends on it; a running one is stopped on its machine. No
  /// effect on a step that has ended. While `execute` runs.
  void cancel(sched::StepId step);

  using Reach = std::function<ReachedMachine(const nix::Machine& machine)>;

  /// From now on `machines` are the machines of the run. New ones take work at once; those that are
  /// gone get no more, and end what they run; those that have changed are both. Throws what `reach`
  /// throws; then nothing has changed.
  void change_machines(const std::vector<nix::Machine>& machines, const Reach& reach);

  /// From now on the machines of these names, and no others, take nothing new. What they run goes
  /// on, and steps wait for them.
  void drain(const std::set<std::string>& names);

  /// Stops everything: running builds are cancelled on their machines. `execute` then returns soon.
  void interrupt();

  bool is_interrupted() const { return interrupted_; }

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
  aio::Task<void> drive(Until until);
  void carry_out(const sched::Decisions& decisions);
  aio::Task<void> attempt(sched::Assignment assignment);
  void book(const sched::Assignment& assignment, AttemptOutcome outcome);
  void give_up(sched::MachineId id, const std::string& reason);
  aio::Task<void> probe(sched::MachineId id);
  void book_probe(sched::MachineId id, const Error& failure);
  void doubt_destination(const std::string& reason);
  aio::Task<void> await_destination();
  void tell_outage(const Error& failure);
  aio::Task<void> tell_transfers();
  aio::Task<void> close_sessions();

  void entered(sched::AttemptId attempt, sched::Phase phase) override;
  void noted(sched::MachineId machine, std::string note) override;
  void collects_garbage(sched::MachineId machine, bool does) override;
  aio::Task<void> transfer_slot(sched::AttemptId attempt) override;

  TimePoint now() const { return loop_.timers().now(); }

  aio::Loop& loop_;
  store::Store& store_;
  Orders& orders_;
  RunOptions options_;
  sched::RecordedScheduler scheduler_;
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
  /// Our own store has failed somebody and has not answered since.
  bool is_destination_in_doubt_ = false;
  bool is_outage_told_ = false;
  bool interrupted_ = false;
  /// What ends the run: a bug of ours, or our own store that is gone for good.
  std::exception_ptr fatal_;
  aio::Scope* attempts_ = nullptr;
  /// Of questions that no attempt asks.
  aio::Scope* probes_ = nullptr;
};

}  // namespace firn::farm
