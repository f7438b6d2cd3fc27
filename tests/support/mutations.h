// SPDX-License-Identifier: Apache-2.0
// Damaged copies of good bytes, for the properties that every parser must have: a cut is an error,
// a changed byte is an error or another value, and nothing ever crashes.
#pragma once

#include "base/error.h"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace firn::testing {

/// How many bytes the damaged copies of one sample may have in all. By default few, so that unit
/// tests stay quick under sanitizers: what is not larger than 14 bytes gets every change there is,
/// what is smaller than 224 bytes at least one at every position, in other bits at each. `./dev
/// test` goes over the published vectors again with a larger FIRN_DAMAGE_WORK.
inline std::size_t damage_work() {
  const char* chosen = std::getenv("FIRN_DAMAGE_WORK");
  return chosen == nullptr ? 50'000 : std::stoul(chosen);
}

/// Calls `visit(changed, at)` with copies of `good` that have another byte at `at`. Each position
/// gets the 255 other values in turn where that is within damage_work(); else the changes are
/// spread evenly over the positions, and neighbours get different values.
template <class Visit>
void for_each_change(std::string_view good, Visit visit) {
  constexpr std::size_t kOthers = 255;
  if (good.empty()) return;
  const std::size_t all = kOthers * good.size();
  const std::size_t affordable = std::max<std::size_t>(damage_work() / good.size(), 1);
  const std::size_t stride = (all + affordable - 1) / affordable;
  std::string changed(good);
  for (std::size_t change = 0; change < all; change += stride) {
    const std::size_t at = change / kOthers;
    const auto flips = static_cast<unsigned char>((change * 7 + at) % kOthers + 1);
    changed[at] = static_cast<char>(static_cast<unsigned char>(good[at]) ^ flips);
    visit(std::string_view(changed), at);
    changed[at] = good[at];
  }
}

/// Calls `visit(cut)` with every true prefix of `good`, or with as many of them, evenly spread, as
/// are within eight times damage_work(): that is every one up to 894 bytes.
template <class Visit>
void for_each_cut(std::string_view good, Visit visit) {
  const std::size_t stride = good.size() * good.size() / 2 / (8 * damage_work()) + 1;
  for (std::size_t size = 0; size < good.size(); size += stride) {
    // A copy of the exact size, so that a sanitizer sees a read beyond the end.
    const std::string cut(good.substr(0, size));
    visit(std::string_view(cut));
  }
}

/// Each prefix, given to `parse`, must throw firn::Error.
template <class Parse>
void expect_every_cut_fails(std::string_view good, Parse parse) {
  for_each_cut(good, [&](std::string_view cut) {
    EXPECT_THROW(parse(std::string(cut)), Error) << "cut after " << cut.size() << " bytes";
  });
}

/// Each changed copy, given to `parse`, must return or throw firn::Error that does not blame us.
template <class Parse>
void expect_changed_bytes_are_harmless(std::string_view good, Parse parse) {
  for_each_change(good, [&](std::string_view changed, std::size_t at) {
    try {
      parse(std::string(changed));
    } catch (const Error& error) {
      EXPECT_NE(error.kind(), Kind::internal) << error.what() << ", byte " << at << " changed";
    }
  });
}

}  // namespace firn::testing
