// SPDX-License-Identifier: Apache-2.0
// Writes NARs: token by token (pure), and straight from a file tree (pull: the caller takes a block at a time, so memory is bounded).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace firn::nix {

/// Appends the tokens of a NAR to a buffer. The caller keeps to the order: entries bytewise sorted, data exactly `size` bytes.
class NarWriter {
 public:
  explicit NarWriter(std::string& out);

  void begin_archive();
  void begin_entry(std::string_view name);
  void end_entry();
  void begin_directory();
  void end_directory();
  void symlink(std::string_view target);
  /// Opens a regular file; `size` bytes of data follow through `data`, then `end_file`.
  void begin_file(bool executable, std::uint64_t size);
  void data(std::string_view piece);
  void end_file(std::uint64_t size);

 private:
  void token(std::string_view text);

  std::string& out_;
};

/// The NAR of a file, link or folder on disk, as a stream of blocks. Reads block: use it on the blocking pool.
/// Follows no link. Throws Error for what a NAR cannot hold (sockets, devices) and for a file that changes size while it is read.
class NarSource {
 public:
  explicit NarSource(std::string path);
  ~NarSource();
  NarSource(NarSource&&) noexcept;
  NarSource& operator=(NarSource&&) noexcept;

  /// Fills `out` with the next bytes, as many as fit; 0 = the end. Always fills the whole of `out` except at the end.
  std::size_t read(MutableBytes out);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace firn::nix
