// SPDX-License-Identifier: Apache-2.0
#include "nix/derivation_json.h"
#include "nix/derivation_options.h"
#include "nix/derived_path_json.h"
#include "nix/output_paths.h"
#include "nix/resolution.h"
#include "support/golden.h"

#include <filesystem>
#include <map>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace firn::nix {
namespace {

using DerivationJsonGolden = testing::GoldenTest;
using Path = std::filesystem::path;

const Path kCaptured = "captured-nix-2.8.0/derivations";

Json read_json(const Path& file) {
  return parse_json(testing::read_golden(file));
}

bool is_derivation(const Json& json) {
  return json.is_object() && json.contains("inputs");
}

TEST_F(DerivationJsonGolden, ComesBack) {
  int seen = 0;
  for (const Path folder : {"derivation",
                            "derivation/ca",
                            "derivation/ia",
                            "derivation/hash-modulo",
                            "derivation/invariants",
                            "derivation/try-resolve"}) {
    for (const Path& file : testing::golden_files(folder, ".json")) {
      SCOPED_TRACE(file);
      const Json json = read_json(file);
      if (!is_derivation(json)) continue;
      ++seen;
      if (json.at("inputs").is_array()) {
        const auto [name, drv] = basic_derivation_from(JsonPlace(json));
        EXPECT_EQ(to_json(drv, name), json);
      } else {
        const auto [name, drv] = derivation_from(JsonPlace(json));
        EXPECT_EQ(to_json(drv, name), json);
      }
    }
  }
  EXPECT_GE(seen, 20);
}

TEST_F(DerivationJsonGolden, SaysWhatTheAtermSays) {
  int seen = 0;
  for (const Path folder :
       {"derivation", "derivation/ca", "derivation/ia", "derivation/hash-modulo"}) {
    for (const Path& file : testing::golden_files(folder, ".drv")) {
      const Path sibling = Path(file).replace_extension(".json");
      if (!std::filesystem::exists(testing::golden_dir() / sibling)) continue;
      SCOPED_TRACE(file);
      ++seen;
      const Json json = read_json(sibling);
      const auto [name, drv] = derivation_from(JsonPlace(json));
      const std::string aterm = testing::read_golden(file);
      EXPECT_EQ(to_aterm(drv), aterm);
      EXPECT_EQ(to_json(parse_derivation(aterm, name), name), json);
    }
  }
  EXPECT_GE(seen, 9);
}

TEST_F(DerivationJsonGolden, OutputsComeBack) {
  for (const Path& file : testing::golden_files("derivation", ".json")) {
    if (!file.filename().string().starts_with("output-")) continue;
    const Json json = read_json(file);
    EXPECT_EQ(to_json(derivation_output_from(JsonPlace(json), "drv-name", "out")), json) << file;
  }
}

TEST_F(DerivationJsonGolden, FirstFormatIsThatOfARealNix) {
  for (const Path& file : testing::golden_files(kCaptured, ".drv")) {
    const Json json = read_json(Path(file).replace_extension(".json"));
    const Derivation drv = parse_derivation(testing::read_golden(file));
    EXPECT_EQ(to_first_json(drv), json.at("showDerivation2_8")) << file;
  }
}

TEST_F(DerivationJsonGolden, DerivationsOfADummyStoreHaveTheirPaths) {
  const Json json = read_json("dummy-store/one-derivation.json");
  for (const auto& [base_name, place] : JsonPlace(json).at("derivations").members()) {
    const auto [name, drv] = derivation_from(place);
    EXPECT_EQ(derivation_path(drv, name).path().base_name(), base_name);
  }
}

Derivation floating_dependency() {
  Derivation drv;
  drv.outputs["out"] = DerivationOutput::floating({ContentMethod::nar, HashAlgorithm::sha256});
  drv.platform = "x86_64-linux";
  drv.builder = "/bin/sh";
  drv.env["out"] = "";
  return drv;
}

TEST_F(DerivationJsonGolden, InvariantsHold) {
  const Path folder = "derivation/invariants";
  InputModulos inputs;
  const DrvPath dependency = derivation_path(floating_dependency(), "dependency");
  inputs.emplace(dependency, input_modulo(floating_dependency(), inputs));
  for (const Path& file : testing::golden_files(folder, ".json")) {
    SCOPED_TRACE(file);
    const Json json = read_json(file);
    auto [name, drv] = derivation_from(JsonPlace(json));
    const std::string stem = file.stem().string();
    if (stem == "bad-path" || stem == "bad-depends-on-drv-pre") {
      EXPECT_THROW(fill_output_paths(drv, name, inputs), Error);
      EXPECT_THROW(check_output_paths(drv, name, inputs), Error);
      continue;
    }
    if (stem == "filled-in-deferred-no-env-var-post") continue;
    fill_output_paths(drv, name, inputs);
    if (!stem.ends_with("-pre")) {
      if (stem != "bad-env-var") {
        EXPECT_EQ(to_json(drv, name), json);
      }
      EXPECT_NO_THROW(check_output_paths(drv, name, inputs));
      continue;
    }
    const Path after = folder / (stem.substr(0, stem.size() - 3) + "post.json");
    const bool is_there = std::filesystem::exists(testing::golden_dir() / after);
    EXPECT_EQ(to_json(drv, name), is_there ? read_json(after) : json);
  }
}

FindOutput build_trace(const Json& json) {
  std::map<SingleDerivedPath, StorePath> trace;
  for (const JsonPlace& entry : JsonPlace(json).items()) {
    const auto items = entry.items();
    trace.emplace(single_derived_path_from(items.at(0)),
                  items.at(1).parsed(StorePath::from_base_name));
  }
  return [trace](const SingleDerivedPath& output) -> std::optional<StorePath> {
    const auto found = trace.find(output);
    return found == trace.end() ? std::nullopt : std::optional(found->second);
  };
}

TEST_F(DerivationJsonGolden, ResolutionsAreThoseOfNix) {
  const std::string folder = "derivation/try-resolve/";
  int seen = 0;
  for (const Path& file : testing::golden_files(folder, "-before.json")) {
    SCOPED_TRACE(file);
    ++seen;
    const std::string name_of_file = file.filename().string();
    const std::string stem =
        folder + name_of_file.substr(0, name_of_file.size() - std::string("-before.json").size());
    const Json before = read_json(file);
    const auto [name, drv] = derivation_from(JsonPlace(before));
    const auto resolved = try_resolve(drv, name, build_trace(read_json(stem + "-buildTrace.json")));
    const auto is_there = [](const Path& path) {
      return std::filesystem::exists(testing::golden_dir() / path);
    };
    const Path after =
        is_there(stem + "-after.json") ? stem + "-after.json" : stem + "-resolved.json";
    ASSERT_EQ(resolved.has_value(), is_there(after));
    if (!resolved) continue;
    EXPECT_EQ(to_json(*resolved, name), read_json(after));
    if (!is_there(stem + "-before-options.json")) continue;
    EXPECT_EQ(to_json(derivation_options(drv)), read_json(stem + "-before-options.json"));
    EXPECT_EQ(to_json(derivation_options(*resolved)), read_json(stem + "-resolved-options.json"));
  }
  EXPECT_GE(seen, 4);
}

void expect_options(const Path& folder, const std::string& drv, const std::string& options) {
  const auto is_there = [](const Path& path) {
    return std::filesystem::exists(testing::golden_dir() / path);
  };
  const Path file = folder / "derivation-options" / (options + ".json");
  if (!is_there(folder / (drv + ".drv")) || !is_there(file)) return;
  SCOPED_TRACE(file);
  const Json json = read_json(file);
  const Derivation derivation = parse_derivation(testing::read_golden(folder / (drv + ".drv")));
  EXPECT_EQ(to_json(derivation_options(derivation)), json);
  EXPECT_EQ(to_json(derivation_options_from(JsonPlace(json))), json);
}

TEST_F(DerivationJsonGolden, OptionsAreThoseOfNix) {
  for (const Path folder : {"derivation/ia", "derivation/ca"}) {
    expect_options(folder, "advanced-attributes-defaults", "defaults");
    expect_options(folder, "advanced-attributes", "all_set");
    expect_options(
        folder, "advanced-attributes-structured-attrs-defaults", "structuredAttrs_defaults");
    expect_options(folder, "advanced-attributes-structured-attrs", "structuredAttrs_all_set");
  }
}

TEST_F(DerivationJsonGolden, OptionsComeBack) {
  for (const Path folder : {"derivation/ia", "derivation/ca"}) {
    for (const Path& file : testing::golden_files(folder / "derivation-options", ".json")) {
      const Json json = read_json(file);
      EXPECT_EQ(to_json(derivation_options_from(JsonPlace(json))), json) << file;
    }
  }
}

}  // namespace
}  // namespace firn::nix
