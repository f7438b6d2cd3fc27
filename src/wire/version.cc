// SPDX-License-Identifier: Apache-2.0
#include "wire/version.h"

#include "base/error.h"

#include <fmt/format.h>

namespace firn::wire {

std::string ServeVersion::str() const {
  return fmt::format("2.{}", minor_);
}

ServeVersion parse_serve_version(std::uint32_t number) {
  const std::uint32_t major = number >> 8U;
  if (major != 2) {
    throw Error(Kind::protocol,
                fmt::format("the other side speaks version {}.{} of the serve protocol, but only "
                            "{} to {} are understood: "
                            "use a machine with Nix 1.10 or newer",
                            major,
                            number & 0xffU,
                            kOldestServe.str(),
                            kNewestServe.str()));
  }
  return ServeVersion(static_cast<std::uint8_t>(number & 0xffU));
}

}  // namespace firn::wire
