// SPDX-License-Identifier: Apache-2.0
// One command on a host of the lab, and what it cost.
#pragma once

#include "lab/host.h"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace firn::bench {

using Seconds = std::chrono::duration<double>;

/// What a run took. Looking at a process costs time too, so its own share is looked at every 10 ms:
/// what it did in its last moment is missing there, and only there.
struct Cost {
  Seconds wall{};
  /// Of the program itself, without the ssh clients and stores that it started.
  Seconds own_cpu{};
  /// With all that it started on its side.
  Seconds tree_cpu{};
  /// Of the builder.
  Seconds builder_cpu{};
  /// Of the program itself.
  std::uint64_t peak_rss_kib = 0;
};

struct MeasuredRun {
  Cost cost;
  std::string out;
};

/// Runs the command to its end beside a builder that nobody else uses. Throws Error{unavailable}
/// with all that it wrote where it failed.
MeasuredRun measure(const lab::Host& host,
                    const lab::Host& builder,
                    const std::vector<std::string>& argv);

}  // namespace firn::bench
