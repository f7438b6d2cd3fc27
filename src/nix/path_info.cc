// SPDX-License-Identifier: Apache-2.0
#include "nix/path_info.h"

#include "base/error.h"

#include <fmt/format.h>

namespace firn::nix {

std::string fingerprint(const PathInfo& info) {
  if (!info.nar_hash || info.nar_size == ByteCount(0)) {
    throw Error(Kind::invalid,
                fmt::format("{} cannot be signed or verified: its hash or its size is unknown",
                            info.path.str()));
  }
  std::string text = fmt::format("1;{};{};{};",
                                 info.path.str(),
                                 info.nar_hash->prefixed(HashForm::nix32),
                                 info.nar_size.value());
  for (const StorePath& reference : info.references) {
    if (text.back() != ';') text += ',';
    text += reference.str();
  }
  return text;
}

}  // namespace firn::nix
