// SPDX-License-Identifier: Apache-2.0
// Signals as events of the loop.
#pragma once

#include "aio/loop.h"
#include "aio/task.h"

#include <initializer_list>
#include <memory>

namespace firn::aio {

/// Takes over the given signals as long as it lives.
class Signals {
 public:
  Signals(Loop& loop, std::initializer_list<int> signals);
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  /// The next signal that arrives.
  Task<int> next();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace firn::aio
