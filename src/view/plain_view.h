// SPDX-License-Identifier: Apache-2.0
// The view for pipes and CI logs: a line for each thing that happens, then the summary.
#pragma once

#include "view/run_model.h"
#include "view/screen.h"
#include "view/style.h"
#include "view/view.h"

#include <cstddef>
#include <string_view>

namespace firn::view {

/// While 4 MiB wait for their reader, lines are not written but counted; a line says how many as
/// soon as there is room.
class PlainView : public View {
 public:
  PlainView(Screen& screen, const Style& style) : screen_(screen), style_(style) {}

  void on(const farm::Event& event) override;

  void repaint(TimePoint /*now*/) override {}

  void note(std::string_view text, TimePoint now) override;
  void finish(TimePoint now) override;

  const RunModel& model() const override { return model_; }

 private:
  void tell(std::string_view line);
  void admit_losses();

  Screen& screen_;
  Style style_;
  RunModel model_;
  std::size_t lost_lines_ = 0;
};

}  // namespace firn::view
