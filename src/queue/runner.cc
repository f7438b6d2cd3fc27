// SPDX-License-Identifier: Apache-2.0
#include "queue/runner.h"

#include "aio/phase.h"
#include "base/error.h"
#include "farm/derivation_file.h"
#include "queue/clock.h"

#include <algorithm>
#include <type_traits>
#include <utility>
#include <variant>

#include <fmt/format.h>

namespace firn::queue {

using namespace std::chrono_literals;

namespace {

/// QR-012
constexpr Duration kAfterTrouble = 10s;
constexpr Duration kLastWrites = 60s;

}  // namespace

Runner::Runner(aio::Loop& loop,
               store::Store& store,
               std::shared_ptr<const db::Address> address,
               std::vector<farm::ReachedMachine> machines,
               RunnerOptions options)
    : loop_(loop),
      store_(store),
      address_(std::move(address)),
      options_(std::move(options)),
      run_(loop, store, *this, std::move(machines), options_.run),
      observer_(run_.scheduler(), loop.timers().now(), wall_now()),
      book_(run_.scheduler()),
      reader_(loop, address_),
      lead_(loop, address_),
      loader_(
          loop,
          store,
          book_,
          options_.use_substitutes ? Loader::Substitutes::used : Loader::Substitutes::left_alone,
          [this](std::vector<std::string> paths) { return find_failed(std::move(paths)); }),
      finishing_(loop) {}

Runner::~Runner() = default;

void Runner::stop() {
  is_stopping_ = true;
  stopping_.notify_all();
}

void Runner::change_machines(const std::vector<nix::Machine>& machines,
                             const farm::Run::Reach& reach) {
  run_.change_machines(machines, reach);
}

aio::Task<void> Runner::execute() {
  co_await take_lead();
  if (is_stopping_) co_return;
  applier_ = std::make_shared<Applier>(address_, lead_.generation());
  writer_ = std::make_unique<Writer>(
      loop_,
      [applier = applier_](std::span<const Change> changes) { applier->apply(changes); },
      options_.tell);
  desk_ = std::make_unique<StatusDesk>(loop_, address_, lead_.generation());
  aio::Scope background(loop_);
  background.spawn(&Runner::write, *this);
  background.spawn(&Runner::follow, *this);
  background.spawn(&Runner::drain, *this);
  background.spawn(&Runner::watch_database, *this);
  background.spawn(&Runner::watch, *this);
  background.spawn(&StatusDesk::serve, *desk_, [this] { return status(); });
  std::exception_ptr error;
  try {
    co_await run_.execute(*this, farm::Until::interrupted);
    if (!failure_) co_await aio::within(loop_, "writing the last rows", kLastWrites, last_writes());
  } catch (...) {
    error = std::current_exception();
  }
  co_await finishing_.close();
  co_await background.close();
  if (failure_) error = failure_;
  if (error) std::rethrow_exception(error);
}

aio::Task<void> Runner::last_writes() {
  co_await finishing_.join();
  co_await writer_->settle();
  if (has_lead_) co_await lead_.forget_status();
}

/// What ends the work from within ends the farm first.
void Runner::fail(std::exception_ptr error) {
  if (!failure_) failure_ = std::move(error);
  book_.stop();
  run_.interrupt();
}

aio::Task<void> Runner::write() {
  std::exception_ptr error;
  try {
    co_await writer_->run();
  } catch (const Error& e) {
    if (e.kind() == Kind::cancelled) throw;
    error = std::current_exception();
  }
  if (error) fail(error);
}

aio::Task<void> Runner::follow() {
  bool knows_all = false;
  while (true) {
    std::optional<Error> trouble;
    std::exception_ptr lost;
    try {
      if (!knows_all) {
        // What has ended meanwhile is not to be read as queued.
        co_await writer_->settle();
        co_await sync_machines();
        co_await sync_builds();
        co_await load(db::BuildId());
      }
      knows_all = !std::exchange(retry_loading_, false);
      co_await hear();
    } catch (const db::LostLead&) {
      lost = std::current_exception();
    } catch (const Error& e) {
      if (e.kind() == Kind::cancelled) throw;
      trouble.emplace(e);
    }
    if (lost) {
      fail(lost);
      co_return;
    }
    if (!trouble) continue;
    knows_all = false;
    options_.tell(trouble->what());
    if (trouble->kind() != Kind::unavailable) {
      co_await aio::sleep_for(loop_, kAfterTrouble);
    } else if (!co_await lead_again()) {
      co_return;
    }
  }
}

aio::Task<void> Runner::hear() {
  if (loop_.timers().now() >= machines_due_) co_await sync_machines();
  std::set<std::string> channels;
  asked_at_ = loop_.timers().now();
  auto notes = co_await lead_.listen();
  asked_at_.reset();
  for (auto& note : notes)
    channels.insert(std::move(note.channel));
  if (channels.contains("builds_cancelled") || channels.contains("builds_deleted") ||
      channels.contains("builds_bumped"))
    co_await sync_builds();
  if (channels.contains("jobset_shares_changed")) co_await sync_shares();
  if (channels.contains("builds_restarted")) {
    co_await load(db::BuildId());
  } else if (channels.contains("builds_added")) {
    co_await load(last_loaded_);
  }
}

aio::Task<farm::Order> Runner::order(sched::StepId step) {
  auto order = co_await farm::read_order(loop_, store_, book_.drv(step));
  const auto limits = book_.limits(step);
  order.max_silent_time = limits.max_silent_time;
  order.timeout = limits.timeout;
  observer_.order_read(step, order.input_derivations);
  book_.described(step, order.derivation.platform, step_outputs(order.derivation));
  write_changes();
  co_return order;
}

void Runner::on(const farm::Event& event) {
  observer_.on(event, wall_now());
  std::visit(
      [this](const auto& e) {
        using T = std::decay_t<decltype(e)>;
        if constexpr (std::is_same_v<T, farm::AttemptStarted>) {
          book_.started(e, run_.machines().at(e.machine.value()).name, wall_now());
        } else if constexpr (std::is_same_v<T, farm::PhaseEntered>) {
          book_.entered(e);
        } else if constexpr (std::is_same_v<T, farm::AttemptEnded>) {
          ended(e);
        } else if constexpr (std::is_same_v<T, farm::StepsEnded>) {
          book_.ended(e, wall_now());
        } else if constexpr (std::is_same_v<T, farm::MachineOut>) {
          options_.tell(
              fmt::format("{}: {}", run_.machines().at(e.machine.value()).name, e.reason));
        }
      },
      event);
  write_changes();
}

void Runner::ended(const farm::AttemptEnded& event) {
  auto machine_type = observer_.machine_type(event.verdict.step);
  auto built = book_.ended(event, wall_now());
  if (built) built->machine_type = std::move(machine_type);
  // A row is written before what follows from it.
  write_changes();
  if (built) look_at(std::move(*built), false);
  cancel_unclaimed(event.verdict.unclaimed);
}

void Runner::cancel_unclaimed(const std::vector<sched::StepId>& steps) {
  for (const auto step : steps)
    run_.cancel(step);
}

void Runner::write_changes() {
  auto changes = book_.take_changes();
  std::vector<std::pair<db::BuildId, db::Status>> over;
  for (const auto& change : changes)
    if (const auto* ended = std::get_if<BuildsEnded>(&change))
      for (const auto& build : ended->builds)
        over.emplace_back(build.id, build.status);
  writer_->add(std::move(changes));
  for (const auto& [build, status] : over)
    has_ended(build, status);
}

}  // namespace firn::queue
