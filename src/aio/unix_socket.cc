// SPDX-License-Identifier: Apache-2.0
#include "aio/unix_socket.h"

#include "base/error.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fmt/format.h>

namespace firn::aio {

namespace {

/// Connections that may wait for us.
constexpr int kBacklog = 64;

const sockaddr* plain(const UnixName& name) {
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): what the system calls take.
  return reinterpret_cast<const sockaddr*>(&name.address);
}

Error cannot_connect(int error, const std::string& path) {
  const Error plain = system_error(error, fmt::format("connect to {}", path));
  return plain.kind() == Kind::permission ? plain : Error(Kind::unavailable, plain.message());
}

Fd make_socket() {
  Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) throw system_error(errno, "make a socket");
  return socket;
}

bool has_listener(const std::string& path) {
  try {
    // A full queue is one, too.
    connect_unix(path);
    return true;
  } catch (const Error& e) {
    return e.kind() != Kind::unavailable;
  }
}

}  // namespace

/// Reaches a long path through its folder's descriptor, which must stay open meanwhile.
UnixName unix_name(const std::string& path) {
  UnixName name;
  name.address.sun_family = AF_UNIX;
  std::string text = path;
  if (text.size() >= sizeof(name.address.sun_path)) {
    const auto slash = text.rfind('/');
    const std::string parent = slash == std::string::npos ? "." : text.substr(0, slash + 1);
    name.folder = Fd(::open(parent.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!name.folder) throw cannot_connect(errno, path);
    text = fmt::format("/proc/self/fd/{}/{}", name.folder.get(), text.substr(slash + 1));
  }
  if (text.size() >= sizeof(name.address.sun_path)) throw cannot_connect(ENAMETOOLONG, path);
  std::memcpy(name.address.sun_path, text.data(), text.size());
  return name;
}

Fd connect_unix(const std::string& path) {
  const UnixName name = unix_name(path);
  Fd socket = make_socket();
  while (::connect(socket.get(), plain(name), sizeof(name.address)) != 0) {
    if (errno == EAGAIN) return {};
    if (errno != EINTR) throw cannot_connect(errno, path);
  }
  return socket;
}

/// Made under another name, so that nobody ever finds a socket that nobody listens to.
Fd listen_unix(const std::string& path, mode_t mode) {
  if (has_listener(path))
    throw Error(Kind::conflict, fmt::format("somebody listens at {} already", path));
  const std::string fresh = fmt::format("{}.{}", path, ::getpid());
  ::unlink(fresh.c_str());
  Fd socket = make_socket();
  const UnixName name = unix_name(fresh);
  if (::bind(socket.get(), plain(name), sizeof(name.address)) != 0)
    throw system_error(errno, fmt::format("make the socket {}", fresh));
  if (::chmod(fresh.c_str(), mode) != 0 || ::listen(socket.get(), kBacklog) != 0 ||
      std::rename(fresh.c_str(), path.c_str()) != 0) {
    const int error = errno;
    ::unlink(fresh.c_str());
    throw system_error(error, fmt::format("listen at {}", path));
  }
  return socket;
}

}  // namespace firn::aio
