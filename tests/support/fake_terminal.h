// SPDX-License-Identifier: Apache-2.0
// Screens for tests: one that keeps what is written, and one that understands it as a terminal
// does.
#pragma once

#include "view/screen.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace firn::testing {

/// Keeps every write.
class FakeScreen : public view::Screen {
 public:
  view::ScreenSize screen_size;
  std::vector<std::string> writes = {};

  view::ScreenSize size() override { return screen_size; }

  void write(std::string_view text) override { writes.emplace_back(text); }

  std::size_t waiting() const override { return untaken; }

  /// What is said to wait for a reader.
  std::size_t untaken = 0;

  std::string text() const {
    std::string all;
    for (const auto& part : writes)
      all += part;
    return all;
  }
};

/// Carries out what the live view uses: newline, carriage return, cursor up, both erasures, the
/// cursor's visibility. Colours are dropped, lines are never broken: one that is too wide is noted.
class FakeTerminal : public view::Screen {
 public:
  explicit FakeTerminal(view::ScreenSize size) : size_(size), lines_(1) {}

  view::ScreenSize size() override { return size_; }

  void resize(view::ScreenSize size) { size_ = size; }

  void write(std::string_view text) override {
    ++write_count;
    while (!text.empty()) {
      if (text.starts_with("\x1b[")) {
        const std::size_t end =
            std::min(text.find_first_not_of("?;0123456789", 2), text.size() - 1);
        carry_out(text[end], text.substr(2, end - 2));
        text.remove_prefix(end + 1);
        continue;
      }
      put(text.front());
      text.remove_prefix(1);
    }
  }

  /// All that was ever shown and not erased, without spaces at the ends of lines.
  std::string text() const {
    std::string all;
    for (std::string line : lines_) {
      line.erase(line.find_last_not_of(' ') + 1);
      all += line + "\n";
    }
    return all;
  }

  std::size_t waiting() const override { return untaken; }

  /// What is said to wait for a reader.
  std::size_t untaken = 0;
  int write_count = 0;
  bool is_cursor_visible = true;
  /// Moved up farther than the screen is high.
  bool has_left_screen = false;
  bool has_too_wide_line = false;

 private:
  void put(char character) {
    if (character == '\r') {
      column_ = 0;
    } else if (character == '\n') {
      column_ = 0;
      if (++row_ == lines_.size()) lines_.emplace_back();
    } else {
      std::string& line = lines_[row_];
      line.resize(std::max(line.size(), column_ + 1), ' ');
      line[column_++] = character;
    }
  }

  /// All that tests print is one cell wide. The last column is to stay free.
  bool is_too_wide() const {
    const std::string_view text = std::string_view(lines_[row_]).substr(0, column_);
    const auto cells = std::ranges::count_if(
        text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; });
    return static_cast<std::size_t>(cells) >= size_.columns;
  }

  void carry_out(char command, std::string_view argument) {
    if (command == 'K') has_too_wide_line = has_too_wide_line || is_too_wide();
    if (command == 'A') {
      const std::size_t up = std::stoul(std::string(argument));
      has_left_screen = has_left_screen || up >= size_.rows;
      row_ -= std::min(row_, up);
    } else if (command == 'K') {
      lines_[row_].resize(std::min(lines_[row_].size(), column_));
    } else if (command == 'J') {
      lines_[row_].resize(std::min(lines_[row_].size(), column_));
      lines_.resize(row_ + 1);
    } else if (argument == "?25") {
      is_cursor_visible = command == 'h';
    }
  }

  view::ScreenSize size_;
  std::vector<std::string> lines_;
  std::size_t row_ = 0;
  // In bytes.
  std::size_t column_ = 0;
};

}  // namespace firn::testing
