// SPDX-License-Identifier: Apache-2.0
#include "nix/file_tree.h"
#include "nix/nar_listing.h"
#include "support/golden.h"
#include "support/nar_trace.h"

#include <filesystem>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace firn::nix {
namespace {

namespace fs = std::filesystem;
using NarListingGolden = testing::GoldenTest;
using FileTreeGolden = testing::GoldenTest;

Json golden_json(const fs::path& file) {
  return parse_json(testing::read_golden(file));
}

NarListing list(const std::string& nar) {
  NarListingBuilder builder;
  testing::parse_nar(nar, builder);
  return builder.take();
}

TEST_F(NarListingGolden, ReadsAndWrites) {
  for (const fs::path& file : testing::golden_files("nar-listing", ".json")) {
    SCOPED_TRACE(file);
    const Json json = golden_json(file);
    EXPECT_EQ(to_json(listing_from(JsonPlace(json)), ListingForm::since_2_35), json);
  }
}

TEST_F(NarListingGolden, OfARealCache) {
  const fs::path cache = "captured-nix-2.8.0/binary-cache";
  for (const char* folder : {"uncompressed", "xz"}) {
    for (const fs::path& file : testing::golden_files(cache / folder, ".ls.json")) {
      SCOPED_TRACE(file);
      const std::string text = testing::read_golden(file);
      const auto written = listing_file(parse_listing_file(text), ListingForm::until_2_34);
      EXPECT_EQ(parse_json(written.value()), parse_json(text));
    }
  }
  for (const fs::path& nar : testing::golden_files(cache / "uncompressed/nar", ".nar")) {
    const auto ls = testing::golden_files(cache / "uncompressed", ".ls.json").at(0);
    EXPECT_EQ(list(testing::read_golden(nar)), parse_listing_file(testing::read_golden(ls)));
  }
}

/// The trees that describe the NARs among the vectors are listings with hashes of the contents.
TEST_F(NarListingGolden, OffsetsOfEveryNar) {
  const auto expect_listing = [](const std::string& nar, const Json& tree) {
    EXPECT_EQ(list(nar), listing_from(JsonPlace(tree)));
  };
  for (const fs::path folder : {"nars", "nars-fuzz", "nars-functional"}) {
    for (const fs::path& table : testing::golden_files(folder, ".json")) {
      const Json rows = golden_json(table);
      for (const auto& [name, row] : rows.items()) {
        SCOPED_TRACE(name);
        if (row.contains("tree"))
          expect_listing(testing::read_golden(folder / name), row.at("tree"));
      }
    }
  }
  for (fs::path file : testing::golden_files("captured-nix-2.8.0/nars", ".nar")) {
    SCOPED_TRACE(file);
    const std::string nar = testing::read_golden(file);
    expect_listing(nar, golden_json(file.replace_extension(".json")).at("tree"));
  }
}

TEST_F(FileTreeGolden, ReadsAndWritesJson) {
  for (const fs::path& file : testing::golden_files("memory-source-accessor", ".json")) {
    SCOPED_TRACE(file);
    const Json json = golden_json(file);
    EXPECT_EQ(to_json(file_tree_from(JsonPlace(json))), json);
  }
}

TEST_F(FileTreeGolden, ListsAsNixDoes) {
  const Json json = golden_json("memory-source-accessor/complex.json");
  Json listing = to_json(list(to_nar(file_tree_from(JsonPlace(json)))), ListingForm::since_2_35);
  const Json expected = golden_json("nar-listing/deep.json");
  listing.at("entries").at("foo").erase("narOffset");
  listing.at("entries").at("bar").at("entries").at("baz").erase("narOffset");
  EXPECT_EQ(listing, expected);
}

TEST_F(FileTreeGolden, NarsAreRewritten) {
  for (const fs::path& file : testing::golden_files("captured-nix-2.8.0/nars", ".nar")) {
    SCOPED_TRACE(file);
    const std::string nar = testing::read_golden(file);
    EXPECT_EQ(to_nar(parse_file_tree(nar)), nar);
  }
}

}  // namespace
}  // namespace firn::nix
