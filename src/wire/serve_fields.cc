// SPDX-License-Identifier: Apache-2.0
#include "wire/serve_fields.h"

#include <algorithm>
#include <cstdint>
#include <limits>

namespace firn::wire {

void max_log_size(Encoder& io, ByteCount size, ServeVersion version) {
  constexpr std::uint64_t kMostBefore = std::numeric_limits<std::uint32_t>::max();
  const bool wide = has(version, Since::wide_max_log_size);
  io.u64(wide ? size.value() : std::min(size.value(), kMostBefore));
}

void max_log_size(Decoder& io, ByteCount& size, ServeVersion /*version*/) {
  io.size(size);
}

}  // namespace firn::wire
