// SPDX-License-Identifier: Apache-2.0
#include "queue/status_snapshot.h"

namespace firn::queue {

double StoreCounts::compression_savings() const {
  if (nar_write_bytes == ByteCount()) return 0;
  return 1.0 - static_cast<double>(nar_write_compressed_bytes.value()) /
                   static_cast<double>(nar_write_bytes.value());
}

double StoreCounts::compression_speed() const {
  const double seconds = std::chrono::duration<double>(nar_write_compression_time).count();
  return seconds <= 0 ? 0 : static_cast<double>(nar_write_bytes.value()) / seconds / (1 << 20);
}

}  // namespace firn::queue
