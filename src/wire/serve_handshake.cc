// SPDX-License-Identifier: Apache-2.0
#include "wire/serve_handshake.h"

#include "base/error.h"
#include "wire/quote.h"

#include <algorithm>

#include <fmt/format.h>

namespace firn::wire {

namespace {

constexpr std::uint64_t kClientMagic = 0x390c9deb;
constexpr std::uint64_t kServerMagic = 0x5452eecb;

/// Both greetings are a magic number and a version.
template <class Io, class Number>
void hello_fields(Io& io, std::uint64_t magic, Number& version) {
  io.constant(magic, "the magic number of a serve greeting");
  io.u32(version);
}

std::string hello(std::uint64_t magic, ServeVersion announced) {
  std::string out;
  Encoder io(out);
  const std::uint32_t version = announced.number();
  hello_fields(io, magic, version);
  return out;
}

DecodeResult<ServeVersion> read_hello(std::string_view bytes, std::uint64_t magic) {
  Decoder io(bytes);
  std::uint32_t version = kNewestServe.number();
  hello_fields(io, magic, version);
  if (io.is_short()) return Short{kHelloSize - bytes.size()};
  return Decoded<ServeVersion>{.value = parse_serve_version(version), .consumed = io.consumed()};
}

}  // namespace

std::string client_hello(ServeVersion announced) {
  return hello(kClientMagic, announced);
}

std::string server_hello(ServeVersion announced) {
  return hello(kServerMagic, announced);
}

bool may_be_server_hello(std::string_view bytes) {
  const auto expected = server_hello().substr(0, sizeof kServerMagic);
  return bytes.substr(0, expected.size()) == std::string_view(expected).substr(0, bytes.size());
}

DecodeResult<ServeVersion> read_server_hello(std::string_view bytes) {
  if (!may_be_server_hello(bytes)) {
    throw Error(Kind::protocol,
                fmt::format("expected the serve protocol's greeting, got: {}",
                            in_quotes(bytes.substr(0, bytes.find_last_not_of("\r\n") + 1), 1000)));
  }
  auto result = read_hello(bytes, kServerMagic);
  const auto* hello = std::get_if<Decoded<ServeVersion>>(&result);
  if (hello != nullptr && hello->value < kOldestServe) {
    throw Error(Kind::protocol,
                fmt::format("the other side speaks version {} of the serve protocol, which cannot "
                            "build derivations: "
                            "it needs Nix 1.10 or newer",
                            hello->value.str()));
  }
  return result;
}

DecodeResult<ServeVersion> read_client_hello(std::string_view bytes) {
  return read_hello(bytes, kClientMagic);
}

}  // namespace firn::wire
