// SPDX-License-Identifier: Apache-2.0
// Where ssh's control sockets lie, and what firn gives to ssh in files.
#pragma once

#include "base/fd.h"

#include <string>

namespace firn::transport {

/// A private folder, removed with all it holds. Those of a firn that was killed are removed by the
/// next one. Its path stays short: a socket's may have at most 80 bytes, for ssh appends to it
/// while it makes one.
class SocketFolder {
 public:
  /// Throws Error where no folder can be made.
  SocketFolder();
  ~SocketFolder();
  SocketFolder(const SocketFolder&) = delete;
  SocketFolder& operator=(const SocketFolder&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
  /// Locked as long as we live.
  Fd lock_;
};

}  // namespace firn::transport
