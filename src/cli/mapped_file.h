// SPDX-License-Identifier: Apache-2.0
// A file as a text in memory of which only what is looked at is loaded.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace firn::cli {

/// Whoever truncates the file meanwhile ends this process.
class MappedFile {
 public:
  /// Throws Error.
  explicit MappedFile(const std::string& file);
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile();

  std::string_view text() const { return {data_, size_}; }

 private:
  const char* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace firn::cli
