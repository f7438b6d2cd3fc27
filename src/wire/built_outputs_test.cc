// SPDX-License-Identifier: Apache-2.0
#include "wire/built_outputs.h"

#include "base/error.h"

#include <map>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace firn::wire {
namespace {

using Outputs = std::map<std::string, nix::StorePath>;

constexpr const char* kBaseName = "g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q-foo";

Outputs read(const std::string& id, const std::string& realisation) {
  std::string bytes;
  Encoder out(bytes);
  out.u64(1);
  out.text(id, kNameLimit);
  out.text(realisation, kJsonLimit);
  Decoder io(bytes);
  Outputs outputs;
  json_outputs(io, outputs);
  EXPECT_EQ(io.consumed(), bytes.size());
  return outputs;
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

TEST(JsonOutputs, OnlyTheOutPathMatters) {
  const Outputs foo = {{"foo", nix::StorePath::from_base_name(kBaseName)}};
  const std::string path = std::string(R"("outPath":")") + kBaseName + "\"";
  EXPECT_EQ(read("sha256:00!foo", "{" + path + "}"), foo);
  EXPECT_EQ(read("!foo", R"({"id":7,"signatures":[{"keyName":"k"}],)" + path + "}"), foo);
  EXPECT_EQ(read("x!foo", R"({"dependentRealisations":{"a!b":{"outPath":"x"}}, )" + path + "}"),
            foo);
}

TEST(JsonOutputs, WritesWhatNewServersWrite) {
  std::string bytes;
  Encoder out(bytes);
  json_outputs(out, {{"out", nix::StorePath::from_base_name(kBaseName)}});
  Decoder io(bytes);
  std::map<std::string, std::string> entries;
  io.map(entries, [&](std::string& id, std::string& realisation) {
    io.text(id, kNameLimit);
    io.text(realisation, kJsonLimit);
  });
  const std::string id = "sha256:" + std::string(64, '0') + "!out";
  const std::string value = R"({"id":")" + id + R"(","outPath":")" + kBaseName + R"("})";
  EXPECT_EQ(entries, (std::map<std::string, std::string>{{id, value}}));
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
