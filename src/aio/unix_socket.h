// SPDX-License-Identifier: Apache-2.0
// Sockets of this machine's file system, by path. A path may be longer than a socket address is.
#pragma once

#include "base/fd.h"

#include <string>
#include <sys/stat.h>
#include <sys/un.h>

namespace firn::aio {

/// An address for `connect` and `bind`, as long as `folder` is open.
struct UnixName {
  sockaddr_un address{};
  Fd folder{};
};

/// Throws Error where the path's folder is not there.
UnixName unix_name(const std::string& path);

/// Connects without waiting: the socket is non-blocking and close-on-exec. Throws
/// Error{unavailable} where nobody listens, Error{permission} where we may not connect; none where
/// the listener's queue of connections is full.
Fd connect_unix(const std::string& path);

/// Listens at `path` with this mode. What stands there goes, unless somebody listens to it: then
/// Error{conflict}.
Fd listen_unix(const std::string& path, mode_t mode);

}  // namespace firn::aio
