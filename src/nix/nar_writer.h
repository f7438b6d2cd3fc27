// SPDX-License-Identifier: Apache-2.0
// Writes NARs token by token. Pure: whoever has the files calls it; NarSource does for those on
// disk.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace firn::nix {

/// Appends the tokens of a NAR to a buffer. The caller keeps to the order: entries bytewise sorted,
/// data exactly `size` bytes.
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
  std::string& out_;
};

/// The NAR of one file that is not executable.
std::string nar_of_file(std::string_view contents);

}  // namespace firn::nix
