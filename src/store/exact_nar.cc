// SPDX-License-Identifier: Apache-2.0
#include "store/exact_nar.h"

#include "base/error.h"

#include <fmt/format.h>

namespace firn::store {

aio::Task<Bytes> ExactNar::next() {
  const Bytes block = co_await source_.next();
  passed_ += block.size();
  const std::uint64_t promised = info_.nar_size.value();
  if (passed_ > promised || (block.empty() && passed_ != promised)) {
    throw Error(Kind::conflict,
                fmt::format("{} has changed on disk: its NAR has not the {} bytes that the store "
                            "has registered; run nix-store --verify --check-contents",
                            info_.path.str(),
                            promised));
  }
  co_return block;
}

}  // namespace firn::store
