// SPDX-License-Identifier: Apache-2.0
// What the targets of both protocols share: messages of a catalogue, and whole conversations.
#pragma once

#include "targets.h"
#include "wire/catalog.h"
#include "wire/request.h"
#include "wire/transcript.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace firn::fuzz {

/// An input for a message begins with three bytes: version, message, size of the pieces.
inline constexpr std::size_t kMessageHead = 3;

inline std::uint8_t byte_at(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint8_t>(bytes[at]);
}

/// The message as JSON, or nothing where it is none.
template <class Version>
std::optional<nix::Json> read_message(const wire::MessageKind<Version>& kind,
                                      std::vector<std::string_view> pieces,
                                      Version version) {
  std::optional<nix::Json> read;
  allow_errors([&] {
    wire::Replay stream(std::move(pieces));
    nix::Json out;
    kind.take(out, stream, version);
    read = std::move(out);
  });
  return read;
}

/// Reads the message that the head names, at once and in pieces: it must not matter.
template <class Version>
void read_messages(std::string_view bytes, wire::Catalog<Version> catalog, Version version) {
  if (bytes.size() < kMessageHead) return;
  const auto& kind = catalog[byte_at(bytes, 1) % catalog.size()];
  const std::size_t size = std::size_t{1} + byte_at(bytes, 2);
  const auto body = bytes.substr(kMessageHead);
  const auto at_once = read_message(kind, {body}, version);
  require(at_once == read_message(kind, cut(body, size), version), "pieces do not matter");
}

template <class Version>
std::string message_seed(wire::Catalog<Version> catalog,
                         std::uint8_t version,
                         std::string_view name,
                         std::string_view body) {
  const auto index = wire::find_message(catalog, name) - catalog.data();
  std::string seed{static_cast<char>(version), static_cast<char>(index), '\x07'};
  return seed.append(body);
}

/// The first two bytes say how much of the rest was sent; what remains was received.
inline void read_conversation(std::string_view bytes) {
  constexpr std::size_t kHead = 2;
  if (bytes.size() < kHead) return;
  const std::size_t length = byte_at(bytes, 0) + (std::size_t{byte_at(bytes, 1)} << 8U);
  const auto sent = bytes.substr(kHead).substr(0, length);
  wire::Replay to_server({sent});
  wire::Replay to_client({bytes.substr(kHead + sent.size())});
  wire::read_transcript(to_server, to_client, [](const wire::TranscriptStep&) {});
}

inline std::string conversation_seed(std::string_view sent, std::string_view received) {
  std::string seed{static_cast<char>(sent.size() & 0xffU), static_cast<char>(sent.size() >> 8U)};
  return seed.append(sent).append(received);
}

/// What was read, written again and read again, is written the same way.
template <class Request, class Version>
void require_stable(std::string_view fields, Version version) {
  constexpr std::size_t kNumber = 8;
  std::string last;
  std::string_view bytes = fields;
  for (int round = 0; round < 2; ++round) {
    const auto read = wire::decode_request<Request>(bytes, version);
    const auto* whole = std::get_if<wire::Decoded<Request>>(&read);
    if (whole == nullptr) {
      require(round == 0, "a request that was written is whole");
      return;
    }
    std::string written;
    wire::append_request(written, whole->value, version);
    if (round > 0) require(written == last, "a request is written as it was read");
    last = std::move(written);
    bytes = std::string_view(last).substr(kNumber);
  }
}

}  // namespace firn::fuzz
