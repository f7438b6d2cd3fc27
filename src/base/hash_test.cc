// SPDX-License-Identifier: Apache-2.0
#include "base/hash.h"

#include "base/error.h"

#include <string>
#include <utility>

#include <gtest/gtest.h>

namespace firn {
namespace {

constexpr std::string_view kAbcBase16 =
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
constexpr std::string_view kAbcNix32 = "1b8m03r63zqhnjf7l5wnldhh7c134ap5vpj0850ymkq1iyzicy5s";
constexpr std::string_view kAbcBase64 = "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=";

TEST(Hash, WritesEveryForm) {
  const Hash hash = hash_of(HashAlgorithm::sha256, "abc");
  EXPECT_EQ(hash.encode(HashForm::base16), kAbcBase16);
  EXPECT_EQ(hash.encode(HashForm::nix32), kAbcNix32);
  EXPECT_EQ(hash.encode(HashForm::base64), kAbcBase64);
  EXPECT_EQ(hash.prefixed(HashForm::nix32), "sha256:" + std::string(kAbcNix32));
  EXPECT_EQ(hash.sri(), "sha256-" + std::string(kAbcBase64));
}

TEST(Hash, ReadsEveryForm) {
  const Hash hash = hash_of(HashAlgorithm::sha256, "abc");
  for (const std::string_view digits : {kAbcBase16, kAbcNix32, kAbcBase64}) {
    EXPECT_EQ(parse_hash("sha256:" + std::string(digits)), hash);
    EXPECT_EQ(parse_hash(digits, HashAlgorithm::sha256), hash);
  }
  EXPECT_EQ(parse_hash(hash.sri()), hash);
  EXPECT_EQ(parse_hash(hash.sri(), HashAlgorithm::sha256), hash);
}

TEST(Hash, RefusesWhatIsNoHash) {
  const auto sha256 = HashAlgorithm::sha256;
  const std::string good(kAbcBase16);
  const std::pair<std::string, std::optional<HashAlgorithm>> cases[] = {
      {"", std::nullopt},
      {"", sha256},
      {good, std::nullopt},
      {"sha1:" + good, std::nullopt},
      {"sha1:a9993e364706816aba3e25717850c26c9cd0d89d", sha256},
      {"SHA256:" + good, std::nullopt},
      {"sha3:" + good, std::nullopt},
      {"sha256:" + good.substr(1), std::nullopt},
      {"sha256:" + good + "0", std::nullopt},
      {"sha256:", std::nullopt},
      {"sha256-", std::nullopt},
      {"sha256-" + good, std::nullopt},
      {"sha256:" + std::string(63, '0') + "g", std::nullopt},
  };
  for (const auto& [text, expected] : cases) {
    EXPECT_THROW(parse_hash(text, expected), Error) << text;
  }
}

TEST(Hash, ComparesByAlgorithmThenBytes) {
  EXPECT_NE(parse_hash(std::string(64, '0'), HashAlgorithm::sha256),
            parse_hash(std::string(64, '0'), HashAlgorithm::blake3));
  EXPECT_LT(parse_hash("sha256:" + std::string(64, '0')),
            parse_hash("sha256:" + std::string(64, '1')));
}

TEST(Hash, RefusesADigestOfTheWrongSize) {
  EXPECT_THROW(Hash(HashAlgorithm::md5, as_bytes("short")), Error);
}

TEST(Hasher, TakesPieces) {
  Hasher hasher(HashAlgorithm::sha256);
  hasher.update("a");
  hasher.update("");
  Hasher moved = std::move(hasher);
  moved.update("bc");
  EXPECT_EQ(moved.finish(), hash_of(HashAlgorithm::sha256, "abc"));
  EXPECT_THROW(moved.finish(), Bug);
}

TEST(Hasher, ComputesBlake3) {
  Hasher hasher(HashAlgorithm::blake3);
  hasher.update("a");
  hasher.update("bc");
  EXPECT_EQ(hasher.finish().encode(HashForm::base16),
            "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85");
}

}  // namespace
}  // namespace firn
