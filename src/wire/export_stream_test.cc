// SPDX-License-Identifier: Apache-2.0
#include "wire/export_stream.h"

#include "base/error.h"
#include "support/serve_samples.h"
#include "support/wire_checks.h"

#include <string>
#include <string_view>
#include <variant>

#include <gtest/gtest.h>

namespace firn::wire {
namespace {

using ::firn::testing::ServeSamples;

std::uint64_t missing_of(std::string_view bytes) {
  const auto result = decode_export_trailer(bytes);
  const auto* missing = std::get_if<Short>(&result);
  return missing == nullptr ? 0 : missing->missing;
}

TEST(ExportStream, TrailerArrives) {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const auto trailer = export_trailer_of(ServeSamples(seed).path_info());
    std::string bytes;
    append_export_trailer(bytes, trailer);
    const auto arrived = std::get<Decoded<ExportTrailer>>(decode_export_trailer(bytes + "more"));
    EXPECT_EQ(arrived.value, trailer);
    EXPECT_EQ(arrived.consumed, bytes.size());
  }
}

TEST(ExportStream, DamagedTrailersAreNoDisaster) {
  std::string bytes;
  append_export_trailer(bytes, export_trailer_of(ServeSamples(1).path_info()));
  testing::expect_asks_for_more(bytes, missing_of);
  testing::expect_survives_changes(bytes, missing_of);
}

TEST(ExportStream, OldSignaturesAreSkipped) {
  const auto trailer = export_trailer_of(ServeSamples(2).path_info());
  std::string bytes;
  append_export_trailer(bytes, trailer);
  bytes.resize(bytes.size() - 8);
  Encoder io(bytes);
  io.boolean(true);
  io.text("a signature of Nix 1", kSignatureLimit);
  const auto arrived = std::get<Decoded<ExportTrailer>>(decode_export_trailer(bytes));
  EXPECT_EQ(arrived.value, trailer);
  EXPECT_EQ(arrived.consumed, bytes.size());
}

TEST(ExportStream, ItemsAreAnnounced) {
  std::string bytes;
  append_export_item(bytes);
  append_export_end(bytes);
  EXPECT_TRUE(std::get<Decoded<bool>>(decode_export_item(bytes)).value);
  EXPECT_FALSE(
      std::get<Decoded<bool>>(decode_export_item(std::string_view(bytes).substr(8))).value);
  EXPECT_EQ(std::get<Short>(decode_export_item("123")).missing, 5U);
  EXPECT_THROW(decode_export_item("12345678"), Error);
}

}  // namespace
}  // namespace firn::wire
