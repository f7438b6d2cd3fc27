// SPDX-License-Identifier: Apache-2.0
// Listening on the network.
#pragma once

#include "base/fd.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace firn::aio {

struct TcpAddress {
  /// A name or number; empty = every address of this machine.
  std::string host;
  /// 0 = any that is free.
  std::uint16_t port = 0;
};

/// "127.0.0.1:9198", "[::1]:9198", ":9198". Throws Error{invalid}.
TcpAddress parse_tcp_address(std::string_view text);

/// Throws Error{conflict} where another program has the port, Error{invalid} where there is no such
/// address here. Blocks where `host` is a name.
Fd listen_tcp(const TcpAddress& address);

/// The port of a socket that listens.
std::uint16_t port_of(const Fd& listening);

}  // namespace firn::aio
