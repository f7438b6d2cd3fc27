// SPDX-License-Identifier: Apache-2.0
// The few ATerm forms that derivations are made of: literals, quoted strings and lists.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace firn::nix {

/// Reads from left to right. Throws Error{invalid} with offset and expectation; never reads beyond
/// the text.
class AtermReader {
 public:
  explicit AtermReader(std::string_view text) : text_(text) {}

  std::size_t offset() const { return offset_; }

  bool is_at_end() const { return offset_ == text_.size(); }

  /// Skips `literal` where it comes next.
  bool accept(std::string_view literal);
  void expect(std::string_view literal);

  /// A quoted string, without quotes and escapes.
  std::string string();
  /// A quoted string of a field that Nix writes without escapes; refuses those. Points into the
  /// text.
  std::string_view plain_string();

  /// "[" item { "," item } "]", or "[]".
  template <class ReadItem>
  void list(ReadItem read_item) {
    expect("[");
    if (accept("]")) return;
    do {
      read_item();
    } while (accept(","));
    expect("]");
  }

  [[noreturn]] void fail(std::string_view expected) const;

 private:
  std::string unescaped();

  std::string_view text_;
  std::size_t offset_ = 0;
};

/// Appends `text` in quotes, escaped as Nix does.
void append_aterm_string(std::string& out, std::string_view text);

}  // namespace firn::nix
