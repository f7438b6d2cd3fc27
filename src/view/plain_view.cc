// SPDX-License-Identifier: Apache-2.0
#include "view/plain_view.h"

#include "view/sentences.h"
#include "view/summary.h"
#include "view/text.h"

namespace firn::view {

void PlainView::on(const farm::Event& event) {
  model_.on(event);
  if (const auto sentence = sentence_for(event, model_)) screen_.write(sentence->text + "\n");
}

void PlainView::note(std::string_view text, TimePoint /*now*/) {
  screen_.write(printable(text) + "\n");
}

void PlainView::finish(TimePoint now) {
  screen_.write((model_.steps().total > 0 ? "\n" : "") + summary(model_, now, style_));
}

}  // namespace firn::view
