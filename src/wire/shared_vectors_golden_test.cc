// SPDX-License-Identifier: Apache-2.0
// Published vectors of what the protocols are made of, which every family has its copy of: read to
// their value, written back byte for byte.
#include "base/encoding.h"
#include "base/error.h"
#include "nix/json.h"
#include "nix/realisation.h"
#include "support/wire_vectors.h"

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace firn::wire {
namespace {

using ::firn::testing::expect_vector;
using ::firn::testing::json_of;
using ::firn::testing::read_golden;
using ::firn::testing::shared_vectors;
using ::firn::testing::values_of;
using ::firn::testing::VectorJson;
using SharedVectors = ::firn::testing::GoldenTest;

constexpr std::size_t kFamilies = 3;

const auto kText = [](auto& io, auto& text) { io.text(text, kNameLimit); };

TEST_F(SharedVectors, Texts) {
  const auto stems = shared_vectors("string");
  EXPECT_EQ(stems.size(), kFamilies);
  for (const auto& stem : stems)
    expect_vector(stem, json_of(stem).get<std::vector<std::string>>(), kText);
}

/// Three lists, then a list of lists.
void expect_lists(const std::string& stem) {
  SCOPED_TRACE(stem);
  using Texts = std::vector<std::string>;
  const auto json = json_of(stem);
  const auto bytes = read_golden(stem + ".bin");
  const std::vector<Texts> first = {json.at(0), json.at(1), json.at(2)};
  const auto last = json.at(3).get<std::vector<Texts>>();
  Decoder in(bytes);
  for (const auto& expected : first) {
    Texts texts;
    in.texts(texts, kNameLimit);
    EXPECT_EQ(texts, expected);
  }
  std::vector<Texts> lists;
  in.list(lists, 8, [&](Texts& texts) { in.texts(texts, kNameLimit); });
  EXPECT_EQ(lists, last);
  EXPECT_EQ(in.consumed(), bytes.size());
  std::string written;
  Encoder out(written);
  for (const auto& texts : first)
    out.texts(texts, kNameLimit);
  out.u64(last.size());
  for (const auto& texts : last)
    out.texts(texts, kNameLimit);
  EXPECT_EQ(written, bytes);
}

TEST_F(SharedVectors, ListsAndSets) {
  auto stems = shared_vectors("vector");
  EXPECT_EQ(stems.size(), kFamilies);
  for (const auto& stem : shared_vectors("set"))
    stems.push_back(stem);
  for (const auto& stem : stems)
    expect_lists(stem);
}

TEST_F(SharedVectors, Paths) {
  const auto stems = shared_vectors("store-path");
  EXPECT_EQ(stems.size(), kFamilies);
  for (const auto& stem : stems) {
    expect_vector(
        stem, values_of(stem, testing::path_of), [](auto& io, auto& path) { io.path(path); });
  }
}

TEST_F(SharedVectors, OptionalPaths) {
  const auto stems = shared_vectors("optional-store-path");
  EXPECT_EQ(stems.size(), kFamilies);
  for (const auto& stem : stems) {
    expect_vector(stem, values_of(stem, testing::path_or_none), [](auto& io, auto& path) {
      io.optional_path(path);
    });
  }
}

TEST_F(SharedVectors, ContentAddresses) {
  auto stems = shared_vectors("content-address");
  EXPECT_EQ(stems.size(), kFamilies);
  for (const auto& stem : shared_vectors("optional-content-address"))
    stems.push_back(stem);
  for (const auto& stem : stems) {
    expect_vector(stem, values_of(stem, testing::content_address_of), [](auto& io, auto& ca) {
      io.text(ca, kContentAddressLimit);
    });
  }
}

// As Nix up to 2.34 names outputs: one text.
TEST_F(SharedVectors, HashedOutputs) {
  const auto stems = shared_vectors("drv-output");
  EXPECT_EQ(stems.size(), kFamilies);
  for (const auto& stem : stems) {
    expect_vector(stem, json_of(stem).get<std::vector<std::string>>(), kText);
    for (const std::string text : json_of(stem))
      EXPECT_EQ(nix::parse_hashed_drv_output(text).str(), text);
  }
}

// As Nix up to 2.34 sends realisations: one text. Its signatures are objects since 2.34.
TEST_F(SharedVectors, HashedRealisations) {
  auto stems = shared_vectors("realisation");
  EXPECT_EQ(stems.size(), kFamilies);
  for (const auto& stem : shared_vectors("realisation-with-deps"))
    stems.push_back(stem);
  for (const auto& stem : stems) {
    const auto json = json_of(stem);
    const auto texts = values_of(stem, [](const VectorJson& value) { return value.dump(); });
    expect_vector(stem, texts, [](auto& io, auto& text) { io.text(text, kJsonLimit); });
    for (const auto& text : texts) {
      const auto document = nix::parse_json(text);
      const auto realisation = nix::hashed_realisation_from(nix::JsonPlace(document));
      EXPECT_EQ(nix::to_text(nix::to_json(realisation, nix::SignatureForm::object)), text);
    }
  }
}

/// The number as text, or "reject".
template <class Number, class Read>
std::string read_as(std::string_view bytes, Read read) {
  Decoder io(bytes);
  Number number{};
  try {
    (io.*read)(number);
  } catch (const Error&) {
    return "reject";
  }
  return std::to_string(number);
}

TEST_F(SharedVectors, Integers) {
  const auto cases = json_of("transcribed/serialise/integers");
  EXPECT_FALSE(cases.empty());
  for (const auto& item : cases) {
    const auto bytes = decode_base16(item.at("hex").get<std::string>());
    const std::string type = item.at("readAs");
    SCOPED_TRACE(type + " " + item.at("hex").get<std::string>());
    const std::string expected = item.at("expect");
    if (type == "u8") {
      EXPECT_EQ(read_as<std::uint8_t>(bytes, &Decoder::u8), expected);
    } else if (type == "u32") {
      EXPECT_EQ(read_as<std::uint32_t>(bytes, &Decoder::u32), expected);
    } else if (type == "i64") {
      EXPECT_EQ(read_as<std::int64_t>(bytes, &Decoder::i64), expected);
    } else {
      ASSERT_EQ(type, "u64");
      EXPECT_EQ(read_as<std::uint64_t>(bytes, &Decoder::u64), expected);
    }
  }
}

}  // namespace
}  // namespace firn::wire
