// SPDX-License-Identifier: Apache-2.0
// Damaged copies of good bytes, for the properties that every parser must have: a cut is an error,
// a changed byte is an error or another value, and nothing ever crashes.
#pragma once

#include "base/error.h"

#include <algorithm>
#include <cstddef>
#include <random>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace firn::testing {

/// Calls `parse` with every true prefix of `good`, or with `most` of them evenly spread; each must
/// throw firn::Error.
template <class Parse>
void expect_every_cut_fails(std::string_view good, Parse parse, std::size_t most = 2000) {
  const std::size_t step = good.size() / most + 1;
  for (std::size_t size = 0; size < good.size(); size += step) {
    // A copy of the exact size, so that a sanitizer sees a read beyond the end.
    const std::string cut(good.substr(0, size));
    EXPECT_THROW(parse(cut), Error) << "cut after " << size << " bytes";
  }
}

/// Calls `parse` with `rounds` copies of `good` that have one byte changed; each must return or
/// throw firn::Error.
template <class Parse>
void expect_changed_bytes_are_harmless(std::string_view good, Parse parse, int rounds = 500) {
  std::mt19937 random(static_cast<unsigned>(good.size()));
  for (int round = 0; round < rounds && !good.empty(); ++round) {
    std::string changed(good);
    const std::size_t offset = random() % changed.size();
    changed[offset] = static_cast<char>(random());
    try {
      parse(changed);
    } catch (const Error& error) {
      ASSERT_NE(error.kind(), Kind::internal) << error.what() << ", byte " << offset << " changed";
    }
  }
}

/// The same with every byte of `good` in turn, each changed into one that means something in texts
/// or breaks them.
template <class Parse>
void expect_each_changed_byte_is_harmless(std::string_view good, Parse parse) {
  constexpr std::string_view kBytes("\"\\[(),]\0\xff e", 11);
  for (std::size_t offset = 0; offset < good.size(); ++offset) {
    std::string changed(good);
    changed[offset] = kBytes[offset % kBytes.size()];
    try {
      parse(changed);
    } catch (const Error& error) {
      ASSERT_NE(error.kind(), Kind::internal) << error.what() << ", byte " << offset << " changed";
    }
  }
}

}  // namespace firn::testing
