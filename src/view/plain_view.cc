// SPDX-License-Identifier: Apache-2.0
#include "view/plain_view.h"

#include "view/sentences.h"
#include "view/summary.h"
#include "view/text.h"
#include "view/words.h"

#include <utility>

#include <fmt/format.h>

namespace firn::view {

namespace {

/// More than this does not wait for a reader.
constexpr std::size_t kMostWaiting = std::size_t{4} << 20U;

}  // namespace

void PlainView::on(const farm::Event& event) {
  model_.on(event);
  if (const auto sentence = sentence_for(event, model_)) tell(sentence->text);
}

void PlainView::note(std::string_view text, TimePoint /*now*/) {
  tell(printable(text));
}

void PlainView::finish(TimePoint now) {
  admit_losses();
  screen_.write((model_.steps().total > 0 ? "\n" : "") + summary(model_, now, style_));
}

void PlainView::tell(std::string_view line) {
  if (screen_.waiting() >= kMostWaiting) {
    ++lost_lines_;
    return;
  }
  admit_losses();
  screen_.write(fmt::format("{}\n", line));
}

void PlainView::admit_losses() {
  if (lost_lines_ == 0) return;
  screen_.write(lines_left_out(std::exchange(lost_lines_, 0)) + "\n");
}

}  // namespace firn::view
