// SPDX-License-Identifier: Apache-2.0
// The runner and its right to work: how it comes to lead, when it starts nothing new, how it stops.
#include "aio/phase.h"
#include "base/error.h"
#include "queue/runner.h"

#include <utility>
#include <variant>

#include <fmt/format.h>

namespace firn::queue {

using namespace std::chrono_literals;

namespace {

/// A leader that died is succeeded well within 15 s.
constexpr Duration kStandBy = 1s;
constexpr Duration kTryAgain = 1s;
constexpr Duration kDrainCheck = 200ms;
constexpr Duration kDatabaseCheck = 500ms;
/// A database that says nothing for so long is taken for lost.
constexpr Duration kSilence = 5s;

}  // namespace

aio::Task<void> Runner::take_lead() {
  std::string told;
  while (!is_stopping_) {
    std::string why_not;
    try {
      why_not = co_await try_to_lead();
    } catch (const Error& e) {
      if (e.kind() != Kind::unavailable) throw;
      why_not = fmt::format("{}; trying again", e.what());
    }
    if (why_not.empty()) break;
    if (why_not != std::exchange(told, why_not)) options_.tell(why_not);
    co_await aio::sleep_for(loop_, kStandBy);
  }
  has_lead_ = !is_stopping_;
}

/// Empty where we lead now, else why not.
aio::Task<std::string> Runner::try_to_lead() {
  if (!host_lock_) {
    auto lock = HostLock::try_take(options_.data_folder);
    if (const auto* holder = std::get_if<LockHolder>(&lock)) {
      if (!holder->is_firn) {
        throw Error(Kind::conflict,
                    fmt::format("{} is held by {}: stop Hydra's queue runner before firn takes its "
                                "place",
                                holder->file,
                                holder->name));
      }
      co_return fmt::format("{} is held by {}; standing by", holder->file, holder->name);
    }
    host_lock_.emplace(std::get<HostLock>(std::move(lock)));
  }
  if (co_await lead_.try_to_take()) co_return std::string();
  co_return "another runner leads on this database; standing by";
}

/// What runs goes on; nothing new is started before we lead again. False where another leads.
aio::Task<bool> Runner::lead_again() {
  asked_at_.reset();
  has_lead_ = false;
  review_dispatch();
  while (!has_lead_) {
    std::exception_ptr lost;
    try {
      has_lead_ = co_await lead_.try_to_take();
    } catch (const db::LostLead&) {
      lost = std::current_exception();
    } catch (const Error& e) {
      if (e.kind() == Kind::cancelled) throw;
    }
    if (lost) {
      fail(lost);
      co_return false;
    }
    if (!has_lead_) co_await aio::sleep_for(loop_, kTryAgain);
  }
  options_.tell("the database is back");
  review_dispatch();
  co_return true;
}

/// A database that hangs is lost as well, though no connection ends. What is not written is held in
/// memory: so nothing new is started meanwhile.
aio::Task<void> Runner::watch_database() {
  while (true) {
    const auto silent = asked_at_ ? loop_.timers().now() - *asked_at_ : Duration::zero();
    const bool was_slow =
        std::exchange(is_slow_, silent > kSilence || writer_->waited() > kSilence);
    if (is_slow_ && !was_slow && has_lead_)
      options_.tell("the database does not answer; nothing new is started meanwhile");
    if (is_slow_ != was_slow) review_dispatch();
    co_await aio::sleep_for(loop_, kDatabaseCheck);
  }
}

void Runner::review_dispatch() {
  auto& scheduler = run_.scheduler();
  if (is_stopping_) {
    scheduler.pause(sched::Pauser::owner, "firn is stopping");
  } else if (!has_lead_) {
    scheduler.pause(sched::Pauser::owner, "the database is away");
  } else if (is_slow_) {
    scheduler.pause(sched::Pauser::owner, "the database does not answer");
  } else {
    scheduler.resume(sched::Pauser::owner);
    run_.wake();
  }
}

aio::Task<void> Runner::drain() {
  while (!is_stopping_)
    co_await stopping_.wait();
  review_dispatch();
  const TimePoint end = loop_.timers().now() + options_.drain;
  while (run_.scheduler().counts().running > 0 && loop_.timers().now() < end)
    co_await aio::sleep_for(loop_, kDrainCheck);
  book_.stop();
  run_.interrupt();
}

}  // namespace firn::queue
