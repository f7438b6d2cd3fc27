// SPDX-License-Identifier: Apache-2.0
// Whether our own store answers, asked after it has failed somebody. A daemon that is restarted, or
// a disk that hangs, must cost no step its tries and no machine its reputation: nothing is started
// until it is back.
#pragma once

#include "aio/loop.h"
#include "farm/limits.h"
#include "sched/back_off.h"
#include "store/store.h"

#include <functional>

namespace firn::farm {

/// Asks whether a path that nobody has is valid, again and again with back-off, and returns with
/// the first answer. Each time it was in vain is told to `tell`. Throws Error{unavailable} once the
/// store has been silent for `limits.destination_outage`.
aio::Task<void> until_it_answers(aio::Loop& loop,
                                 store::Store& store,
                                 const Limits& limits,
                                 sched::Random& random,
                                 const std::function<void(const Error&)>& tell);

}  // namespace firn::farm
