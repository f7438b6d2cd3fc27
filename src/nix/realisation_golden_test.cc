// SPDX-License-Identifier: Apache-2.0
#include "nix/realisation.h"
#include "support/golden.h"

#include <algorithm>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace firn::nix {
namespace {

using RealisationGolden = testing::GoldenTest;

Json golden_json(const std::filesystem::path& file) {
  return parse_json(testing::read_golden(file));
}

SecretKey test_key() {
  const Json json = golden_json("transcribed/signature/realisation-test-key.json");
  return SecretKey::parse(json.at("secretKey").get<std::string>());
}

/// Files whose names end so are something else, or can only be read.
bool is_plain(const std::string& name) {
  return !name.ends_with("-sig.json") && name.find("unstructured") == std::string::npos;
}

TEST_F(RealisationGolden, ReadsAndWrites) {
  for (const auto& file : testing::golden_files("realisation", ".json")) {
    SCOPED_TRACE(file);
    const std::string name = file.filename().string();
    if (name.ends_with("-sig.json")) continue;
    const Json json = golden_json(file);
    if (name.starts_with("unkeyed")) {
      const Json written = to_json(unkeyed_realisation_from(JsonPlace(json)));
      if (is_plain(name)) {
        EXPECT_EQ(written, json);
      }
    } else {
      const Json written = to_json(realisation_from(JsonPlace(json)));
      if (is_plain(name)) {
        EXPECT_EQ(written, json);
      }
    }
  }
}

TEST_F(RealisationGolden, ReadsSignaturesAsTextToo) {
  const Json json = golden_json("realisation/with-signature-unstructured.json");
  const auto realisation = realisation_from(JsonPlace(json));
  ASSERT_EQ(realisation.value.signatures.size(), 1U);
  EXPECT_EQ(realisation.value.signatures,
            signatures_from(JsonPlace(json).at("value").at("signatures")));
  EXPECT_TRUE(realisation.value.signatures.front().starts_with("asdf:AAAA"));
}

TEST_F(RealisationGolden, SignsAsNixDoes) {
  const SecretKey key = test_key();
  TrustedKeys trusted;
  trusted.add(key.public_key());
  for (const auto& file : testing::golden_files("realisation", "-fingerprint.txt")) {
    SCOPED_TRACE(file);
    const std::string stem = file.string().substr(0, file.string().size() - 16);
    const Json json = golden_json(stem + ".json");
    const auto realisation = realisation_from(JsonPlace(json));
    const std::string text = fingerprint(realisation.key, realisation.value.out_path);
    EXPECT_EQ(text, testing::read_golden(file));
    if (!std::filesystem::exists(testing::golden_dir() / (stem + "-sig.json"))) continue;
    const Json list = Json::array({golden_json(stem + "-sig.json")});
    const std::string signature = signatures_from(JsonPlace(list)).front();
    EXPECT_EQ(key.sign(text), signature);
    EXPECT_TRUE(trusted.verify(text, signature));
  }
}

TEST_F(RealisationGolden, ReadsAndWritesTheOlderForm) {
  for (const char* family : {"common-protocol", "serve-protocol", "worker-protocol"}) {
    SCOPED_TRACE(family);
    for (const Json& json : golden_json(std::filesystem::path(family) / "realisation.json")) {
      const auto realisation = hashed_realisation_from(JsonPlace(json));
      EXPECT_EQ(to_json(realisation, SignatureForm::object), json);
    }
    for (const Json& id : golden_json(std::filesystem::path(family) / "drv-output.json")) {
      const auto text = id.get<std::string>();
      EXPECT_EQ(parse_hashed_drv_output(text).str(), text);
    }
  }
}

}  // namespace
}  // namespace firn::nix
