// SPDX-License-Identifier: Apache-2.0
#include "nix/file_tree.h"

#include "base/error.h"
#include "support/mutations.h"
#include "support/nar_trace.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace firn::nix {
namespace {

using namespace std::string_literals;
using ::testing::HasSubstr;

FileTree file(std::string contents, bool executable = false) {
  return {MemoryFile{.contents = std::move(contents), .executable = executable}};
}

FileTree sample() {
  FileTree::Folder inner{{"run", file("#!", true)}};
  return {FileTree::Folder{{"a", {std::move(inner)}},
                           {"empty", {FileTree::Folder{}}},
                           {"file", file("1\0003"s)},
                           {"link", {Link{"/nowhere"}}}}};
}

std::string refusal_of(const std::string& json) {
  try {
    const Json document = parse_json(json);
    file_tree_from(JsonPlace(document));
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), Kind::invalid);
    return error.what();
  }
  return "nothing was thrown";
}

TEST(FileTree, WritesANar) {
  testing::NarTrace trace;
  const std::string nar = to_nar(sample());
  EXPECT_EQ(testing::parse_nar(nar, trace), nar.size());
  EXPECT_EQ(trace.text(), "d \nd a\nx a/run 2 #!\nd empty\nf file 3 1\0003\nl link -> /nowhere\n"s);
}

TEST(FileTree, ReadsANar) {
  for (const FileTree& tree : {sample(), file(""), file("x", true), FileTree{Link{"a"}}})
    EXPECT_EQ(parse_file_tree(to_nar(tree)), tree);
}

TEST(FileTree, WantsNothingAfterTheNar) {
  EXPECT_THROW(parse_file_tree(to_nar(sample()) + "x"), Error);
}

TEST(FileTree, TravelsAsJson) {
  const Json json = to_json(sample());
  EXPECT_EQ(file_tree_from(JsonPlace(json)), sample());
  EXPECT_EQ(to_text(json.at("entries").at("file")),
            R"({"contents":"1\u00003","executable":false,"type":"regular"})");
  EXPECT_THROW(to_text(to_json(file("\xff"))), Error);
}

TEST(FileTree, NamesThePlaceInJson) {
  EXPECT_THAT(refusal_of("{}"), HasSubstr("the key 'type'"));
  EXPECT_THAT(refusal_of(R"({"type":"pipe"})"), HasSubstr("a type of file at /type, got \"pipe\""));
  EXPECT_THAT(refusal_of(R"({"type":"directory"})"), HasSubstr("the key 'entries'"));
  EXPECT_THAT(refusal_of(R"({"type":"directory","entries":{"..":{}}})"),
              HasSubstr("at /entries/.."));
  EXPECT_THAT(refusal_of(R"({"type":"regular","contents":""})"), HasSubstr("'executable'"));
  EXPECT_THAT(refusal_of(R"({"type":"symlink","target":1})"), HasSubstr("a string at /target"));
}

TEST(FileTree, DamageIsHarmless) {
  const auto parse = [](const std::string& nar) { parse_file_tree(nar); };
  testing::expect_every_cut_fails(to_nar(sample()), parse);
  testing::expect_changed_bytes_are_harmless(to_nar(sample()), parse);
}

}  // namespace
}  // namespace firn::nix
