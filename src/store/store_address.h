// SPDX-License-Identifier: Apache-2.0
// Which store of this machine firn works with, in Nix's own words, and the way there.
#pragma once

#include "aio/loop.h"
#include "store/store.h"
#include "transport/link.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace firn::store {

/// Whose word on the store counts.
enum class StoreAccess : std::uint8_t {
  nearest,  ///< a daemon's where one answers, else as `direct`
  daemon,   ///< a daemon's
  direct,   ///< that of a `nix-daemon --stdio` of our own, which opens the store's files itself
};

struct StoreAddress {
  StoreAccess access = StoreAccess::nearest;
  /// Where the daemon listens.
  std::string socket;

  /// As NIX_REMOTE has it: "auto", "unix:///run/x" or "local".
  std::string str() const;

  friend bool operator==(const StoreAddress&, const StoreAddress&) = default;
};

/// Reads "auto", "daemon", "unix://PATH" or "local". A daemon listens where NIX_DAEMON_SOCKET_PATH
/// says, else below NIX_STATE_DIR, else below /nix/var/nix. Throws Error{invalid}.
StoreAddress parse_store_address(std::string_view text);

/// What NIX_REMOTE says, as every Nix reads it; else "auto". Throws Error{invalid}.
StoreAddress store_address_of_environment();

/// Opens connections that speak the worker protocol. Throws Error{unavailable} or {permission} from
/// `open`. `nearest` decides once, when it is opened first.
std::unique_ptr<transport::Connector> worker_connector(aio::Loop& loop, StoreAddress address);

/// The store there. Whether it can be reached shows when it is asked.
std::unique_ptr<Store> open_store(aio::Loop& loop, const StoreAddress& address);

}  // namespace firn::store
