// SPDX-License-Identifier: Apache-2.0
#include "wire/serve_commands.h"

#include "wire/conversation.h"
#include "wire/serve_fields.h"

#include <fmt/format.h>

namespace firn::wire {

DecodeResult<Command> decode_command(std::string_view bytes, std::uint64_t offset) {
  constexpr auto kLast = static_cast<std::uint32_t>(Command::add_to_store_nar);
  Decoder io(bytes, offset);
  std::uint32_t number = 0;
  io.u32(number);
  if (io.is_short()) return Short{io.missing()};
  if (number == 0 || number > kLast) {
    io.fail("the number of a serve command", fmt::to_string(number));
  }
  return Decoded<Command>{.value = static_cast<Command>(number), .consumed = io.consumed()};
}

FIRN_COMPILE_REQUEST(QueryValidPaths);
FIRN_COMPILE_REQUEST(QueryPathInfos);
FIRN_COMPILE_REQUEST(DumpStorePath);
FIRN_COMPILE_REQUEST(ImportPaths);
FIRN_COMPILE_REQUEST(ExportPaths);
FIRN_COMPILE_REQUEST(BuildPaths);
FIRN_COMPILE_REQUEST(QueryClosure);
FIRN_COMPILE_REQUEST(BuildDerivation);
FIRN_COMPILE_REQUEST(AddToStoreNar);

}  // namespace firn::wire
