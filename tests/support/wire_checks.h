// SPDX-License-Identifier: Apache-2.0
// What must hold for everything that reads bytes from a peer: cut anywhere it asks for more, but
// never for more than there is to come, and changed anywhere it ends in a value, in a wish for more
// or in Error{protocol}.
#pragma once

#include "base/error.h"
#include "support/mutations.h"
#include "wire/codec.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace firn::testing {

/// `read(bytes)` reads one message that is exactly `bytes`, and returns how many bytes it misses.
template <class Read>
void expect_asks_for_more(std::string_view bytes, Read read) {
  EXPECT_EQ(read(bytes), 0U);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    // A copy of the exact size, so that a sanitizer sees a read beyond the end.
    const std::vector<char> cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
    const std::uint64_t missing = read(std::string_view(cut.data(), cut.size()));
    ASSERT_GT(missing, 0U) << "cut at " << size;
    ASSERT_LE(missing, bytes.size() - size) << "cut at " << size;
  }
}

/// Changes every byte in turn, as for_each_change does.
template <class Read>
void expect_survives_changes(std::string_view bytes, Read read) {
  for_each_change(bytes, [&](std::string_view changed, std::size_t at) {
    try {
      EXPECT_LE(read(changed), wire::kRecordLimit.value()) << "at " << at;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), Kind::protocol) << "at " << at << ": " << error.what();
    }
  });
}

}  // namespace firn::testing
