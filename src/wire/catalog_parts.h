// SPDX-License-Identifier: Apache-2.0
// What the catalogues of both protocols are made of. Included by their sources only, after the
// fields of the protocol and what shows them.
#pragma once

#include "nix/content_address_json.h"
#include "nix/derivation.h"
#include "wire/catalog.h"
#include "wire/common_fields.h"
#include "wire/common_json.h"
#include "wire/conversation.h"
#include "wire/nar_summary.h"
#include "wire/quote.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace firn::wire {

/// Takes a record that `read(io)` reads.
template <class Read>
nix::Json take_with(Replay& stream, Read read) {
  return take(stream, [&](std::string_view bytes, std::uint64_t offset) -> DecodeResult<nix::Json> {
    Decoder io(bytes, offset);
    nix::Json value = read(io);
    if (io.is_short()) return Short{io.missing()};
    return Decoded<nix::Json>{.value = std::move(value), .consumed = io.consumed()};
  });
}

template <class Version>
void take_string(nix::Json& out, Replay& stream, Version /*version*/) {
  out = take_with(stream, [](Decoder& io) {
    std::string text;
    io.text(text, kTextLimit);
    return nix::Json(text);
  });
}

/// Store paths by themselves look as in Nix's JSON.
template <class Version>
void take_path(nix::Json& out, Replay& stream, Version /*version*/) {
  out = take_with(stream, [](Decoder& io) {
    auto path = blank<nix::StorePath>();
    io.path(path);
    return nix::Json(path.base_name());
  });
}

template <class Version>
void take_optional_path(nix::Json& out, Replay& stream, Version /*version*/) {
  out = take_with(stream, [](Decoder& io) {
    std::optional<nix::StorePath> path;
    io.optional_path(path);
    return path ? nix::Json(path->base_name()) : nix::Json();
  });
}

/// A text that `show` makes JSON of; it throws Error{invalid} for one that is not `what`.
template <class Show>
void take_text(nix::Json& out, Replay& stream, std::string_view what, Show show) {
  out = take_with(stream, [&](Decoder& io) -> nix::Json {
    std::string text;
    io.text(text, kTextLimit);
    if (io.is_short()) return {};
    try {
      return show(text);
    } catch (const Error& error) {
      io.fail(what, fmt::format("{}: {}", in_quotes(text), error.message()));
    }
  });
}

/// Empty is null.
template <class Version>
void take_content_address(nix::Json& out, Replay& stream, Version /*version*/) {
  take_text(out, stream, "a content address", [](const std::string& text) {
    return text.empty() ? nix::Json() : nix::to_json(nix::parse_content_address(text));
  });
}

template <class Version>
void take_derivation(nix::Json& out, Replay& stream, Version /*version*/) {
  out = take_with(stream, [](Decoder& io) {
    nix::BasicDerivation derivation;
    derivation_fields(io, derivation);
    return shown(derivation);
  });
}

template <class T, class Version>
void take_structure(nix::Json& out, Replay& stream, Version version) {
  out = take_with(stream, [version](Decoder& io) {
    auto value = blank<T>();
    fields(io, value, version);
    return shown(value);
  });
}

/// The number and the fields; what follows is somebody else's.
template <class Request>
nix::Json take_asked(Replay& stream, VersionOf<Request> version) {
  return take_with(stream, [version](Decoder& io) {
    auto request = blank<Request>();
    io.constant(number_of<Request>(), "the number of this request");
    fields(io, request, version);
    return shown(request);
  });
}

template <class Request>
typename Request::Reply take_reply(Replay& stream, VersionOf<Request> version) {
  ReplyReader<Request> reader(version, stream.offset());
  take_fed(stream, [&](std::string_view view) { return reader.feed(view); });
  return std::move(reader).take();
}

template <class Version>
void take_nar_message(nix::Json& out, Replay& stream, Version /*version*/) {
  out = take_nar(stream);
}

template <class Request>
using KindOf = MessageKind<VersionOf<Request>>;

template <class Request>
constexpr KindOf<Request> request(std::string_view name, decltype(KindOf<Request>::take) take_it) {
  return {.name = name,
          .since = static_cast<std::uint8_t>(Request::kSince),
          .number = static_cast<std::uint8_t>(number_of<Request>()),
          .take = take_it};
}

template <class Request>
constexpr KindOf<Request> reply(std::string_view name, decltype(KindOf<Request>::take) take_it) {
  return {.name = name,
          .since = static_cast<std::uint8_t>(Request::kSince),
          .number = {},
          .take = take_it};
}

}  // namespace firn::wire

/// A request and its reply, as two lines of a catalogue whose source has the templates take_request
/// and take_answer.
#define FIRN_ASKED(Request, name) \
  request<Request>(name, take_request<Request>), reply<Request>(name "-reply", take_answer<Request>)
