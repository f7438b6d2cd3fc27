// SPDX-License-Identifier: Apache-2.0
// Asking, in both protocols alike. A request is a struct that names its reply (`Reply`), its number
// (`kCommand` of serve, `kOperation` of the worker protocol) and what it came with (`kSince`); its
// fields are defined once, for both directions.
#pragma once

#include "wire/codec.h"
#include "wire/version.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace firn::wire {

/// ServeVersion or worker::Protocol: what both sides of a conversation have agreed on.
template <class Request>
using VersionOf = typename VersionOfTable<std::remove_const_t<decltype(Request::kSince)>>::Version;

/// Whether a server of that version knows `Request`.
template <class Request>
constexpr bool can_ask(VersionOf<Request> version) {
  return has(version, Request::kSince);
}

/// Appends the request's number and its fields. Throws Bug where `can_ask` says no. A stream that
/// follows is the caller's to write. Compiled for every request.
template <class Request>
void append_request(std::string& out, const Request& request, VersionOf<Request> version);

/// The fields of a request whose number has been read; for the server half. Throws Error{protocol}.
/// Compiled for every request.
template <class Request>
DecodeResult<Request> decode_request(std::string_view bytes,
                                     VersionOf<Request> version,
                                     std::uint64_t offset = 0);

}  // namespace firn::wire
