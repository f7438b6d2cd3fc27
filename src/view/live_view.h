// SPDX-License-Identifier: Apache-2.0
// The view for a person at a terminal: what runs is painted in place, what has ended scrolls by
// above it.
#pragma once

#include "view/run_model.h"
#include "view/screen.h"
#include "view/sentences.h"
#include "view/style.h"
#include "view/text.h"
#include "view/view.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace firn::view {

/// Writes once per frame, and not at all where nothing has changed or the last frame still waits
/// for the terminal; lines that have to wait too long are counted instead. The cursor is hidden
/// from the first frame to `finish`, or to the destructor.
class LiveView : public View {
 public:
  LiveView(Screen& screen, const Style& style) : screen_(screen), style_(style) {}

  ~LiveView() override;

  void on(const farm::Event& event) override;
  void repaint(TimePoint now) override;
  void note(std::string_view text, TimePoint now) override;
  void finish(TimePoint now) override;

  const RunModel& model() const override { return model_; }

 private:
  void tell(const farm::Event& event);
  void scroll(const Line& line);
  void scroll(News news, std::string_view text, const ScreenSize& size);
  /// What has ended since the last frame.
  std::string take_scrolling();
  /// Goes up to where the last frame began, as the terminal shows it now.
  std::string go_up(const ScreenSize& size) const;

  Screen& screen_;
  Style style_;
  RunModel model_;
  /// Lines that wait for the next frame.
  std::string scrolling_;
  std::size_t scrolling_lines_ = 0;
  std::size_t lost_lines_ = 0;
  ScreenSize size_;
  std::string frame_;
  /// Of the lines of the last frame, in cells.
  std::vector<std::size_t> frame_widths_;
  bool is_cursor_hidden_ = false;
};

}  // namespace firn::view
