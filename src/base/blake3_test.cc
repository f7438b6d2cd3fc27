// SPDX-License-Identifier: Apache-2.0
#include "base/blake3.h"

#include "base/encoding.h"

#include <string>
#include <utility>

#include <gtest/gtest.h>

namespace firn {
namespace {

/// As the published test vectors have it: 0, 1, … 250, 0, …
std::string input(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i)
    text[i] = static_cast<char>(i % 251);
  return text;
}

std::string digest_of(const std::string& text, std::size_t step) {
  Blake3 hasher;
  for (std::size_t offset = 0; offset < text.size(); offset += step)
    hasher.update(as_bytes(std::string_view(text).substr(offset, step)));
  return encode_base16(hasher.digest());
}

TEST(Blake3, EveryShapeOfTree) {
  const std::pair<std::size_t, const char*> cases[] = {
      {0, "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"},
      {1, "2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213"},
      {1024, "42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7"},
      {1025, "d00278ae47eb27b34faecf67b4fe263f82d5412916c1ffd97c8cb7fb814b8444"},
      {2048, "e776b6028c7cd22a4d0ba182a8bf62205d2ef576467e838ed6f2529b85fba24a"},
      {2049, "5f4d72f40d7a5f82b15ca2b2e44b1de3c2ef86c426c95c1af0b6879522563030"},
      {3072, "b98cb0ff3623be03326b373de6b9095218513e64f1ee2edd2525c7ad1e5cffd2"},
      {31744, "62b6960e1a44bcc1eb1a611a8d6235b6b4b78f32e7abc4fb4c6cdcce94895c47"},
  };
  for (const auto& [size, digest] : cases) {
    for (const std::size_t step : {std::size_t{1000}, std::size_t{63}, std::size_t{64}})
      EXPECT_EQ(digest_of(input(size), step), digest) << size << " bytes, " << step << " at once";
  }
}

}  // namespace
}  // namespace firn
