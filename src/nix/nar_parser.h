// SPDX-License-Identifier: Apache-2.0
// NAR as a push parser: bytes go in as they arrive, events come out, and the end is known from the
// grammar alone. Strict: every rule of the format is checked (order of tokens and of names, zero
// padding, limits of current Nix).
#pragma once

#include "base/bytes.h"

#include <cstdint>
#include <memory>
#include <string_view>

namespace firn::nix {

/// Receives what a NAR holds, in archive order. Default: ignore.
class NarVisitor {
 public:
  virtual ~NarVisitor() = default;

  /// `name` is empty for the root. Every `begin_directory` has its `end_directory`.
  virtual void begin_directory(std::string_view /*name*/) {}

  virtual void end_directory() {}

  virtual void begin_file(std::string_view /*name*/, bool /*executable*/, std::uint64_t /*size*/) {}

  /// Where the contents of the file that was begun last stand, from the beginning of the NAR.
  virtual void file_offset(std::uint64_t /*offset*/) {}

  /// A piece of the file that was begun last; pieces add up to its size.
  virtual void file_data(Bytes /*piece*/) {}

  virtual void end_file() {}

  virtual void symlink(std::string_view /*name*/, std::string_view /*target*/) {}
};

/// Not empty, not "." or "..", without '/' and NUL, at most kMaxNarName bytes.
bool is_nar_name(std::string_view name);

/// The limits that current releases of Nix put on an archive (2.28.7, 2.34.7 and their like).
inline constexpr std::uint64_t kMaxNarName = 255;
inline constexpr std::uint64_t kMaxNarTarget = 4095;
/// The root is at depth 0; nothing is deeper than this less one.
inline constexpr std::size_t kMaxNarDepth = 64;

/// Bounded memory: at most one token (4 KiB) and the names on the path to the current entry are
/// kept. File data is handed out as views of what was fed. After an error it must not be fed again.
class NarParser {
 public:
  explicit NarParser(NarVisitor& visitor);
  ~NarParser();
  NarParser(NarParser&&) noexcept;
  NarParser& operator=(NarParser&&) noexcept;

  /// Consumes all of `bytes`, or less when the NAR ends within them: then `is_done()`. Throws
  /// Error{invalid} with the offset from the NAR's start and what was expected there.
  std::size_t feed(Bytes bytes);

  bool is_done() const;

  /// To be called where the input ends: throws Error{invalid} unless the NAR has ended too.
  void check_done() const;

  /// Bytes consumed so far; the NAR's size once it is done.
  std::uint64_t offset() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace firn::nix
