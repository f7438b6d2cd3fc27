// SPDX-License-Identifier: Apache-2.0
// The only clock of the asynchronous world. Deadlines, watchdogs and pauses hang in one ordered
// table, which a real timer drives, or `advance()` in tests.
#pragma once

#include "base/units.h"

#include <functional>
#include <map>
#include <memory>

namespace firn::aio {

/// What the loop does with the earliest deadline: arm a real timer. Manual timers have none.
class Timers {
 public:
  using Callback = std::function<void()>;
  using Table = std::multimap<TimePoint, Callback>;
  /// Called when an earlier deadline than all before has been added.
  using Arm = std::function<void(TimePoint)>;

  /// Takes one entry out of the table when it dies, if it has not fired.
  class [[nodiscard]] Entry {
   public:
    Entry() = default;
    Entry(Entry&& other) noexcept;
    Entry& operator=(Entry&& other) noexcept;
    ~Entry();

    void cancel();

   private:
    friend class Timers;

    Entry(Timers& timers, TimePoint when, Callback callback);

    Timers* timers_ = nullptr;
    std::shared_ptr<Table::iterator> place_;
  };

  /// Real time; `arm` is the loop's.
  explicit Timers(Arm arm);

  /// Time that stands still until `advance` is called.
  explicit Timers(TimePoint start);

  TimePoint now() const;

  /// Calls `callback` once, on the loop, `delay` from now. Cheap: no system call unless it is the
  /// earliest of all.
  Entry after(Duration delay, Callback callback);

  /// Moves manual time on and fires what became due, in order.
  void advance(Duration step);

  /// Fires what is due; called by the loop. Re-arms for the rest.
  void fire_due();

 private:
  Table table_;
  Arm arm_;
  TimePoint armed_for_ = TimePoint::max();
  TimePoint manual_now_;
  bool manual_ = false;
};

}  // namespace firn::aio
