// SPDX-License-Identifier: Apache-2.0
#include "nix/store_snapshot.h"

#include "base/error.h"
#include "support/mutations.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace firn::nix {
namespace {

using ::testing::HasSubstr;

StorePath path(char digit, const std::string& name) {
  return StorePath::from_base_name(std::string(32, digit) + "-" + name);
}

StoreSnapshot sample() {
  StoreSnapshot snapshot;
  PathInfo info{.path = path('a', "x")};
  info.nar_size = ByteCount(120);
  snapshot.objects.emplace(
      info.path,
      StoredObject{.info = info, .contents = {MemoryFile{.contents = "x", .executable = true}}});
  Derivation derivation;
  derivation.platform = "x86_64-linux";
  derivation.builder = "/bin/sh";
  const DrvPath drv(path('b', "y.drv"));
  snapshot.derivations.emplace(drv, derivation);
  for (const char* output : {"dev", "out"}) {
    snapshot.build_trace.emplace(DrvOutput{.drv = drv, .output = output},
                                 UnkeyedRealisation{.out_path = path('a', "x"), .signatures = {}});
  }
  return snapshot;
}

std::string refusal_of(const Json& json) {
  try {
    store_snapshot_from(JsonPlace(json));
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), Kind::invalid);
    return error.what();
  }
  return "nothing was thrown";
}

TEST(StoreSnapshot, TravelsAsJson) {
  for (const StoreSnapshot& snapshot : {StoreSnapshot(), sample()}) {
    const Json json = to_json(snapshot);
    EXPECT_EQ(store_snapshot_from(JsonPlace(json)), snapshot);
  }
}

TEST(StoreSnapshot, NamesThePlace) {
  Json json = to_json(sample());
  json["config"]["store"] = "/gnu/store";
  EXPECT_THAT(refusal_of(json), HasSubstr("/nix/store at /config/store"));
  json = to_json(sample());
  json["derivations"].begin().value()["name"] = "z";
  EXPECT_THAT(refusal_of(json), HasSubstr("the name that the path has"));
  json = to_json(sample());
  json["buildTrace"]["x"] = {{"out", Json::object()}};
  EXPECT_THAT(refusal_of(json), HasSubstr("store path 'x'"));
  EXPECT_THAT(refusal_of(Json::object()), HasSubstr("'config'"));
}

TEST(StoreSnapshot, DamageIsHarmless) {
  const auto read = [](const std::string& text) {
    const Json json = parse_json(text);
    store_snapshot_from(JsonPlace(json));
  };
  testing::expect_every_cut_fails(to_text(to_json(sample())), read);
  testing::expect_changed_bytes_are_harmless(to_text(to_json(sample())), read);
}

}  // namespace
}  // namespace firn::nix
