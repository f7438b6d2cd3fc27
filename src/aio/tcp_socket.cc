// SPDX-License-Identifier: Apache-2.0
#include "aio/tcp_socket.h"

#include "base/error.h"

#include <cerrno>
#include <charconv>
#include <memory>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <fmt/format.h>

namespace firn::aio {

namespace {

/// Connections that may wait for us.
constexpr int kBacklog = 64;

using Found = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

Found look_up(const TcpAddress& address) {
  addrinfo hints{};
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const auto port = std::to_string(address.port);
  const int error = ::getaddrinfo(
      address.host.empty() ? nullptr : address.host.c_str(), port.c_str(), &hints, &found);
  if (error != 0)
    throw Error(
        Kind::invalid,
        fmt::format("'{}' is no address of this machine: {}", address.host, ::gai_strerror(error)));
  return {found, &::freeaddrinfo};
}

std::string text_of(const TcpAddress& address) {
  return fmt::format(
      "port {} of {}", address.port, address.host.empty() ? "this machine" : address.host.c_str());
}

}  // namespace

TcpAddress parse_tcp_address(std::string_view text) {
  const auto colon = text.rfind(':');
  std::uint16_t port = 0;
  auto host = text.substr(0, std::min(colon, text.size()));
  const auto digits = colon == std::string_view::npos ? "" : text.substr(colon + 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc() || end != digits.data() + digits.size())
    throw Error(Kind::invalid,
                fmt::format("'{}' is no ADDRESS:PORT, such as 127.0.0.1:9198", text));
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return {.host = std::string(host), .port = port};
}

Fd listen_tcp(const TcpAddress& address) {
  const auto found = look_up(address);
  Fd socket(
      ::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, found->ai_protocol));
  if (!socket) throw system_error(errno, "make a socket");
  const int yes = 1;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
  if (::bind(socket.get(), found->ai_addr, found->ai_addrlen) == 0 &&
      ::listen(socket.get(), kBacklog) == 0)
    return socket;
  const int error = errno;
  if (error == EADDRINUSE)
    throw Error(Kind::conflict, fmt::format("another program listens on {}", text_of(address)));
  if (error == EADDRNOTAVAIL)
    throw Error(Kind::invalid, fmt::format("'{}' is no address of this machine", address.host));
  throw system_error(error, fmt::format("listen on {}", text_of(address)));
}

std::uint16_t port_of(const Fd& listening) {
  sockaddr_storage name{};
  socklen_t size = sizeof(name);
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): what the system call takes.
  if (::getsockname(listening.get(), reinterpret_cast<sockaddr*>(&name), &size) != 0)
    throw system_error(errno, "ask for a socket's port");
  // NOLINTBEGIN(cppcoreguidelines-pro-type-reinterpret-cast): the family says which it is.
  return ntohs(name.ss_family == AF_INET6 ? reinterpret_cast<const sockaddr_in6*>(&name)->sin6_port
                                          : reinterpret_cast<const sockaddr_in*>(&name)->sin_port);
  // NOLINTEND(cppcoreguidelines-pro-type-reinterpret-cast)
}

}  // namespace firn::aio
