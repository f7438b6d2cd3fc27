// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"
#include "nix/output_paths.h"
#include "nix/placeholder.h"
#include "support/golden.h"

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace firn::nix {
namespace {

using OutputPathsGolden = testing::GoldenTest;
using Json = nlohmann::json;
using Path = std::filesystem::path;

struct Captured {
  std::string name;
  DrvPath path;
  Derivation derivation;
  Json json;
};

/// In an order in which inputs come before what needs them.
std::vector<Captured> captured_derivations() {
  std::map<DrvPath, Captured> unordered;
  for (const Path& file : testing::golden_files("captured-nix-2.8.0/derivations", ".drv")) {
    const Json json = Json::parse(testing::read_golden(Path(file).replace_extension(".json")));
    const DrvPath path(parse_store_path(json.at("drvPath").get<std::string>()));
    unordered.emplace(path,
                      Captured{.name = json.at("name").get<std::string>(),
                               .path = path,
                               .derivation = parse_derivation(testing::read_golden(file)),
                               .json = json});
  }
  std::vector<Captured> ordered;
  while (!unordered.empty()) {
    const std::size_t before = unordered.size();
    std::erase_if(unordered, [&](auto& entry) {
      for (const auto& [input, names] : entry.second.derivation.input_derivations) {
        if (unordered.contains(input)) return false;
      }
      ordered.push_back(entry.second);
      return true;
    });
    if (unordered.size() == before) throw std::runtime_error("a circle of derivations");
  }
  return ordered;
}

bool has_all_inputs(const Derivation& derivation, const InputModulos& known) {
  for (const auto& [input, names] : derivation.input_derivations) {
    if (!known.contains(input)) return false;
  }
  return true;
}

Json in_json(const InputModulo& modulo) {
  if (const auto* hash = std::get_if<Hash>(&modulo)) return hash->encode(HashForm::base16);
  Json json;
  if (const auto* hashes = std::get_if<std::map<std::string, Hash>>(&modulo)) {
    for (const auto& [output, hash] : *hashes)
      json[output] = hash.encode(HashForm::base16);
  }
  return json;
}

TEST_F(OutputPathsGolden, EqualThoseOfARealNix) {
  InputModulos known;
  int seen = 0;
  for (const auto& [name, path, derivation, json] : captured_derivations()) {
    SCOPED_TRACE(name);
    EXPECT_EQ(derivation_path(derivation, name), path);
    if (!has_all_inputs(derivation, known)) continue;
    ++seen;
    known.emplace(path, input_modulo(derivation, known));
    EXPECT_EQ(in_json(known.at(path)), json.at("hashModuloAsInput"));
    EXPECT_NO_THROW(check_output_paths(derivation, name, known));
    if (json.value("maskedATerm", Json()).is_null()) continue;
    EXPECT_EQ(masked_aterm(derivation, known), json.at("maskedATerm").get<std::string>());
  }
  EXPECT_GE(seen, 5);
}

TEST_F(OutputPathsGolden, AreMadeAgainAfterTheyWereTakenOut) {
  InputModulos known;
  for (const auto& [name, path, derivation, json] : captured_derivations()) {
    if (!has_all_inputs(derivation, known)) continue;
    SCOPED_TRACE(name);
    Derivation emptied = derivation;
    for (auto& [output, value] : emptied.outputs) {
      if (!value.path) continue;
      if (!value.is_fixed()) value.path.reset();
      emptied.env.at(output) = "";
    }
    fill_output_paths(emptied, name, known);
    EXPECT_EQ(emptied, derivation);
    known.emplace(path, input_modulo(derivation, known));
  }
}

TEST_F(OutputPathsGolden, HashModuloTemplates) {
  const auto read = [](const std::string& stem) {
    return testing::read_golden("derivation/hash-modulo/" + stem + ".drv");
  };
  const Derivation source = parse_derivation(read("source-second"), "source");
  const Derivation intermediate = parse_derivation(read("intermediate-second"), "intermediate");
  const Derivation parent = parse_derivation(read("parent-joined"), "parent");
  InputModulos known;
  known.emplace(derivation_path(source, "source"), input_modulo(source, known));
  EXPECT_EQ(masked_aterm(intermediate, known), read("intermediate-second-modulo"));
  known.emplace(derivation_path(intermediate, "intermediate"), input_modulo(intermediate, known));
  EXPECT_EQ(masked_aterm(parent, known), read("parent-joined-modulo"));
}

TEST_F(OutputPathsGolden, IntermediateWasNamedBeforeItsVariablesWereThere) {
  const Derivation source =
      parse_derivation(testing::read_golden("derivation/hash-modulo/source-second.drv"), "source");
  const Derivation expected =
      parse_derivation(testing::read_golden("derivation/hash-modulo/intermediate-second.drv"));
  InputModulos known;
  known.emplace(derivation_path(source, "source"), input_modulo(source, known));
  EXPECT_THROW(check_output_paths(expected, "intermediate", known), Error);
  Derivation bare = expected;
  for (auto& [name, output] : bare.outputs) {
    output.path.reset();
    bare.env.erase(name);
  }
  fill_output_paths(bare, "intermediate", known);
  EXPECT_EQ(bare, expected);
}

TEST_F(OutputPathsGolden, AdvancedAttributesAreConsistent) {
  for (const Path& file : testing::golden_files("derivation/ia", ".drv")) {
    SCOPED_TRACE(file);
    const Derivation derivation = parse_derivation(testing::read_golden(file));
    if (!derivation.input_derivations.empty()) continue;
    EXPECT_NO_THROW(check_output_paths(derivation, file.stem().string(), {}));
  }
}

TEST_F(OutputPathsGolden, Placeholders) {
  const auto read = [](const char* name) {
    return Json::parse(testing::read_golden(Path("transcribed/placeholder") / name));
  };
  const Json own = read("own-output.json");
  EXPECT_EQ(output_placeholder(own.at("output").get<std::string>()),
            own.at("placeholder").get<std::string>());
  const Json unknown = read("unknown-ca-output.json");
  const SingleDerivedPath input{
      .base = StorePath::from_base_name(unknown.at("drvPath").get<std::string>()),
      .outputs = {unknown.at("output").get<std::string>()}};
  EXPECT_EQ(input_placeholder(input), unknown.at("placeholder").get<std::string>());
}

}  // namespace
}  // namespace firn::nix
