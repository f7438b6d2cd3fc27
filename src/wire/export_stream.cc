// SPDX-License-Identifier: Apache-2.0
#include "wire/export_stream.h"

#include <utility>

#include <fmt/format.h>

namespace firn::wire {

namespace {

/// "NIXE".
constexpr std::uint64_t kTrailerMagic = 0x4558494e;

template <class Io>
void fields(Io& io, Fields<Io, ExportTrailer>& trailer) {
  bool is_signed = false;
  io.constant(kTrailerMagic, "the magic number of an export stream");
  io.path(trailer.path);
  io.paths(trailer.references);
  io.optional_path(trailer.deriver);
  io.boolean(is_signed);
  if (is_signed) {
    std::string signature;
    io.text(signature, kSignatureLimit);
  }
}

}  // namespace

ExportTrailer export_trailer_of(const nix::PathInfo& info) {
  return {.path = info.path, .references = info.references, .deriver = info.deriver};
}

void append_export_item(std::string& out) {
  Encoder(out).u64(1);
}

void append_export_trailer(std::string& out, const ExportTrailer& trailer) {
  Encoder io(out);
  fields(io, trailer);
}

void append_export_end(std::string& out) {
  Encoder(out).u64(0);
}

DecodeResult<bool> decode_export_item(std::string_view bytes, std::uint64_t offset) {
  Decoder io(bytes, offset);
  std::uint64_t number = 0;
  io.u64(number);
  if (io.is_short()) return Short{io.missing()};
  if (number > 1) io.fail("an item (1) or the end (0) of an export stream", fmt::to_string(number));
  return Decoded<bool>{.value = number == 1, .consumed = io.consumed()};
}

DecodeResult<ExportTrailer> decode_export_trailer(std::string_view bytes, std::uint64_t offset) {
  Decoder io(bytes, offset);
  ExportTrailer trailer{.path = blank<nix::StorePath>(), .references = {}, .deriver = {}};
  fields(io, trailer);
  if (io.is_short()) return Short{io.missing()};
  return Decoded<ExportTrailer>{.value = std::move(trailer), .consumed = io.consumed()};
}

}  // namespace firn::wire
