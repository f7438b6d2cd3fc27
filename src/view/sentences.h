// SPDX-License-Identifier: Apache-2.0
// Each event in one sentence, the same in every view for people.
#pragma once

#include "farm/event.h"
#include "view/run_model.h"
#include "view/style.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace firn::view {

/// What kind of news a sentence brings: the sign in front of it, and its colour.
enum class News : std::uint8_t { progress, started, built, failed, again, attention };

struct Sentence {
  News news = News::progress;
  /// One printable line without a full stop.
  std::string text;
};

/// Nothing where the event is no news by itself. `model` has been told of the event already.
std::optional<Sentence> sentence_for(const farm::Event& event, const RunModel& model);

std::string_view sign_of(News news, const Style& style);
Role role_of(News news);

}  // namespace firn::view
