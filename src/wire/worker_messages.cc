// SPDX-License-Identifier: Apache-2.0
#include "wire/worker_messages.h"

#include "base/error.h"
#include "wire/quote.h"

#include <type_traits>
#include <utility>

#include <fmt/format.h>

namespace firn::wire::worker {

namespace {

constexpr Limit kPieceLimit{.bytes = 64_MiB, .what = "a piece of a stream"};
/// Says that an error follows.
constexpr std::string_view kError = "Error";

template <class Io, class Number>
void number(Io& io, Number& value) {
  auto plain = static_cast<std::uint32_t>(value);
  io.u32(plain);
  if constexpr (Io::kReads) value = static_cast<Number>(plain);
}

void field(Encoder& io, const Field& value) {
  io.u64(value.index());
  if (const auto* text = std::get_if<std::string>(&value)) {
    io.text(*text, kMessageLimit);
  } else {
    io.u64(std::get<std::uint64_t>(value));
  }
}

void field(Decoder& io, Field& value) {
  std::uint64_t type = 0;
  io.u64(type);
  if (type > 1) io.fail("a field of type 0 or 1", fmt::to_string(type));
  if (type == 0) {
    io.u64(value.emplace<std::uint64_t>());
  } else {
    io.text(value.emplace<std::string>(), kMessageLimit);
  }
}

void all(Encoder& io, const std::vector<Field>& values) {
  io.u64(values.size());
  for (const auto& value : values)
    field(io, value);
}

void all(Decoder& io, std::vector<Field>& values) {
  constexpr std::uint64_t kLeastField = 16;
  io.list(values, kLeastField, [&](Field& value) { field(io, value); });
}

/// Where in a file it happened: never said.
template <class Io>
void position(Io& io) {
  io.constant(0, "no position of an error");
}

void traces(Encoder& io, const std::vector<std::string>& values) {
  io.u64(values.size());
  for (const auto& value : values) {
    position(io);
    io.text(value, kMessageLimit);
  }
}

void traces(Decoder& io, std::vector<std::string>& values) {
  constexpr std::uint64_t kLeastTrace = 16;
  io.list(values, kLeastTrace, [&](std::string& value) {
    position(io);
    io.text(value, kMessageLimit);
  });
}

template <class Io>
void constant_text(Io& io, std::string_view text) {
  if constexpr (Io::kReads) {
    std::string got;
    io.text(got, kNameLimit);
    if (!io.is_short() && got != text) io.fail(in_quotes(text), in_quotes(got));
  } else {
    io.text(text, kNameLimit);
  }
}

template <class Io>
void fields(Io& io, Fields<Io, LogLine>& message, Protocol /*protocol*/) {
  io.text(message.text, kMessageLimit);
}

template <class Io>
void fields(Io& io, Fields<Io, PieceWanted>& message, Protocol /*protocol*/) {
  io.size(message.most);
}

template <class Io>
void fields(Io& io, Fields<Io, Piece>& message, Protocol /*protocol*/) {
  io.text(message.bytes, kPieceLimit);
}

template <class Io>
void fields(Io& /*io*/, Fields<Io, Finished>& /*message*/, Protocol /*protocol*/) {}

template <class Io>
void fields(Io& io, Fields<Io, Failure>& message, Protocol protocol) {
  if (!has(protocol, Since::structured_errors)) {
    io.text(message.message, kMessageLimit);
    io.u32(message.exit_status);
    return;
  }
  constant_text(io, kError);
  number(io, message.level);
  io.text(message.name, kNameLimit);
  io.text(message.message, kMessageLimit);
  position(io);
  traces(io, message.traces);
}

template <class Io>
void fields(Io& io, Fields<Io, StartActivity>& message, Protocol /*protocol*/) {
  io.u64(message.id);
  number(io, message.level);
  number(io, message.type);
  io.text(message.text, kMessageLimit);
  all(io, message.fields);
  io.u64(message.parent);
}

template <class Io>
void fields(Io& io, Fields<Io, StopActivity>& message, Protocol /*protocol*/) {
  io.u64(message.id);
}

template <class Io>
void fields(Io& io, Fields<Io, ActivityResult>& message, Protocol /*protocol*/) {
  io.u64(message.id);
  number(io, message.type);
  all(io, message.fields);
}

/// Reads the message that `tag` announces, if it is the one numbered `Index` in Message.
template <std::size_t Index = 0>
void read_tagged(Decoder& io, std::uint64_t tag, Message& message, Protocol protocol) {
  if constexpr (Index == std::variant_size_v<Message>) {
    io.fail("a message of the daemon", fmt::format("{:#x}", tag));
  } else if (tag == std::variant_alternative_t<Index, Message>::kTag) {
    fields(io, message.emplace<Index>(), protocol);
  } else {
    read_tagged<Index + 1>(io, tag, message, protocol);
  }
}

}  // namespace

void append_message(std::string& out, const Message& message, Protocol protocol) {
  Encoder io(out);
  std::visit(
      [&](const auto& one) {
        io.u64(one.kTag);
        fields(io, one, protocol);
      },
      message);
}

DecodeResult<Message> decode_message(std::string_view bytes,
                                     Protocol protocol,
                                     std::uint64_t offset) {
  Decoder io(bytes, offset);
  std::uint64_t tag = Finished::kTag;
  io.u64(tag);
  Message message;
  read_tagged(io, tag, message, protocol);
  if (io.is_short()) return Short{io.missing()};
  return Decoded<Message>{.value = std::move(message), .consumed = io.consumed()};
}

void append_piece(std::string& out, std::string_view bytes) {
  FIRN_CHECK(!bytes.empty());
  Encoder(out).text(bytes, kPieceLimit);
}

DecodeResult<std::string> decode_piece(std::string_view bytes,
                                       ByteCount most,
                                       std::uint64_t offset) {
  Decoder io(bytes, offset);
  std::string piece;
  io.text(piece, {.bytes = std::min(most, kPieceLimit.bytes), .what = kPieceLimit.what});
  if (io.is_short()) return Short{io.missing()};
  if (piece.empty()) io.fail("a piece of at least one byte", "none");
  return Decoded<std::string>{.value = std::move(piece), .consumed = io.consumed()};
}

}  // namespace firn::wire::worker
