// SPDX-License-Identifier: Apache-2.0
#include "nix/content_address_json.h"
#include "nix/derived_path_json.h"
#include "support/golden.h"

#include <filesystem>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace firn::nix {
namespace {

using DerivedPathGolden = testing::GoldenTest;

TEST_F(DerivedPathGolden, ComesBackFromJson) {
  for (const auto& file : testing::golden_files("derived-path", ".json")) {
    SCOPED_TRACE(file);
    const Json json = parse_json(testing::read_golden(file));
    if (file.filename().string().starts_with("single")) {
      const SingleDerivedPath path = single_derived_path_from(JsonPlace(json));
      EXPECT_EQ(to_json(path), json);
      const std::string text = to_string(path, OutputMark::caret);
      EXPECT_EQ(parse_single_derived_path(text, OutputMark::caret), path);
    } else {
      const DerivedPath path = derived_path_from(JsonPlace(json));
      EXPECT_EQ(to_json(path), json);
      EXPECT_EQ(parse_derived_path(to_string(path, OutputMark::bang), OutputMark::bang), path);
    }
  }
}

TEST_F(DerivedPathGolden, OutputsSpecsComeBackFromJson) {
  for (const std::filesystem::path folder : {"outputs-spec", "outputs-spec/extended"}) {
    for (const auto& file : testing::golden_files(folder, ".json")) {
      const Json json = parse_json(testing::read_golden(file));
      EXPECT_EQ(to_json(optional_outputs_spec_from(JsonPlace(json))), json) << file;
    }
  }
}

TEST_F(DerivedPathGolden, WireVectorsAgreeWithTheirJson) {
  const Json json = parse_json(testing::read_golden("worker-protocol/derived-path-1.30.json"));
  const std::string bytes = testing::read_golden("worker-protocol/derived-path-1.30.bin");
  for (const JsonPlace& item : JsonPlace(json).items()) {
    const std::string text = to_string(derived_path_from(item), OutputMark::bang);
    EXPECT_NE(bytes.find(text), std::string::npos) << text;
  }
}

TEST_F(DerivedPathGolden, ContentAddressesComeBackFromJson) {
  for (const auto& file : testing::golden_files("content-address", ".json")) {
    const Json json = parse_json(testing::read_golden(file));
    EXPECT_EQ(to_json(content_address_from(JsonPlace(json))), json) << file;
  }
  const Json list = parse_json(testing::read_golden("worker-protocol/content-address.json"));
  const std::string bytes = testing::read_golden("worker-protocol/content-address.bin");
  for (const JsonPlace& item : JsonPlace(list).items()) {
    const ContentAddress address = content_address_from(item);
    EXPECT_NE(bytes.find(to_string(address)), std::string::npos);
    EXPECT_EQ(parse_content_address(to_string(address)), address);
  }
}

}  // namespace
}  // namespace firn::nix
