// SPDX-License-Identifier: Apache-2.0
// Folders that vanish with their owner, even where the owner was killed: each holds a lock for as
// long as its process lives, and the next lab removes those whose lock is free.
#pragma once

#include "base/fd.h"

#include <filesystem>
#include <string>
#include <string_view>

namespace firn::lab {

/// A folder `$TMPDIR/firn-lab-XXXXXX` (mode 0755), removed with everything in it.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(TempDir&& other) noexcept;
  TempDir& operator=(TempDir&&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  Fd lock_;
};

/// Removes the folders of dead owners. Called by the constructor above.
void sweep_dead_temp_dirs();

std::string read_file(const std::filesystem::path& path);
void write_file(const std::filesystem::path& path, std::string_view text);

}  // namespace firn::lab
