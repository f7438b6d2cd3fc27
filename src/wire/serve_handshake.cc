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

/// `version_of` makes a version of its number.
DecodeResult<ServeVersion> read_hello(std::string_view bytes,
                                      std::uint64_t magic,
                                      ServeVersion (*version_of)(std::uint32_t)) {
  Decoder io(bytes);
  std::uint32_t version = kNewestServe.number();
  hello_fields(io, magic, version);
  if (io.is_short()) return Short{kHelloSize - bytes.size()};
  return Decoded<ServeVersion>{.value = version_of(version), .consumed = io.consumed()};
}

/// Nix's servers refuse no version: they only compare it with their own.
ServeVersion version_of_client(std::uint32_t number) {
  constexpr ServeVersion kFirst(0);
  if (number < kFirst.number()) return kFirst;
  if (number > kNewestServe.number()) return kNewestServe;
  return parse_serve_version(number);
}

bool may_be(const std::string& hello, std::string_view bytes) {
  const auto magic = std::string_view(hello).substr(0, kMagicSize);
  return bytes.substr(0, magic.size()) == magic.substr(0, bytes.size());
}

}  // namespace

std::string client_hello(ServeVersion announced) {
  return hello(kClientMagic, announced);
}

std::string server_hello(ServeVersion announced) {
  return hello(kServerMagic, announced);
}

bool may_be_server_hello(std::string_view bytes) {
  return may_be(server_hello(), bytes);
}

bool may_be_client_hello(std::string_view bytes) {
  return may_be(client_hello(), bytes);
}

DecodeResult<ServeVersion> read_server_hello(std::string_view bytes) {
  if (!may_be_server_hello(bytes)) {
    throw Error(Kind::protocol,
                fmt::format("expected the serve protocol's greeting, got: {}",
                            in_quotes(bytes.substr(0, bytes.find_last_not_of("\r\n") + 1), 1000)));
  }
  auto result = read_hello(bytes, kServerMagic, &parse_serve_version);
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
  return read_hello(bytes, kClientMagic, &version_of_client);
}

}  // namespace firn::wire
