// SPDX-License-Identifier: Apache-2.0
#include "nix/realisation.h"

#include "base/error.h"
#include "support/mutations.h"
#include "support/refusal.h"

#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace firn::nix {
namespace {

using ::testing::HasSubstr;
using testing::refusal_of;

const std::string kDigits(32, 'a');
const std::string kHex(64, '1');

StorePath path(const std::string& name) {
  return StorePath::from_base_name(kDigits + "-" + name);
}

Realisation sample() {
  return {.key = {.drv = DrvPath(path("x.drv")), .output = "dev"},
          .value = {.out_path = path("x-dev"), .signatures = {"a:AA==", "b:BB=="}}};
}

HashedRealisation hashed_sample() {
  return {.key = parse_hashed_drv_output("sha256:" + kHex + "!dev"),
          .value = sample().value,
          .dependencies = {{parse_hashed_drv_output("sha256:" + kHex + "!out"), path("y")}}};
}

TEST(DrvOutput, ReadsBothForms) {
  const DrvOutput key = sample().key;
  EXPECT_EQ(key.str(), kDigits + "-x.drv^dev");
  EXPECT_EQ(parse_drv_output(key.str()), key);
  EXPECT_EQ(parse_drv_output("/nix/store/" + key.str()), key);
}

TEST(DrvOutput, SaysWhatIsBad) {
  EXPECT_THAT(refusal_of([] { parse_drv_output("x"); }), HasSubstr("'^'"));
  EXPECT_THAT(refusal_of([] { parse_drv_output(kDigits + "-x^out"); }), HasSubstr("'.drv'"));
  EXPECT_THAT(refusal_of([] { parse_drv_output("x^out"); }), HasSubstr("store path"));
  EXPECT_THAT(refusal_of([] { parse_hashed_drv_output(kHex); }), HasSubstr("'!'"));
  EXPECT_THAT(refusal_of([] { parse_hashed_drv_output(kHex + "!out"); }), HasSubstr("prefix"));
}

TEST(HashedDrvOutput, TakesAnyFormOfHash) {
  const auto key = parse_hashed_drv_output("sha256:" + kHex + "!out!2");
  EXPECT_EQ(key.output, "out!2");
  EXPECT_EQ(parse_hashed_drv_output(key.hash_modulo.sri() + "!out!2"), key);
  EXPECT_EQ(key.str(), "sha256:" + kHex + "!out!2");
}

TEST(Realisation, TravelsAsJson) {
  const Json json = to_json(sample());
  EXPECT_EQ(
      to_text(json),
      R"({"key":{"drvPath":")" + kDigits + R"(-x.drv","outputName":"dev"},"value":{"outPath":")" +
          kDigits +
          R"(-x-dev","signatures":[{"keyName":"a","sig":"AA=="},{"keyName":"b","sig":"BB=="}]}})");
  EXPECT_EQ(realisation_from(JsonPlace(json)), sample());
  EXPECT_EQ(unkeyed_realisation_from(JsonPlace(json.at("value"))), sample().value);
}

TEST(Realisation, SignsAllButSignatures) {
  EXPECT_EQ(fingerprint(sample().key, sample().value.out_path),
            R"({"key":{"drvPath":")" + kDigits +
                R"(-x.drv","outputName":"dev"},"value":{"outPath":")" + kDigits + R"(-x-dev"}})");
}

TEST(HashedRealisation, TravelsAsJson) {
  const std::string id = "sha256:" + kHex;
  const Json json = to_json(hashed_sample(), SignatureForm::text);
  const std::string before = R"({"dependentRealisations":{")" + id + R"(!out":")" + kDigits +
                             R"(-y"},"id":")" + id + R"(!dev","outPath":")" + kDigits +
                             R"(-x-dev")";
  EXPECT_EQ(to_text(json), before + R"(,"signatures":["a:AA==","b:BB=="]})");
  EXPECT_EQ(fingerprint(hashed_sample()), before + "}");
  EXPECT_EQ(hashed_realisation_from(JsonPlace(json)), hashed_sample());
  const Json objects = to_json(hashed_sample(), SignatureForm::object);
  EXPECT_EQ(hashed_realisation_from(JsonPlace(objects)), hashed_sample());
}

TEST(HashedRealisation, NeedsLittle) {
  const Json json = {
      {"id", "sha256:" + kHex + "!dev"}, {"outPath", kDigits + "-x-dev"}, {"new", 1}};
  HashedRealisation expected = hashed_sample();
  expected.value.signatures.clear();
  expected.dependencies.clear();
  EXPECT_EQ(hashed_realisation_from(JsonPlace(json)), expected);
}

TEST(Realisation, NamesThePlace) {
  const auto read = [](const std::string& text) {
    const Json json = parse_json(text);
    realisation_from(JsonPlace(json));
  };
  const std::string key = R"("key":{"drvPath":")" + kDigits + R"(-x.drv","outputName":"o"})";
  EXPECT_THAT(refusal_of([&] { read("[]"); }), HasSubstr("an object at the whole"));
  EXPECT_THAT(refusal_of([&] { read("{}"); }), HasSubstr("the key 'key'"));
  EXPECT_THAT(refusal_of([&] { read("{" + key + "}"); }), HasSubstr("the key 'value'"));
  EXPECT_THAT(refusal_of([&] { read("{" + key + R"(,"value":{"outPath":"/nix/x"}})"); }),
              HasSubstr("/value/outPath"));
}

TEST(Realisation, DamageIsHarmless) {
  const auto read = [](const std::string& text) {
    const Json json = parse_json(text);
    realisation_from(JsonPlace(json));
  };
  testing::expect_every_cut_fails(to_text(to_json(sample())), read);
  testing::expect_changed_bytes_are_harmless(to_text(to_json(sample())), read);
}

}  // namespace
}  // namespace firn::nix
