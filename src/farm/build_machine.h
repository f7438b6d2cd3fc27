// SPDX-License-Identifier: Apache-2.0
// A machine of the farm at run time: its sessions, and what is on its way there.
#pragma once

#include "aio/phase.h"
#include "aio/semaphore.h"
#include "aio/wait_queue.h"
#include "farm/machine_access.h"
#include "nix/store_path.h"
#include "sched/ids.h"
#include "store/session_pool.h"

#include <cstddef>
#include <string>
#include <unordered_set>
#include <vector>

namespace firn::farm {

class BuildMachine {
 public:
  BuildMachine(aio::Loop& loop,
               sched::MachineId machine_id,
               ReachedMachine reached,
               const store::SessionLimits& limits = {})
      : id(machine_id),
        description(std::move(reached.machine)),
        local(is_local(description)),
        sessions(loop,
                 std::move(reached.connector),
                 name_of(description),
                 limits,
                 protocol_of(description)) {}

  const sched::MachineId id;
  const nix::Machine description;
  /// It is this machine.
  const bool local;
  store::SessionPool sessions;
  /// It is not among the run's machines any more: it only ends what it runs.
  bool is_leaving = false;
  /// Cast when it leaves: ends a probe.
  aio::Veto departure;
  /// Attempts whose question waits for the machine's garbage collector.
  std::size_t kept_waiting = 0;
  /// Somebody has decided that it takes nothing new.
  bool is_drained = false;

  bool takes_work() const { return !is_leaving && kept_waiting == 0 && !is_drained; }

  /// Its store is our own: nothing is copied.
  bool has_our_store() const { return local || shares_store_; }

  /// Whether nobody has asked yet, which is to be done with the first session.
  bool is_stranger() const { return !local && !is_known_; }

  /// One attempt at a time finds out; the others wait for its answer.
  aio::Task<aio::Semaphore::Permit> turn_to_ask() { return asking_.acquire(); }

  /// Asks whether the store there is our own, which has `mark`. What people should know of the
  /// machine comes back, in sentences. Sessions that began before the answer are not to be used
  /// where `has_our_store` becomes true: whoever builds there may hand the build on to itself.
  aio::Task<std::vector<std::string>> get_to_know(store::BuilderConnection& connection,
                                                  nix::StorePath mark);

  /// Paths that a session is sending right now: nobody sends them a second time. Given back by
  /// leaving scope.
  class [[nodiscard]] Claim {
   public:
    Claim(BuildMachine& machine, std::vector<nix::StorePath> paths);
    Claim(const Claim&) = delete;
    Claim& operator=(const Claim&) = delete;
    ~Claim();

   private:
    BuildMachine& machine_;
    std::vector<nix::StorePath> paths_;
  };

  /// Where not, a Claim may be made at once, before anything is awaited.
  bool is_claimed(const nix::StorePathSet& paths) const;

  /// Waits until none of `paths` is claimed. Then some may have become valid.
  aio::Task<void> unclaimed(const nix::StorePathSet& paths);

 private:
  bool is_known_ = false;
  bool shares_store_ = false;
  aio::Semaphore asking_{1};
  std::unordered_set<nix::StorePath> claimed_;
  aio::WaitQueue released_;
};

}  // namespace firn::farm
