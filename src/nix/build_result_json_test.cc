// SPDX-License-Identifier: Apache-2.0
#include "nix/build_result_json.h"

#include "base/error.h"
#include "support/mutations.h"

#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace firn::nix {
namespace {

using ::testing::HasSubstr;

BuildResult success() {
  BuildResult result;
  result.status = BuildStatus::built;
  result.times_built = 2;
  result.start_time = WallTime(std::chrono::seconds(3));
  result.stop_time = WallTime(std::chrono::seconds(5));
  result.cpu_user = std::chrono::microseconds(7);
  result.built_outputs.emplace(
      "out",
      UnkeyedRealisation{.out_path = StorePath::from_base_name(std::string(32, 'a') + "-x"),
                         .signatures = {"a:AA=="}});
  return result;
}

BuildResult failure() {
  BuildResult result;
  result.status = BuildStatus::timed_out;
  result.error_message = "no idea why";
  result.is_non_deterministic = true;
  return result;
}

std::string refusal_of(const Json& json) {
  try {
    build_result_from(JsonPlace(json));
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), Kind::invalid);
    return error.what();
  }
  return "nothing was thrown";
}

TEST(BuildResultJson, KeepsEverything) {
  BuildResult older = success();
  older.hash_modulo = hash_of(HashAlgorithm::sha256, "");
  for (const BuildResult& result : {success(), older, failure()}) {
    const Json json = to_json(result);
    EXPECT_EQ(build_result_from(JsonPlace(json)), result);
  }
  EXPECT_TRUE(to_json(older).at("builtOutputs").at("out").contains("id"));
  EXPECT_FALSE(to_json(success()).at("builtOutputs").at("out").contains("id"));
}

TEST(BuildResultJson, HasWhatBelongsToTheStatus) {
  EXPECT_FALSE(to_json(success()).contains("errorMsg"));
  EXPECT_FALSE(to_json(failure()).contains("builtOutputs"));
  BuildResult unknown;
  unknown.status = static_cast<BuildStatus>(77);
  EXPECT_THROW(to_json(unknown), Error);
}

TEST(BuildResultJson, NamesThePlace) {
  const auto changed = [](const char* key, Json value) {
    Json json = to_json(success());
    json[key] = std::move(value);
    return refusal_of(json);
  };
  EXPECT_THAT(changed("status", "Bilt"), HasSubstr("a build status at /status, got \"Bilt\""));
  EXPECT_THAT(changed("success", false), HasSubstr("what goes with the status at /success"));
  EXPECT_THAT(changed("timesBuilt", 1ULL << 32U), HasSubstr("below 2^32 at /timesBuilt"));
  EXPECT_THAT(changed("startTime", -1), HasSubstr("at /startTime"));
  EXPECT_THAT(changed("builtOutputs", {{"out", {{"outPath", "x"}}}}),
              HasSubstr("/builtOutputs/out/outPath"));
}

TEST(BuildResultJson, DamageIsHarmless) {
  const auto read = [](const std::string& text) {
    const Json json = parse_json(text);
    build_result_from(JsonPlace(json));
  };
  testing::expect_every_cut_fails(to_text(to_json(success())), read);
  testing::expect_changed_bytes_are_harmless(to_text(to_json(success())), read);
}

}  // namespace
}  // namespace firn::nix
