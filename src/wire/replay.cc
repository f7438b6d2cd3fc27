// SPDX-License-Identifier: Apache-2.0
#include "wire/replay.h"

#include <fmt/format.h>

namespace firn::wire {

Replay::Replay(std::vector<std::string_view> pieces)
    : source_([pieces = std::move(pieces), next = std::size_t{0}]() mutable {
        while (next < pieces.size() && pieces[next].empty())
          ++next;
        return next < pieces.size() ? pieces[next++] : std::string_view();
      }) {}

bool Replay::fetch(std::size_t missing) {
  window_.erase(0, begin_);
  begin_ = 0;
  const std::size_t wanted = window_.size() + missing;
  while (window_.size() < wanted) {
    const auto piece = source_();
    if (piece.empty()) return false;
    window_ += piece;
  }
  return true;
}

std::uint64_t Replay::drop_rest() {
  std::uint64_t rest = 0;
  while (!is_at_end()) {
    rest += view().size();
    drop(view().size());
  }
  return rest;
}

void Replay::fail_at_end(std::uint64_t missing) const {
  throw Error(
      Kind::protocol,
      fmt::format("at byte {} of the stream: expected at least {} more {} of what begins at "
                  "byte {}, got the end",
                  offset_ + view().size(),
                  missing,
                  missing == 1 ? "byte" : "bytes",
                  offset_));
}

}  // namespace firn::wire
