// SPDX-License-Identifier: Apache-2.0
#include "nix/nar_listing.h"

#include "base/error.h"
#include "nix/file_tree.h"
#include "support/mutations.h"
#include "support/nar_trace.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace firn::nix {
namespace {

using ::testing::HasSubstr;

FileTree file(std::string contents, bool executable = false) {
  return {MemoryFile{.contents = std::move(contents), .executable = executable}};
}

NarListing list(const std::string& nar, std::size_t step = std::string::npos) {
  NarListingBuilder builder;
  testing::parse_nar(nar, builder, step);
  return builder.take();
}

NarListing list(const FileTree& tree) {
  return list(to_nar(tree));
}

std::string refusal_of(const std::string& text) {
  try {
    parse_listing_file(text);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), Kind::invalid);
    return error.what();
  }
  return "nothing was thrown";
}

TEST(NarListing, SaysWhereContentsStand) {
  const FileTree tree{FileTree::Folder{{"a", file("one")},
                                       {"b", {FileTree::Folder{{"c", file("two two two", true)}}}},
                                       {"d", file("")},
                                       {"e", {Link{"a"}}}}};
  const std::string nar = to_nar(tree);
  for (const std::size_t step : {std::size_t{1}, std::size_t{9}, nar.size()}) {
    const NarListing listing = list(nar, step);
    const auto& root = std::get<NarListing::Folder>(listing.node);
    const auto& a = std::get<ListedFile>(root.at("a").node);
    EXPECT_EQ(nar.substr(*a.nar_offset, *a.size), "one");
    const auto& c =
        std::get<ListedFile>(std::get<NarListing::Folder>(root.at("b").node).at("c").node);
    EXPECT_EQ(nar.substr(*c.nar_offset, *c.size), "two two two");
    EXPECT_TRUE(c.executable);
    EXPECT_TRUE(std::get<ListedFile>(root.at("d").node).nar_offset.has_value());
    EXPECT_EQ(std::get<Link>(root.at("e").node).target, "a");
  }
}

TEST(NarListing, WritesAsOldAndNewReleasesDo) {
  const NarListing listing = list(file("x"));
  EXPECT_EQ(listing_file(listing, ListingForm::until_2_34),
            R"({"root":{"narOffset":96,"size":1,"type":"regular"},"version":1})");
  EXPECT_EQ(
      listing_file(listing, ListingForm::since_2_35),
      R"({"root":{"executable":false,"narOffset":96,"size":1,"type":"regular"},"version":1})");
  const NarListing executable = list(file("x", true));
  EXPECT_EQ(
      listing_file(executable, ListingForm::until_2_34),
      R"({"root":{"executable":true,"narOffset":128,"size":1,"type":"regular"},"version":1})");
  for (const auto form : {ListingForm::until_2_34, ListingForm::since_2_35})
    EXPECT_EQ(parse_listing_file(*listing_file(listing, form)), listing);
}

TEST(NarListing, IsAbsentWhereNamesAreNoText) {
  EXPECT_FALSE(
      listing_file(list(FileTree{FileTree::Folder{{"\xff", file("")}}}), ListingForm::since_2_35)
          .has_value());
  EXPECT_FALSE(listing_file(list(FileTree{Link{"\xff"}}), ListingForm::since_2_35).has_value());
}

TEST(NarListing, KeepsNamesAlone) {
  const Json json = parse_json(R"({"entries":{"bar":{},"foo":{}},"type":"directory"})");
  const NarListing listing = listing_from(JsonPlace(json));
  EXPECT_TRUE(
      std::holds_alternative<NameOnly>(std::get<NarListing::Folder>(listing.node).at("bar").node));
  EXPECT_EQ(to_json(listing, ListingForm::since_2_35), json);
}

TEST(NarListing, TakesZeroForNoOffset) {
  const Json json = parse_json(R"({"type":"regular","narOffset":0})");
  EXPECT_EQ(listing_from(JsonPlace(json)), NarListing{ListedFile{}});
}

TEST(NarListing, NamesThePlace) {
  const std::string folder = R"({"version":1,"root":{"type":"directory","entries":)";
  EXPECT_THAT(refusal_of("{"), HasSubstr("offset 1"));
  EXPECT_THAT(refusal_of("{}"), HasSubstr("the key 'version'"));
  EXPECT_THAT(refusal_of(R"({"version":2})"), HasSubstr("format 1 at /version, got 2"));
  EXPECT_THAT(refusal_of(R"({"version":1})"), HasSubstr("the key 'root'"));
  EXPECT_THAT(refusal_of(R"({"version":1,"root":{"type":"x"}})"), HasSubstr("at /root/type"));
  EXPECT_THAT(refusal_of(folder + R"({"a/b":{}}}})"), HasSubstr("whose name a NAR can hold"));
  EXPECT_THAT(refusal_of(folder + R"({"a":{"type":"regular","size":-1}}}})"),
              HasSubstr("at /root/entries/a/size"));
}

TEST(NarListing, DamageIsHarmless) {
  const FileTree tree{FileTree::Folder{{"a", file("x")}, {"b", {Link{"a"}}}}};
  const std::string text = *listing_file(list(tree), ListingForm::since_2_35);
  const auto parse = [](const std::string& damaged) { parse_listing_file(damaged); };
  testing::expect_every_cut_fails(text, parse);
  testing::expect_changed_bytes_are_harmless(text, parse);
}

}  // namespace
}  // namespace firn::nix
