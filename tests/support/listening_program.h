// SPDX-License-Identifier: Apache-2.0
// A program that listens on a socket: the test itself, on the same thread.
#pragma once

#include "base/error.h"
#include "base/fd.h"
#include "support/temp_folder.h"

#include <cerrno>
#include <cstring>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>

namespace firn::testing {

/// Listens in a folder of its own, as "socket".
class ListeningProgram {
 public:
  explicit ListeningProgram(int backlog = 4) {
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    std::strncpy(name.sun_path, path().c_str(), sizeof(name.sun_path) - 1);
    listening_ = Fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (::bind(listening_.get(), reinterpret_cast<const sockaddr*>(&name), sizeof(name)) != 0 ||
        ::listen(listening_.get(), backlog) != 0)
      throw system_error(errno, "listen at " + path());
  }

  std::string path() const { return folder_.path() / "socket"; }

  const TempFolder& folder() const { return folder_; }

  /// Its side of the oldest connection that it has not taken yet.
  Fd accept() const { return Fd(::accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC)); }

 private:
  TempFolder folder_;
  Fd listening_;
};

}  // namespace firn::testing
