// SPDX-License-Identifier: Apache-2.0
// NAR as a push parser: bytes go in as they arrive, events come out, and the end is known from the grammar alone.
// Strict: every rule of the format is checked (order of tokens and of names, zero padding, limits of current Nix).
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/bytes.h"

namespace firn::nix {

/// Receives what a NAR holds, in archive order. Default: ignore.
class NarVisitor {
 public:
  virtual ~NarVisitor() = default;

  /// `name` is empty for the root. Every `begin_directory` has its `end_directory`.
  virtual void begin_directory(std::string_view /*name*/) {}

  virtual void end_directory() {}

  virtual void begin_file(std::string_view /*name*/, bool /*executable*/, std::uint64_t /*size*/) {}

  /// A piece of the file that was begun last; pieces add up to its size.
  virtual void file_data(Bytes /*piece*/) {}

  virtual void end_file() {}

  virtual void symlink(std::string_view /*name*/, std::string_view /*target*/) {}
};

/// Bounded memory: at most one token (4 KiB) and the names on the path to the current entry are kept.
class NarParser {
 public:
  explicit NarParser(NarVisitor& visitor);
  ~NarParser();
  NarParser(NarParser&&) noexcept;
  NarParser& operator=(NarParser&&) noexcept;

  /// Consumes all of `bytes`, or less when the NAR ends within them: then `is_done()`. Throws Error{invalid} with the offset
  /// from the NAR's start and what was expected there.
  std::size_t feed(Bytes bytes);

  bool is_done() const;

  /// Bytes consumed so far; the NAR's size once it is done.
  std::uint64_t offset() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace firn::nix
