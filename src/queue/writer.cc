// SPDX-License-Identifier: Apache-2.0
#include "queue/writer.h"

#include "base/error.h"
#include "db/leadership.h"
#include "queue/refused.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <iterator>
#include <optional>
#include <utility>

#include <fmt/format.h>

namespace firn::queue {

namespace {

/// It is what was to be written that is wrong, and will be wrong the next time.
bool is_refusal(Kind kind) {
  return kind == Kind::invalid || kind == Kind::conflict || kind == Kind::internal;
}

}  // namespace

Writer::Writer(aio::Loop& loop, Apply apply, Tell tell)
    : loop_(loop), apply_(std::move(apply)), tell_(std::move(tell)), thread_(loop, 1) {}

Duration Writer::waited() const {
  return writing_since_ ? loop_.timers().now() - *writing_since_ : Duration::zero();
}

void Writer::add(std::vector<Change> changes) {
  if (changes.empty()) return;
  added_ += changes.size();
  std::ranges::move(changes, std::back_inserter(waiting_));
  more_.notify_all();
}

aio::Task<void> Writer::run() {
  while (true) {
    while (waiting_.empty())
      co_await more_.wait();
    auto group = std::exchange(waiting_, {});
    const auto size = group.size();
    writing_since_ = loop_.timers().now();
    co_await write(std::move(group));
    writing_since_.reset();
    written_ += size;
    committed_.notify_all();
  }
}

aio::Task<void> Writer::settle() {
  const auto wanted = added_;
  while (written_ < wanted)
    co_await committed_.wait();
}

/// A group that is refused is halved until what is refused stands alone; one that takes too long is
/// halved, too.
aio::Task<void> Writer::write(Group group) {
  const auto taken = co_await try_to_write(group);
  if (taken == Taken::yes) co_return;
  if (group.size() == 1) {
    if (taken == Taken::refused) co_await write_instead(std::move(group.front()));
    co_return;
  }
  const auto middle = std::next(group.begin(), static_cast<std::ptrdiff_t>(group.size() / 2));
  Group rest(std::make_move_iterator(middle), std::make_move_iterator(group.end()));
  group.erase(middle, group.end());
  co_await write(std::move(group));
  co_await write(std::move(rest));
}

aio::Task<void> Writer::write_instead(Change change) {
  tell_(fmt::format("the database refuses a change ({}): {}", name_of(change), reason_));
  Group refused;
  refused.push_back(std::move(change));
  while (!refused.empty()) {
    auto last = std::move(refused.back());
    refused.pop_back();
    for (auto& substitute : instead_of(std::move(last), reason_))
      if (co_await try_to_write({substitute}) == Taken::refused)
        refused.push_back(std::move(substitute));
  }
}

aio::Task<void> Writer::carry_out(Group group) {
  const TimePoint began = loop_.timers().now();
  std::exception_ptr error;
  try {
    co_await thread_.run([apply = apply_, group = std::move(group)] { apply(group); });
  } catch (...) {
    error = std::current_exception();
  }
  const std::chrono::duration<double> took = loop_.timers().now() - began;
  transactions_.observe(took.count());
  if (error) std::rethrow_exception(error);
}

/// Tries on while the database is away, or cannot write for reasons of its own.
aio::Task<Writer::Taken> Writer::try_to_write(Group group) {
  for (std::uint32_t tries = 0;; ++tries) {
    std::optional<Error> error;
    try {
      co_await carry_out(group);
      if (tries > 0) tell_("the database takes changes again");
      co_return Taken::yes;
    } catch (const db::LostLead&) {
      throw;
    } catch (const db::Collision& e) {
      error.emplace(Kind::unavailable, e.what());
    } catch (const Error& e) {
      if (e.kind() == Kind::cancelled) throw;
      error.emplace(e);
    }
    if (is_refusal(error->kind())) {
      reason_ = error->what();
      co_return Taken::refused;
    }
    if (error->kind() == Kind::timeout && group.size() > 1) co_return Taken::too_slowly;
    if (tries == 0) tell_(fmt::format("{}; its changes are kept and tried again", error->what()));
    co_await aio::sleep_for(loop_, back_off_.delay(tries, random_));
  }
}

}  // namespace firn::queue
