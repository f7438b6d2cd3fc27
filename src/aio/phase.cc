// SPDX-License-Identifier: Apache-2.0
#include "aio/phase.h"

#include "aio/cancellation.h"
#include "aio/errors.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>

#include <boost/asio/async_result.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/chrono.h>
#include <fmt/format.h>

namespace firn::aio::detail {

namespace asio = boost::asio;

namespace {

enum class Outer : std::uint8_t { forwarded, shielded };

/// Takes the forwarding of a cancellation away again, whichever way the wait ends.
struct SlotGuard {
  SlotGuard() = default;
  SlotGuard(const SlotGuard&) = delete;
  SlotGuard& operator=(const SlotGuard&) = delete;

  ~SlotGuard() {
    if (slot.is_connected()) slot.clear();
  }

  asio::cancellation_slot slot;
};

/// Runs `op` as a child whose cancellation is `signal`, and waits until it has ended.
Task<void> run_child(Task<void> op, asio::cancellation_signal& signal, Outer outer) {
  if (outer == Outer::forwarded) throw_if_cancelled(co_await cancellation());
  const auto executor = co_await asio::this_coro::executor;
  SlotGuard guard;
  auto start = [&](auto handler) {
    if (outer == Outer::forwarded) {
      guard.slot = asio::get_associated_cancellation_slot(handler);
      if (guard.slot.is_connected())
        guard.slot.assign([&signal](asio::cancellation_type type) { signal.emit(type); });
    }
    asio::co_spawn(executor,
                   without_throwing(std::move(op)),
                   asio::bind_cancellation_slot(signal.slot(), std::move(handler)));
  };
  co_await asio::async_initiate<const asio::use_awaitable_t<>&, void(std::exception_ptr)>(
      start, asio::use_awaitable);
}

std::string spell(Duration duration) {
  const auto seconds = std::chrono::duration<double>(duration).count();
  return fmt::format("{:.3g} s", seconds);
}

/// Runs `op`; where it ends cancelled, the error is the phase's own. A bug stays one.
Task<void> run_limited(Task<void> op,
                       asio::cancellation_signal& signal,
                       Outer outer,
                       const std::function<Error()>& verdict) {
  std::exception_ptr error;
  try {
    co_await run_child(std::move(op), signal, outer);
  } catch (const Bug&) {
    throw;
  } catch (...) {
    error = std::current_exception();
  }
  if (!error) co_return;
  Error seen = to_error(error);
  if (seen.kind() == Kind::cancelled) throw verdict();
  throw Error(seen);
}

}  // namespace

Task<void> within(Loop& loop, std::string phase, Duration limit, Task<void> op) {
  asio::cancellation_signal signal;
  bool struck = false;
  const auto entry = loop.timers().after(limit, [&] {
    struck = true;
    signal.emit(asio::cancellation_type::terminal);
  });
  co_await run_limited(std::move(op), signal, Outer::forwarded, [&] {
    return struck ? Error(Kind::timeout, fmt::format("{} took longer than {}", phase, spell(limit)))
                  : Error(Kind::cancelled, fmt::format("{} was cancelled", phase));
  });
}

namespace {

/// Looks at a Progress four times per limit: what stands still is found within five quarters of it.
class Watchdog {
 public:
  Watchdog(Loop& loop, Duration stall, const Progress& progress, asio::cancellation_signal& signal)
      : loop_(loop),
        stall_(stall),
        progress_(progress),
        signal_(signal),
        begun_at_(progress.moved),
        seen_(progress.moved),
        moved_at_(loop.timers().now()) {
    watch();
  }

  /// The silence after which it struck, if it did.
  const std::optional<Duration>& struck_after() const { return struck_after_; }

  std::uint64_t moved() const { return progress_.moved - begun_at_; }

 private:
  static constexpr int kLooks = 4;

  void watch() {
    entry_ = loop_.timers().after(stall_ / kLooks, [this] { look(); });
  }

  void look() {
    const TimePoint now = loop_.timers().now();
    if (std::exchange(seen_, progress_.moved) != progress_.moved) moved_at_ = now;
    const Duration limit = std::max(stall_, progress_.patience);
    if (now - moved_at_ < limit) {
      watch();
      return;
    }
    struck_after_ = limit;
    signal_.emit(asio::cancellation_type::terminal);
  }

  Loop& loop_;
  Duration stall_;
  const Progress& progress_;
  asio::cancellation_signal& signal_;
  std::uint64_t begun_at_;
  std::uint64_t seen_;
  TimePoint moved_at_;
  std::optional<Duration> struck_after_;
  Timers::Entry entry_;
};

/// Disarmed whichever way the operation ends.
class ArmedVeto {
 public:
  ArmedVeto(Veto& veto, std::function<void()> strike) : veto_(veto) {
    veto_.arm(std::move(strike));
  }

  ArmedVeto(const ArmedVeto&) = delete;
  ArmedVeto& operator=(const ArmedVeto&) = delete;

  ~ArmedVeto() { veto_.arm({}); }

 private:
  Veto& veto_;
};

}  // namespace

Task<void> with_progress(
    Loop& loop, std::string phase, Duration stall, const Progress& progress, Task<void> op) {
  asio::cancellation_signal signal;
  const Watchdog watchdog(loop, stall, progress, signal);
  co_await run_limited(std::move(op), signal, Outer::forwarded, [&] {
    if (const auto& silence = watchdog.struck_after()) {
      return Error(Kind::timeout,
                   fmt::format("{} stood still for {} ({} bytes had moved)",
                               phase,
                               spell(*silence),
                               watchdog.moved()));
    }
    return Error(Kind::cancelled, fmt::format("{} was cancelled", phase));
  });
}

Task<void> unless(Veto& veto, Task<void> op) {
  if (const auto& reason = veto.reason()) throw Error(*reason);
  asio::cancellation_signal signal;
  const ArmedVeto armed(veto, [&] { signal.emit(asio::cancellation_type::terminal); });
  co_await run_limited(std::move(op), signal, Outer::forwarded, [&] {
    return veto.reason().value_or(Error(Kind::cancelled, "cancelled"));
  });
}

Task<void> shielded(Loop& loop, std::string phase, Duration limit, Task<void> op) {
  asio::cancellation_signal signal;
  const auto entry =
      loop.timers().after(limit, [&] { signal.emit(asio::cancellation_type::terminal); });
  co_await run_limited(std::move(op), signal, Outer::shielded, [&] {
    return Error(Kind::timeout, fmt::format("{} took longer than {}", phase, spell(limit)));
  });
}

}  // namespace firn::aio::detail
