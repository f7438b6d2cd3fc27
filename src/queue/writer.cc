// SPDX-License-Identifier: Apache-2.0
#include "queue/writer.h"

#include "base/error.h"
#include "db/leadership.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <optional>
#include <utility>

#include <fmt/format.h>

namespace firn::queue {

Writer::Writer(aio::Loop& loop, Apply apply, Tell tell)
    : loop_(loop), apply_(std::move(apply)), tell_(std::move(tell)), thread_(loop, 1) {}

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
    co_await write(std::move(group));
    written_ += size;
    committed_.notify_all();
  }
}

aio::Task<void> Writer::settle() {
  const auto wanted = added_;
  while (written_ < wanted)
    co_await committed_.wait();
}

/// A change that the database refuses must not keep back the others.
aio::Task<void> Writer::write(Group group) {
  if (co_await try_to_write(group)) co_return;
  for (auto& change : group)
    co_await write_alone(std::move(change));
}

aio::Task<void> Writer::write_alone(Change change) {
  Group group;
  group.push_back(std::move(change));
  co_await try_to_write(std::move(group));
}

/// False where the database is there and refuses it.
aio::Task<bool> Writer::try_to_write(Group group) {
  const bool is_alone = group.size() == 1;
  for (std::uint32_t tries = 0;; ++tries) {
    std::optional<Error> error;
    try {
      co_await thread_.run([apply = apply_, group] { apply(group); });
      if (tries > 0) tell_("the database takes changes again");
      co_return true;
    } catch (const db::LostLead&) {
      throw;
    } catch (const Error& e) {
      if (e.kind() == Kind::cancelled) throw;
      error.emplace(e);
    }
    if (error->kind() != Kind::unavailable) {
      if (is_alone) tell_(fmt::format("the database refuses a change: {}", error->what()));
      co_return false;
    }
    if (tries == 0) tell_(fmt::format("{}; its changes are kept and tried again", error->what()));
    co_await aio::sleep_for(loop_, back_off_.delay(tries, random_));
  }
}

}  // namespace firn::queue
