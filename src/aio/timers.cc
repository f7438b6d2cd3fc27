// SPDX-License-Identifier: Apache-2.0
#include "aio/timers.h"

#include "base/error.h"

#include <utility>

namespace firn::aio {

Timers::Entry::Entry(Timers& timers, TimePoint when, Callback callback)
    : timers_(&timers), place_(std::make_shared<Table::iterator>()) {
  // The table's callback marks the entry as gone before it runs, so that an Entry may die inside
  // its own callback.
  *place_ = timers.table_.emplace(
      when, [place = std::weak_ptr(place_), &timers, run = std::move(callback)] {
        if (const auto alive = place.lock()) *alive = timers.table_.end();
        run();
      });
}

Timers::Entry::Entry(Entry&& other) noexcept
    : timers_(std::exchange(other.timers_, nullptr)), place_(std::move(other.place_)) {}

Timers::Entry& Timers::Entry::operator=(Entry&& other) noexcept {
  if (this != &other) {
    cancel();
    timers_ = std::exchange(other.timers_, nullptr);
    place_ = std::move(other.place_);
  }
  return *this;
}

Timers::Entry::~Entry() {
  cancel();
}

void Timers::Entry::cancel() {
  if (timers_ == nullptr || !place_) return;
  if (*place_ != timers_->table_.end()) timers_->table_.erase(*place_);
  place_.reset();
  timers_ = nullptr;
}

Timers::Timers(Arm arm) : arm_(std::move(arm)) {}

Timers::Timers(TimePoint start) : manual_now_(start), manual_(true) {}

TimePoint Timers::now() const {
  return manual_ ? manual_now_
                 : std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now());
}

Timers::Entry Timers::after(Duration delay, Callback callback) {
  const TimePoint when = now() + delay;
  Entry entry(*this, when, std::move(callback));
  if (!manual_ && when < armed_for_) {
    armed_for_ = when;
    arm_(when);
  }
  return entry;
}

void Timers::advance(Duration step) {
  FIRN_CHECK(manual_);
  manual_now_ += step;
  fire_due();
}

void Timers::fire_due() {
  armed_for_ = TimePoint::max();
  while (!table_.empty() && table_.begin()->first <= now()) {
    const Callback callback = std::move(table_.extract(table_.begin()).mapped());
    callback();
  }
  if (manual_ || table_.empty() || table_.begin()->first >= armed_for_) return;
  armed_for_ = table_.begin()->first;
  arm_(armed_for_);
}

}  // namespace firn::aio
