// SPDX-License-Identifier: Apache-2.0
#include "wire/built_outputs.h"

#include "base/error.h"

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace firn::wire {
namespace {

constexpr const char* kBaseName = "g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q-foo";
constexpr const char* kHash =
    "sha256:6f869f9ea2823bda165e06076fd0de4366dead2c0e8d2dbbad277d4f15c373f5";

using Entries = std::map<std::string, std::string>;

nix::BuildResult read(const Entries& entries) {
  std::string bytes;
  Encoder out(bytes);
  out.map(entries, [&](const std::string& id, const std::string& realisation) {
    out.text(id, kNameLimit);
    out.text(realisation, kJsonLimit);
  });
  Decoder io(bytes);
  nix::BuildResult result;
  json_outputs(io, result);
  EXPECT_EQ(io.consumed(), bytes.size());
  return result;
}

nix::BuildResult read(const std::string& id, const std::string& realisation) {
  return read(Entries{{id, realisation}});
}

Entries written(const nix::BuildResult& result) {
  std::string bytes;
  Encoder out(bytes);
  json_outputs(out, result);
  Decoder io(bytes);
  Entries entries;
  io.map(entries, [&](std::string& id, std::string& realisation) {
    io.text(id, kNameLimit);
    io.text(realisation, kJsonLimit);
  });
  return entries;
}

nix::UnkeyedRealisation foo(std::vector<std::string> signatures = {}) {
  return {.out_path = nix::StorePath::from_base_name(kBaseName),
          .signatures = std::move(signatures)};
}

std::string out_path_member() {
  return std::string(R"("outPath":")") + kBaseName + "\"";
}

std::string error_of(const std::string& id, const std::string& realisation) {
  try {
    read(id, realisation);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), Kind::protocol);
    return error.message();
  }
  return "no error";
}

TEST(JsonOutputs, OnlyTheOutPathMustBeThere) {
  using Outputs = std::map<std::string, nix::UnkeyedRealisation>;
  const Outputs expected = {{"foo", foo()}};
  const std::string path = out_path_member();
  EXPECT_EQ(read("sha256:00!foo", "{" + path + "}").built_outputs, expected);
  EXPECT_EQ(read("!foo", R"({"id":7,"signatures":[{"keyName":"k"}],)" + path + "}").built_outputs,
            expected);
  EXPECT_EQ(read("x!foo", R"({"dependentRealisations":{"a!b":{"outPath":"x"}}, )" + path + "}")
                .built_outputs,
            expected);
}

TEST(JsonOutputs, SignaturesAreTextsOrObjects) {
  const std::string path = out_path_member();
  const auto expected = foo({"k:AAAA", "l:BBBB"});
  EXPECT_EQ(
      read("x!foo", R"({"signatures":["k:AAAA","l:BBBB"],)" + path + "}").built_outputs.at("foo"),
      expected);
  EXPECT_EQ(read("x!foo",
                 R"({"signatures":[{"keyName":"k","sig":"AAAA"},{"keyName":"l","sig":"BBBB"}],)" +
                     path + "}")
                .built_outputs.at("foo"),
            expected);
}

TEST(JsonOutputs, WritesWhatNewServersWrite) {
  nix::BuildResult result;
  result.built_outputs.insert_or_assign("out", foo({"k:AAAA"}));
  const std::string id = "sha256:" + std::string(64, '0') + "!out";
  const std::string value = R"({"id":")" + id + R"(","outPath":")" + kBaseName + R"("})";
  EXPECT_EQ(written(result), (Entries{{id, value}}));
  EXPECT_EQ(read(id, value).hash_modulo, std::nullopt);
}

TEST(JsonOutputs, WritesWhatOldServersWriteWhereTheHashIsKnown) {
  const std::string id = std::string(kHash) + "!out";
  const std::string value = R"({"dependentRealisations":{},"id":")" + id + R"(","outPath":")" +
                            kBaseName + R"(","signatures":["k:AAAA"]})";
  const auto result = read(id, value);
  EXPECT_EQ(result.hash_modulo, parse_hash(kHash));
  EXPECT_EQ(written(result), (Entries{{id, value}}));
}

TEST(JsonOutputs, HashesThatDifferAreForgotten) {
  const std::string value = "{" + out_path_member() + "}";
  const auto result = read({{std::string(kHash) + "!a", value}, {"sha256:00!b", value}});
  EXPECT_EQ(result.hash_modulo, std::nullopt);
  EXPECT_EQ(result.built_outputs.size(), 2U);
}

TEST(JsonOutputs, RefusesWhatHasNoOutput) {
  EXPECT_THAT(error_of("sha256:00", "{}"), ::testing::HasSubstr("at byte 8 "));
  EXPECT_THAT(error_of("x!out", "{}"), ::testing::HasSubstr("at byte 24 "));
  for (const char* bad :
       {"", "[]", "nonsense", R"({"outPath":1})", R"({"outPath":"x"})", "{\"a\":"}) {
    EXPECT_THAT(error_of("x!out", bad), ::testing::HasSubstr("outPath")) << bad;
  }
}

TEST(JsonOutputs, DeepNestingIsNoDisaster) {
  EXPECT_THAT(error_of("x!out", std::string(20'000, '[')), ::testing::HasSubstr("outPath"));
}

}  // namespace
}  // namespace firn::wire
