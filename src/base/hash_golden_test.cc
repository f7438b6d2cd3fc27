// SPDX-License-Identifier: Apache-2.0
#include "base/encoding.h"
#include "base/error.h"
#include "base/hash.h"
#include "support/golden.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace firn {
namespace {

using HashGolden = testing::GoldenTest;
using Json = nlohmann::json;

std::string text_at(const Json& json, const char* key) {
  return json.at(key).get<std::string>();
}

HashAlgorithm algorithm_of(const Json& json) {
  return find_hash_algorithm(text_at(json, "algo")).value();
}

/// The rows of every table whose name begins so.
std::vector<Json> rows_of(const std::string& name) {
  std::vector<Json> rows;
  for (const auto& file : testing::golden_files("transcribed/hash", ".json")) {
    if (!file.filename().string().starts_with(name)) continue;
    const Json table = Json::parse(testing::read_golden(file));
    rows.insert(rows.end(), table.begin(), table.end());
  }
  return rows;
}

TEST_F(HashGolden, FormsConvertIntoEachOther) {
  for (const Json& row : rows_of("convert")) {
    const Hash hash = parse_hash(text_at(row, "base16"), algorithm_of(row));
    EXPECT_EQ(hash.encode(HashForm::nix32), text_at(row, "nix32"));
    EXPECT_EQ(hash.encode(HashForm::base64), text_at(row, "base64"));
    EXPECT_EQ(parse_hash(text_at(row, "nix32"), algorithm_of(row)), hash);
    EXPECT_EQ(parse_hash(text_at(row, "base64"), algorithm_of(row)), hash);
  }
}

TEST_F(HashGolden, Digests) {
  for (const Json& row : rows_of("digests")) {
    const Hash hash = hash_of(algorithm_of(row), text_at(row, "input"));
    EXPECT_EQ(hash.encode(HashForm::base16), text_at(row, "base16")) << row;
  }
}

TEST_F(HashGolden, SriIsLenient) {
  const Json json = Json::parse(testing::read_golden("transcribed/hash/sri-lenient.json"));
  const Json& wanted = json.at("decodesTo");
  const Hash hash = parse_hash(text_at(wanted, "base16"), algorithm_of(wanted));
  for (const Json& text : json.at("accept")) {
    EXPECT_EQ(parse_hash("sha512-" + text.get<std::string>()), hash) << text;
  }
  for (const Json& text : json.at("rejectBase64")) {
    EXPECT_THROW(decode_base64(text.get<std::string>()), Error) << text;
  }
}

TEST_F(HashGolden, SriOfAText) {
  for (const auto& file : testing::golden_files("hash", ".json")) {
    const Hash hash = hash_of(HashAlgorithm::sha256, "asdf");
    EXPECT_EQ(Json::parse(testing::read_golden(file)).get<std::string>(), hash.sri()) << file;
  }
}

}  // namespace
}  // namespace firn
