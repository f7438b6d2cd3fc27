// SPDX-License-Identifier: Apache-2.0
// The runner's third part: what it tells of itself.
#include "db/connection.h"
#include "queue/clock.h"
#include "queue/runner.h"
#include "queue/status_json.h"

#include <algorithm>

namespace firn::queue {

Metrics Runner::metrics() const {
  auto metrics = observer_.metrics(run_.machines(), loop_.timers().now(), wall_now());
  auto& status = metrics.status;
  const auto looked_at = std::ranges::count_if(
      finishing_builds_, [this](const auto build) { return !book_.has(build); });
  status.builds.queued = book_.builds() + static_cast<std::uint64_t>(looked_at);
  if (!writer_) return metrics;
  status.db_connections = db::open_connections();
  status.active_db_updates = writer_->pending() > 0 ? 1 : 0;
  metrics.transactions = writer_->transactions();
  return metrics;
}

std::string Runner::status() const {
  return to_json(metrics().status);
}

void Runner::dispatched(Duration took) {
  observer_.dispatched(took);
}

aio::Task<void> Runner::watch() {
  Liveness liveness;
  while (true) {
    co_await aio::sleep_for(loop_, kLivenessEvery);
    if (auto alarm = liveness.look(run_.scheduler(), loop_.timers().now())) {
      observer_.alarm();
      options_.tell(std::move(*alarm));
    }
  }
}

}  // namespace firn::queue
