// SPDX-License-Identifier: Apache-2.0
#include "wire/serve_commands.h"

#include "base/error.h"
#include "wire/serve_fields.h"

#include <fmt/format.h>

namespace firn::wire {

namespace {

bool is_known(std::uint32_t command) {
  constexpr auto kLast = static_cast<std::uint32_t>(Command::add_to_store_nar);
  constexpr std::uint32_t kExportPaths = 5;
  return command >= 1 && command <= kLast && command != kExportPaths;
}

}  // namespace

template <class Request>
void append_request(std::string& out, const Request& request, ServeVersion version) {
  constexpr auto kNumber = static_cast<std::uint8_t>(Request::kCommand);
  if (!can_ask<Request>(version)) {
    throw Bug(fmt::format(
        "command {} is asked at serve {}, which does not know it", kNumber, version.str()));
  }
  Encoder io(out);
  io.u8(kNumber);
  fields(io, request, version);
}

template <class Request>
DecodeResult<Request> decode_request(std::string_view bytes,
                                     ServeVersion version,
                                     std::uint64_t offset) {
  return decode_record<Request>(bytes, version, offset);
}

DecodeResult<Command> decode_command(std::string_view bytes, std::uint64_t offset) {
  Decoder io(bytes, offset);
  std::uint32_t number = 0;
  io.u32(number);
  if (io.is_short()) return Short{io.missing()};
  if (!is_known(number)) io.fail("the number of a serve command", fmt::to_string(number));
  return Decoded<Command>{.value = static_cast<Command>(number), .consumed = io.consumed()};
}

template void append_request(std::string&, const QueryValidPaths&, ServeVersion);
template void append_request(std::string&, const QueryPathInfos&, ServeVersion);
template void append_request(std::string&, const DumpStorePath&, ServeVersion);
template void append_request(std::string&, const ImportPaths&, ServeVersion);
template void append_request(std::string&, const BuildPaths&, ServeVersion);
template void append_request(std::string&, const QueryClosure&, ServeVersion);
template void append_request(std::string&, const BuildDerivation&, ServeVersion);
template void append_request(std::string&, const AddToStoreNar&, ServeVersion);

template DecodeResult<QueryValidPaths> decode_request(std::string_view,
                                                      ServeVersion,
                                                      std::uint64_t);
template DecodeResult<QueryPathInfos> decode_request(std::string_view, ServeVersion, std::uint64_t);
template DecodeResult<DumpStorePath> decode_request(std::string_view, ServeVersion, std::uint64_t);
template DecodeResult<ImportPaths> decode_request(std::string_view, ServeVersion, std::uint64_t);
template DecodeResult<BuildPaths> decode_request(std::string_view, ServeVersion, std::uint64_t);
template DecodeResult<QueryClosure> decode_request(std::string_view, ServeVersion, std::uint64_t);
template DecodeResult<BuildDerivation> decode_request(std::string_view,
                                                      ServeVersion,
                                                      std::uint64_t);
template DecodeResult<AddToStoreNar> decode_request(std::string_view, ServeVersion, std::uint64_t);

}  // namespace firn::wire
