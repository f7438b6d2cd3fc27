// SPDX-License-Identifier: Apache-2.0
// One try of one step on one machine, from missing inputs to registered outputs. It reads from top
// to bottom in `work`; every error ends it, and its boundary says whose fault that was.
#pragma once

#include "aio/loop.h"
#include "farm/attempt_log.h"
#include "farm/build_machine.h"
#include "farm/classify.h"
#include "farm/event.h"
#include "farm/options.h"
#include "farm/orders.h"
#include "farm/path_infos.h"
#include "farm/store_mark.h"
#include "store/store.h"

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace firn::farm {

/// Whoever runs attempts and decides over their slots.
class AttemptHost {
 public:
  AttemptHost() = default;
  AttemptHost(const AttemptHost&) = delete;
  AttemptHost& operator=(const AttemptHost&) = delete;
  virtual ~AttemptHost() = default;

  virtual void entered(sched::AttemptId attempt, sched::Phase phase) = 0;

  /// Something about the machine that people should know.
  virtual void noted(sched::MachineId machine, std::string note) = 0;

  /// The machine does nothing but collect garbage, and again when that is over. Counted: each call
  /// with true is followed by one with false.
  virtual void collects_garbage(sched::MachineId machine, bool does) = 0;

  /// Waits until the attempt may bring its outputs back.
  virtual aio::Task<void> transfer_slot(sched::AttemptId attempt) = 0;
};

/// What all attempts of a run share.
struct AttemptContext {
  aio::Loop& loop;
  store::Store& store;
  PathInfos& infos;
  StoreMark& mark;
  const RunOptions& options;
  Orders& orders;
  LogFolder& logs;
  /// Whether our own store takes derivations from us; if not, builds on this machine go by the .drv
  /// in the store.
  bool store_is_trusting = true;
  AttemptHost& host;
};

/// How an attempt ended.
struct AttemptOutcome {
  /// None = the outputs are valid in our own store.
  std::optional<sched::FailureClass> failure;
  /// The machine will refuse the next attempt in the same way.
  bool machine_is_unusable = false;
  std::string message;
  std::array<PhaseCost, kPhases> costs{};
  std::string log_file;
  std::vector<std::string> log_tail;
};

class Attempt {
 public:
  /// Borrows everything for as long as `run` takes.
  Attempt(const AttemptContext& context,
          sched::AttemptId id,
          sched::StepId step,
          BuildMachine& machine);
  ~Attempt();

  /// Throws nothing but Bug.
  aio::Task<AttemptOutcome> run();

  /// Has `run` end soon, as cancelled, in whichever phase it is.
  void cancel();

  ByteCount sent() const;
  ByteCount received() const;

 private:
  store::SessionPool::Session& session();
  const Order& order() const;
  aio::Task<void> work();
  aio::Task<void> take_order();
  aio::Task<void> connect();
  aio::Task<std::vector<const nix::PathInfo*>> inputs();
  aio::Task<void> open_session();
  aio::Task<void> get_to_know_machine();
  aio::Task<void> send_inputs();
  aio::Task<void> build();
  wire::BuildOptions build_options() const;
  aio::Task<nix::BuildResult> request_build();
  aio::Task<Duration> grace();
  aio::Task<nix::BuildResult> watched_build();
  aio::Task<nix::BuildResult> called_silent(aio::Task<nix::BuildResult> building);
  aio::Task<void> receive_outputs();
  aio::Task<void> find_outputs();
  aio::Task<std::vector<nix::PathInfo>> output_infos();
  aio::Task<void> measure(nix::PathInfo& info);
  aio::Task<void> receive(const nix::PathInfo& info, bool is_last);
  void check_references(const std::vector<nix::PathInfo>& infos) const;
  nix::StorePathSet output_paths() const;
  void enter(sched::Phase phase);
  void settle_phase();
  store::SessionPool::Session take_session();
  aio::Task<void> settle_log();
  Error with_facts(const Error& error) const;
  void fail(const Error& error);
  void read_log_tail(const AttemptLog& log, sched::FailureClass& failure);
  /// A phase's name for messages, such as "sending inputs (b1)".
  std::string at_machine(std::string_view phase) const;

  const Limits& limits() const { return context_.options.limits; }

  const AttemptContext& context_;
  sched::AttemptId id_;
  sched::StepId step_;
  std::optional<Order> order_;
  BuildMachine& machine_;
  std::optional<store::SessionPool::Session> session_;
  std::shared_ptr<AttemptLog> log_;
  nix::StorePathSet allowed_references_;
  AttemptOutcome outcome_;
  aio::Veto veto_;
  Source source_ = Source::builder;
  sched::Phase phase_ = sched::Phase::connecting;
  TimePoint phase_began_;
  ByteCount phase_began_at_;
  ByteCount session_began_sent_;
  ByteCount session_began_received_;
};

}  // namespace firn::farm
