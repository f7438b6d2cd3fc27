// SPDX-License-Identifier: Apache-2.0
// The queue runner: builds of a database built by a farm. Loads what is queued, has it built,
// writes down what happens, and hears what others change meanwhile.
#pragma once

#include "aio/loop.h"
#include "aio/scope.h"
#include "aio/semaphore.h"
#include "db/address.h"
#include "farm/event.h"
#include "farm/orders.h"
#include "farm/run.h"
#include "queue/apply.h"
#include "queue/book.h"
#include "queue/database.h"
#include "queue/host_lock.h"
#include "queue/liveness.h"
#include "queue/loader.h"
#include "queue/observer.h"
#include "queue/status_desk.h"
#include "queue/writer.h"
#include "store/store.h"

#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace firn::queue {

struct RunnerOptions {
  farm::RunOptions run;
  /// Hears what people should know, in sentences.
  Writer::Tell tell;
  /// HYDRA_DATA, which this runner has for itself (host_lock.h).
  std::string data_folder;
  /// Where roots of outputs stand (QR-171); made where it is not there.
  std::string roots_folder;
  /// What is missing when a build is loaded is fetched from the store's substituters (QR-071).
  bool use_substitutes = false;
  /// A remembered failure is forgotten after so long; one that Hydra wrote is not.
  std::chrono::seconds failures_last = std::chrono::hours(24 * 7);
  /// What runs is given so long when the runner is told to stop.
  std::chrono::seconds drain{0};
  /// Nothing but this build is loaded, and the runner ends with it (QR-004).
  std::optional<db::BuildId> only{};
};

class Runner final : private farm::Orders, private farm::EventSink {
 public:
  /// Borrows loop and store.
  Runner(aio::Loop& loop,
         store::Store& store,
         std::shared_ptr<const db::Address> address,
         std::vector<farm::ReachedMachine> machines,
         RunnerOptions options);
  ~Runner() override;

  /// Waits for the lead, then works until `stop`, or until its only build has ended. Throws where
  /// the database is none of Hydra's or another program has the data folder, and LostLead where
  /// another runner has taken over: then what ran was stopped, and nothing more was written.
  aio::Task<void> execute();

  /// Starts nothing more; what runs gets its time, then is stopped and written as aborted.
  void stop();

  /// See Run.
  void change_machines(const std::vector<nix::Machine>& machines, const farm::Run::Reach& reach);

  /// How it stands, for Prometheus and for people.
  Metrics metrics() const;

  /// The same as JSON (status_json.h).
  std::string status() const;

  /// How the only build ended.
  std::optional<db::Status> only_status() const { return only_status_; }

 private:
  aio::Task<void> take_lead();
  aio::Task<std::string> try_to_lead();
  aio::Task<bool> lead_again();
  aio::Task<void> watch_database();
  void review_dispatch();
  aio::Task<void> write();
  aio::Task<void> drain();
  aio::Task<void> follow();
  aio::Task<void> hear();
  aio::Task<void> watch();
  aio::Task<void> last_writes();
  void fail(std::exception_ptr error);

  aio::Task<void> load(db::BuildId after);
  aio::Task<void> load_some(std::vector<db::QueuedBuild> builds);
  aio::Task<std::vector<BuildToLoad>> with_groups(std::vector<db::QueuedBuild> builds);
  aio::Task<void> open_group(db::JobsetId jobset);
  aio::Task<void> settle(LoadReport report);
  aio::Task<void> doom(const DoomedBuild& build);
  void abort(db::BuildId build, std::string drv, std::string reason);
  aio::Task<void> sync_builds();
  aio::Task<void> sync_shares();
  aio::Task<void> sync_machines();
  aio::Task<std::set<std::string>> find_failed(std::vector<std::string> paths);

  void look_at(Built built, bool was_valid);
  aio::Task<void> finish(Built built, bool was_valid);
  aio::Task<void> try_to_finish(const Built& built, bool was_valid);
  aio::Task<BuildsEnded> results_of(const Built& built,
                                    const nix::StorePathSet& outputs,
                                    bool was_valid);
  void has_ended(db::BuildId build, db::Status status);

  void ended(const farm::AttemptEnded& event);
  void cancel_unclaimed(const std::vector<sched::StepId>& steps);
  void write_changes();

  aio::Task<farm::Order> order(sched::StepId step) override;
  void dispatched(Duration took) override;
  void on(const farm::Event& event) override;

  static constexpr std::size_t kLookingAtOnce = 8;

  aio::Loop& loop_;
  store::Store& store_;
  std::shared_ptr<const db::Address> address_;
  RunnerOptions options_;
  farm::Run run_;
  Observer observer_;
  Book book_;
  Reader reader_;
  std::optional<HostLock> host_lock_;
  Lead lead_;
  std::shared_ptr<Applier> applier_;
  std::unique_ptr<Writer> writer_;
  std::unique_ptr<StatusDesk> desk_;
  Loader loader_;
  std::map<db::JobsetId, sched::GroupId> groups_;
  db::BuildId last_loaded_;
  std::map<db::BuildId, int> failed_loads_;
  bool retry_loading_ = false;
  /// Ended builds, and how many of the writer's changes are to be committed before the database
  /// knows.
  std::map<db::BuildId, std::size_t> ended_;
  /// The question that the database has not answered yet.
  std::optional<TimePoint> asked_at_;
  bool has_lead_ = false;
  bool is_slow_ = false;
  /// When decisions about machines are read again.
  TimePoint machines_due_{};
  /// Builds whose outputs are there and being looked at.
  std::set<db::BuildId> finishing_builds_;
  aio::Semaphore looking_{kLookingAtOnce};
  aio::Scope finishing_;
  aio::WaitQueue stopping_;
  bool is_stopping_ = false;
  std::optional<db::Status> only_status_;
  std::exception_ptr failure_;
};

}  // namespace firn::queue
