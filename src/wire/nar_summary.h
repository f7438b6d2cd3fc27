// SPDX-License-Identifier: Apache-2.0
// A NAR within a conversation, in few words: what it is, how large, and its hash.
#pragma once

#include "wire/replay.h"

#include <nlohmann/json.hpp>

namespace firn::wire {

/// Takes a NAR from the front, piece by piece: {"type", "narSize", "narHash", "files"}, the hash as
/// SRI. Throws Error{protocol} where it is none or ends too early.
nlohmann::json take_nar(Replay& stream);

}  // namespace firn::wire
