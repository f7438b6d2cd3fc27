// SPDX-License-Identifier: Apache-2.0
#include "farm/ahead.h"

#include "aio/phase.h"
#include "base/error.h"

#include <utility>

namespace firn::farm {

namespace {

/// A site with a thousand machines does not want them all for every build.
constexpr std::size_t kMostAhead = 8;

aio::Task<void> open_quietly(aio::Loop* loop, Duration limit, transport::Connector* connector) {
  try {
    co_await aio::within(*loop, "connecting", limit, connector->open_ahead());
  } catch (const Bug&) {
    throw;
  } catch (const Error&) {
    // The first attempt on that machine meets it again, and tells.
    co_return;
  }
}

}  // namespace

ConnectionsAhead::ConnectionsAhead(aio::Loop& loop,
                                   std::span<const ReachedMachine> machines,
                                   Duration limit)
    : loop_(loop), limit_(limit), opening_(loop) {
  for (const auto& reached : machines) {
    if (connectors_.size() == kMostAhead) break;
    if (!is_local(reached.machine)) connectors_.push_back(reached.connector.get());
  }
}

void ConnectionsAhead::start() {
  for (auto* connector : std::exchange(connectors_, {}))
    opening_.spawn(&open_quietly, &loop_, limit_, connector);
}

aio::Task<void> ConnectionsAhead::close() {
  co_await opening_.close();
}

}  // namespace firn::farm
