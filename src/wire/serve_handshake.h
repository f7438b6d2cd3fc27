// SPDX-License-Identifier: Apache-2.0
// The greeting of the serve protocol: each side says its magic number and its version once,
// unasked, and both then go by the lower one.
#pragma once

#include "wire/codec.h"
#include "wire/version.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace firn::wire {

/// Each greeting has this many bytes.
inline constexpr std::size_t kHelloSize = 16;
/// How much of a wrong greeting is worth reading for its message.
inline constexpr std::size_t kGreetingTextLimit = 4096;

/// What a client sends first.
std::string client_hello(ServeVersion announced = kNewestServe);

/// What a server sends first.
std::string server_hello(ServeVersion announced = kNewestServe);

/// Whether `bytes`, however few, can be the start of a server's greeting. Where not, a shell has
/// probably printed text: read on until the end, a short deadline or kGreetingTextLimit, and give
/// all of it to `read_server_hello`, which throws.
bool may_be_server_hello(std::string_view bytes);

/// The version that the server announced; use `agree(kNewestServe, it)`. Throws Error{protocol} for
/// another greeting, showing the text that came instead, for another major version, and for a
/// server below kOldestServe.
DecodeResult<ServeVersion> read_server_hello(std::string_view bytes);

/// A server answers as soon as it has seen so much of a client's greeting.
inline constexpr std::size_t kMagicSize = 8;

/// Whether `bytes`, however few, can be the start of a client's greeting.
bool may_be_client_hello(std::string_view bytes);

/// The version that a client announced. None is refused: any of a later major counts as our newest,
/// any of an earlier one as 2.0. Throws Error{protocol} for another magic number.
DecodeResult<ServeVersion> read_client_hello(std::string_view bytes);

}  // namespace firn::wire
