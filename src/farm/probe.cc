// SPDX-License-Identifier: Apache-2.0
#include "farm/probe.h"

#include "aio/phase.h"
#include "farm/tiny_path.h"

#include <string>

namespace firn::farm {

aio::Task<void> probe(aio::Loop& loop, BuildMachine& machine, const Limits& limits) {
  const std::string& name = machine.sessions.machine();
  auto session = co_await aio::within(
      loop, "connecting (" + name + ")", limits.connecting, machine.sessions.acquire());
  co_await aio::with_progress(loop,
                              "asking whether it is back (" + name + ")",
                              limits.query_stall,
                              session->progress(),
                              session->valid({make_tiny_path("firn-probe").info.path}));
  session.keep();
}

}  // namespace firn::farm
