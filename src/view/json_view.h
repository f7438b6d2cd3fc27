// SPDX-License-Identifier: Apache-2.0
// The view for programs: one JSON object a line. docs/json-events.md is its contract; every key of
// an event is always there, null where it has no value. Events:
//   plan_made, step_planned, attempt_started, phase_entered, bytes_moved, attempt_ended,
//   step_ended, machine_out, machine_added, machine_note, note, lines_lost, run_ended
#pragma once

#include "view/run_model.h"
#include "view/screen.h"
#include "view/view.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace firn::view {

/// While 64 MiB wait for their reader, lines are not written but counted; `lines_lost` says how
/// many as soon as there is room. `run_ended` is always written.
class JsonView : public View {
 public:
  JsonView(Screen& screen, const ClockAnchor& clock) : screen_(screen), clock_(clock) {}

  void on(const farm::Event& event) override;

  void repaint(TimePoint /*now*/) override {}

  void note(std::string_view text, TimePoint now) override;
  /// Ends the stream with `run_ended`, if the run itself has not.
  void finish(TimePoint now) override;

  const RunModel& model() const override { return model_; }

 private:
  Screen& screen_;
  ClockAnchor clock_;
  RunModel model_;
  std::size_t lost_lines_ = 0;
};

}  // namespace firn::view
