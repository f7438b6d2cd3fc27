// SPDX-License-Identifier: Apache-2.0
#include "farm/log_folder.h"

#include "aio/phase.h"

namespace firn::farm {

aio::Task<void> LogFolder::close(Duration limit) {
  is_closed_ = true;
  try {
    co_await aio::shielded(loop_, "writing logs", limit, writing_.join());
  } catch (const Error& e) {
    if (e.kind() != Kind::timeout) throw;
  }
}

}  // namespace firn::farm
