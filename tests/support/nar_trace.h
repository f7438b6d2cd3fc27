// SPDX-License-Identifier: Apache-2.0
// What a NAR holds as text, one entry a line, and NARs made in a test without a file system.
#pragma once

#include "nix/nar_parser.h"
#include "nix/nar_writer.h"

#include <string>
#include <string_view>
#include <vector>

namespace firn::testing {

/// Writes "d a", "f a/x 3 abc", "x a/run 0 ", "l a/link -> target" and the NAR itself, as it would
/// be written anew.
class NarTrace : public nix::NarVisitor {
 public:
  const std::string& text() const { return text_; }

  const std::string& rewritten() const { return rewritten_; }

  void begin_directory(std::string_view name) override {
    line("d", name);
    begin_node(name);
    writer_.begin_directory();
    path_.emplace_back(name);
  }

  void end_directory() override {
    const bool is_root = path_.size() == 1;
    path_.pop_back();
    writer_.end_directory();
    end_node(is_root);
  }

  void begin_file(std::string_view name, bool executable, std::uint64_t size) override {
    line(executable ? "x" : "f", name);
    text_.back() = ' ';
    text_ += std::to_string(size) + " ";
    size_ = size;
    begin_node(name);
    writer_.begin_file(executable, size);
  }

  void file_data(Bytes piece) override {
    text_ += as_text(piece);
    writer_.data(as_text(piece));
  }

  void end_file() override {
    text_ += '\n';
    writer_.end_file(size_);
    end_node(path_.empty());
  }

  void symlink(std::string_view name, std::string_view target) override {
    line("l", name);
    text_.back() = ' ';
    text_ += "-> " + std::string(target) + "\n";
    begin_node(name);
    writer_.symlink(target);
    end_node(path_.empty());
  }

 private:
  void line(std::string_view kind, std::string_view name) {
    text_ += kind;
    text_ += ' ';
    for (const std::string& folder : path_)
      text_ += folder.empty() ? "" : folder + "/";
    text_ += name;
    text_ += '\n';
  }

  void begin_node(std::string_view name) {
    if (name.empty()) {
      writer_.begin_archive();
    } else {
      writer_.begin_entry(name);
    }
  }

  void end_node(bool is_root) {
    if (!is_root) writer_.end_entry();
  }

  std::string text_;
  std::string rewritten_;
  nix::NarWriter writer_{rewritten_};
  std::vector<std::string> path_;
  std::uint64_t size_ = 0;
};

/// Feeds `nar` in pieces of `step` bytes and returns how many were consumed. Throws where it is no
/// NAR or ends too soon.
inline std::size_t parse_nar(std::string_view nar,
                             nix::NarVisitor& visitor,
                             std::size_t step = std::string_view::npos) {
  nix::NarParser parser(visitor);
  std::size_t consumed = 0;
  while (consumed < nar.size() && !parser.is_done()) {
    // A copy of the exact size, so that a sanitizer sees whoever reads beyond it.
    const std::string piece(nar.substr(consumed, step));
    consumed += parser.feed(as_bytes(piece));
  }
  parser.check_done();
  return consumed;
}

}  // namespace firn::testing
