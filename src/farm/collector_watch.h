// SPDX-License-Identifier: Apache-2.0
// A server that waits for its machine's garbage collector. Before Nix 2.5 a collection keeps every
// new session waiting while it looks for what is alive, which may take an hour; the session says so
// on its stderr, once, and answers nothing. That is no fault of anybody.
#pragma once

#include "aio/loop.h"
#include "transport/link.h"

#include <cstddef>
#include <functional>
#include <utility>

namespace firn::farm {

/// For as long as it lives, a server that says that it waits may be silent for longer.
class CollectorWatch {
 public:
  using Tell = std::function<void(bool is_waiting)>;

  /// Borrows loop and link. `tell` hears when the waiting is known, and when it is over.
  CollectorWatch(aio::Loop& loop, transport::Link& link, Duration patience, Tell tell);
  ~CollectorWatch();
  CollectorWatch(const CollectorWatch&) = delete;
  CollectorWatch& operator=(const CollectorWatch&) = delete;

 private:
  void look();

  aio::Loop& loop_;
  transport::Link& link_;
  Duration patience_;
  Tell tell_;
  /// What had been printed before.
  std::size_t known_;
  bool is_waiting_ = false;
  aio::Timers::Entry next_look_;
};

}  // namespace firn::farm
