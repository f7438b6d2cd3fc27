// SPDX-License-Identifier: Apache-2.0
// The view for pipes and CI logs: a line for each thing that happens, then the summary.
#pragma once

#include "view/run_model.h"
#include "view/screen.h"
#include "view/style.h"
#include "view/view.h"

#include <string_view>

namespace firn::view {

class PlainView : public View {
 public:
  PlainView(Screen& screen, const Style& style) : screen_(screen), style_(style) {}

  void on(const farm::Event& event) override;

  void repaint(TimePoint /*now*/) override {}

  void note(std::string_view text, TimePoint now) override;
  void finish(TimePoint now) override;

  const RunModel& model() const override { return model_; }

 private:
  Screen& screen_;
  Style style_;
  RunModel model_;
};

}  // namespace firn::view
