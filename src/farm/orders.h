// SPDX-License-Identifier: Apache-2.0
// What the farm is told of a step when its turn has come. Until then it knows of it what the
// scheduler knows, so that a long queue costs little.
#pragma once

#include "aio/task.h"
#include "base/units.h"
#include "nix/derivation.h"
#include "nix/store_path.h"
#include "sched/ids.h"

#include <chrono>
#include <cstddef>

namespace firn::farm {

/// One step, ready to be handed to a builder.
struct Order {
  nix::DrvPath drv;
  /// As a builder receives it: the outputs of its input derivations have become input sources.
  nix::BasicDerivation derivation;
  /// Of its inputs those that are derivations.
  std::size_t input_derivations = 0;
  /// 0 = no limit of ours.
  std::chrono::seconds max_silent_time{0};
  /// 0 = no limit of ours.
  std::chrono::seconds timeout{0};
};

/// Whoever gave the scheduler its steps.
class Orders {
 public:
  Orders() = default;
  Orders(const Orders&) = delete;
  Orders& operator=(const Orders&) = delete;
  virtual ~Orders() = default;

  /// Asked once for every try. An error ends the try, as one of our own store.
  virtual aio::Task<Order> order(sched::StepId step) = 0;

  /// The scheduler has been asked for its decisions, and they are being carried out.
  virtual void dispatched(Duration) {}
};

}  // namespace firn::farm
