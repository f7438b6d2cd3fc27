// SPDX-License-Identifier: Apache-2.0
#include "view/live_view.h"

#include "view/frame.h"
#include "view/summary.h"
#include "view/words.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace firn::view {

namespace {

constexpr std::string_view kHideCursor = "\x1b[?25l";
constexpr std::string_view kShowCursor = "\x1b[?25h";
constexpr std::string_view kEraseRestOfLine = "\x1b[K";
constexpr std::string_view kEraseBelow = "\x1b[J";

/// A run of very short steps does not wait for the next frame with more than this.
constexpr std::size_t kMostScrolling = 500;

/// While a terminal takes nothing, no more lines than this are kept for it.
constexpr std::size_t kMostKept = 20'000;

/// What went wrong may take this many lines; everything else takes one.
constexpr std::size_t kLinesOfBadNews = 3;

using Outcome = sched::Verdict::Outcome;

/// Being started is seen in the picture, and being cancelled is what somebody has just asked for.
bool is_worth_a_line(const farm::Event& event) {
  if (std::holds_alternative<farm::AttemptStarted>(event)) return false;
  const auto* ended = std::get_if<farm::AttemptEnded>(&event);
  return ended == nullptr || ended->verdict.outcome != Outcome::cancelled;
}

bool is_built(const farm::Event& event) {
  const auto* ended = std::get_if<farm::AttemptEnded>(&event);
  return ended != nullptr && ended->verdict.outcome == Outcome::succeeded;
}

TimePoint time_of(const farm::Event& event) {
  return std::visit([](const auto& e) { return e.at; }, event);
}

}  // namespace

LiveView::~LiveView() {
  if (is_cursor_hidden_) screen_.write(fmt::format("\n{}", kShowCursor));
}

void LiveView::on(const farm::Event& event) {
  model_.on(event);
  if (is_worth_a_line(event)) tell(event);
  if (scrolling_lines_ >= kMostScrolling) repaint(time_of(event));
}

void LiveView::tell(const farm::Event& event) {
  const ScreenSize size = screen_.size();
  if (is_built(event)) {
    scroll(built_line(model_, model_.last_ended(), size, style_));
  } else if (const auto sentence = sentence_for(event, model_)) {
    scroll(sentence->news, sentence->text, size);
  }
}

void LiveView::scroll(const Line& line) {
  if (scrolling_lines_ >= kMostKept) {
    ++lost_lines_;
    return;
  }
  scrolling_ += line.text();
  scrolling_ += kEraseRestOfLine;
  scrolling_ += '\n';
  ++scrolling_lines_;
}

void LiveView::scroll(News news, std::string_view text, const ScreenSize& size) {
  const std::size_t width = std::max<std::size_t>(size.columns, 1) - 1;
  const std::size_t indent = std::min<std::size_t>(width, 2);
  const std::size_t most = news == News::progress ? 1 : kLinesOfBadNews;
  const Role role = news == News::failed ? Role::plain : Role::dim;
  std::string_view sign = sign_of(news, style_);
  for (const std::string& part : wrapped(text, width - indent, most, style_)) {
    Line line(style_);
    line.put(cut_end(std::exchange(sign, ""), indent, style_), role_of(news));
    scroll(line.skip_to(indent).put(part, role));
  }
}

std::string LiveView::take_scrolling() {
  std::string text = std::exchange(scrolling_, {});
  scrolling_lines_ = 0;
  if (lost_lines_ > 0)
    text += fmt::format("{}{}\n", lines_left_out(std::exchange(lost_lines_, 0)), kEraseRestOfLine);
  return text;
}

void LiveView::note(std::string_view text, TimePoint now) {
  scroll(News::attention, printable(text), screen_.size());
  repaint(now);
}

/// A line that was as wide as the terminal takes several rows of one that is narrower by now.
std::string LiveView::go_up(const ScreenSize& size) const {
  std::size_t rows = 0;
  for (const std::size_t width : frame_widths_)
    rows += std::max<std::size_t>(
        1, (width + size.columns - 1) / std::max<std::size_t>(1, size.columns));
  rows = std::min(rows, size.rows);
  return rows > 1 ? fmt::format("\r\x1b[{}A", rows - 1) : "\r";
}

void LiveView::repaint(TimePoint now) {
  if (screen_.waiting() > 0) return;
  const ScreenSize size = screen_.size();
  const auto lines =
      model_.is_planned() ? draw_frame(model_, now, size, style_) : std::vector<Line>();
  std::string frame;
  for (const Line& line : lines) {
    if (&line != &lines.front()) frame += '\n';
    frame += line.text();
    frame += kEraseRestOfLine;
  }
  const bool is_in_place = size == size_ || frame.empty();
  if (scrolling_.empty() && frame == frame_ && is_in_place) return;
  std::string text = is_cursor_hidden_ ? "" : std::string(kHideCursor);
  text += go_up(size);
  text += take_scrolling();
  text += frame;
  text += kEraseBelow;
  is_cursor_hidden_ = true;
  frame_widths_.clear();
  for (const Line& line : lines)
    frame_widths_.push_back(line.width());
  frame_ = std::move(frame);
  size_ = size;
  screen_.write(text);
}

void LiveView::finish(TimePoint now) {
  std::string text = go_up(screen_.size());
  text += take_scrolling();
  text += kEraseBelow;
  if (model_.steps().total > 0) text += '\n';
  text += summary(model_, now, style_);
  text += kShowCursor;
  is_cursor_hidden_ = false;
  frame_.clear();
  frame_widths_.clear();
  screen_.write(text);
}

}  // namespace firn::view
