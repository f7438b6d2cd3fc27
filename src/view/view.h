// SPDX-License-Identifier: Apache-2.0
// The ways to watch a run. A view is told every event, repaints when asked, and ends with a
// summary. It has no clock of its own.
#pragma once

#include "base/units.h"
#include "farm/event.h"
#include "view/run_model.h"
#include "view/screen.h"
#include "view/style.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string_view>

namespace firn::view {

enum class ViewKind : std::uint8_t {
  live,   ///< for a terminal: what runs is painted over and over, what has ended scrolls by
  plain,  ///< for pipes and CI logs: a line for each thing that happens
  json,   ///< for programs: docs/json-events.md
};

/// One moment on both clocks: what turns event times into dates.
struct ClockAnchor {
  TimePoint steady;
  std::chrono::sys_time<std::chrono::milliseconds> wall;
};

/// Shows a run on a screen. None of its functions throws or waits. Where nobody takes what is
/// shown, each view leaves out in its own way what there is no room for, and says so.
class View : public farm::EventSink {
 public:
  /// Shows what time alone has changed. To be called about ten times a second; only the live view
  /// makes use of it.
  virtual void repaint(TimePoint now) = 0;
  /// A sentence of the caller's own among the events, such as "stopping".
  virtual void note(std::string_view text, TimePoint now) = 0;
  /// Writes the summary and leaves the screen as it was found. Comes once, last.
  virtual void finish(TimePoint now) = 0;
  /// For `failure_report`, which goes to stderr whatever the view, and for the exit code.
  virtual const RunModel& model() const = 0;
};

/// `screen` must outlive the view. `clock` matters to `json` only, `style` to the others.
std::unique_ptr<View> make_view(ViewKind kind,
                                Screen& screen,
                                const Style& style,
                                const ClockAnchor& clock);

}  // namespace firn::view
