// SPDX-License-Identifier: Apache-2.0
// A queue's status as Hydra's pages, its hydra-send-stats and other people's exporters read it
// (QR-180, QR-181), out of SystemStatus or over HTTP.
#pragma once

#include "queue/status_snapshot.h"

#include <string>

namespace firn::queue {

/// Every key that Hydra's runner writes, with its types: times and counts are whole numbers,
/// averages, shares and rates have a fraction, `idleSince` is absent from a busy machine, totals
/// and averages are absent where no step is done. Unlike there, `waitTime` and `lastActive` of a
/// machine type say what their names say (QR-090). What is ours alone stands under "firn".
/// Never throws for what a text holds: what is no UTF-8 is replaced.
std::string to_json(const StatusSnapshot& status);

}  // namespace firn::queue
