// SPDX-License-Identifier: Apache-2.0
// The NAR of a file tree on disk, pulled a block at a time, so that memory is bounded whatever the
// size of the tree.
#pragma once

#include "base/bytes.h"

#include <cstddef>
#include <memory>
#include <string>

namespace firn::nix {

/// The NAR of a file, link or folder on disk, as a stream of blocks. Reads block: use it on the
/// blocking pool. Follows no link below `path`, nor `path` itself. Holds at most ten open
/// descriptors and the names in the folders on the way to the current entry. Throws Error for what
/// a NAR cannot hold (sockets, devices) and for what changes while it is read; after that it must
/// not be read again. Big blocks are better: 64 KiB or more.
class NarSource {
 public:
  explicit NarSource(std::string path);
  ~NarSource();
  NarSource(NarSource&&) noexcept;
  NarSource& operator=(NarSource&&) noexcept;

  /// Fills `out` with the next bytes, as many as fit; 0 = the end. Always fills the whole of `out`
  /// except at the end.
  std::size_t read(MutableBytes out);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace firn::nix
