// SPDX-License-Identifier: Apache-2.0
#include "farm/build_products.h"

#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace firn::farm {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

nix::StorePath path(char first, std::string_view name) {
  return nix::StorePath::from_base_name(fmt::format("{}-{}", std::string(32, first), name));
}

const Hash kHash = hash_of(HashAlgorithm::sha256, "");

/// Outputs with members that are told one by one.
class Outputs {
 public:
  Outputs& add(std::string name, const nix::StorePath& output, OutputNotes notes) {
    outputs_.push_back({.name = std::move(name), .path = output, .notes = std::move(notes)});
    return member(output, "", {.type = outputs_.back().notes.root});
  }

  Outputs& member(const nix::StorePath& output, std::string_view inside, const Member& member) {
    members_.insert_or_assign(output.str() + "/" + std::string(inside), member);
    return *this;
  }

  BuildProducts collect() {
    return collect_products(outputs_, [this](const auto& output, std::string_view inside) {
      asked_.push_back(std::string(inside));
      const auto found = members_.find(output.str() + "/" + std::string(inside));
      return found == members_.end() ? std::nullopt : std::optional(found->second);
    });
  }

  const std::vector<std::string>& asked() const { return asked_; }

 private:
  std::vector<BuiltOutput> outputs_;
  std::map<std::string, Member> members_;
  std::vector<std::string> asked_;
};

std::vector<std::string> paths(const BuildProducts& products) {
  std::vector<std::string> result;
  for (const auto& product : products.products)
    result.push_back(product.path.substr(std::string_view("/nix/store/").size() + 33));
  return result;
}

/// Products that `lines` declare in an output "a" with a file "f", a folder "d" and a link "l".
BuildProducts declared(const std::string& lines) {
  const auto output = path('a', "a");
  Outputs outputs;
  outputs.add("out", output, {.products = lines})
      .member(output, "f", {.type = MemberType::regular, .size = 3, .sha256 = kHash})
      .member(output, "x y", {.type = MemberType::regular, .size = 3, .sha256 = kHash})
      .member(output, "d", {.type = MemberType::directory})
      .member(output, "l", {.type = MemberType::symlink});
  return outputs.collect();
}

const std::string kA = path('a', "a").str();

// QR-151, QR-160, T-15: the whole line, from its first to its last character.
TEST(ProductLine, IsReadWhole) {
  const auto line = parse_product_line("doc-1 read_me \t /a/b index.html");
  EXPECT_EQ(line, (ProductLine{"doc-1", "read_me", "/a/b", "index.html"}));
  EXPECT_EQ(parse_product_line("a b \"/c d<e>\" f\"g"), (ProductLine{"a", "b", "/c d<e>", "f\"g"}));
  EXPECT_EQ(parse_product_line("a b c"), (ProductLine{"a", "b", "c", ""}));

  const char* bad[] = {"",
                       "a",
                       "a b",
                       "a b ",
                       " a b /c",
                       "a b /c ",
                       "a b /c d ",
                       "a b /c d e",
                       "a b /c <d",
                       "a b /c d>",
                       "a b /c<script>",
                       "a b /c\"d\"",
                       "a b \"/c",
                       "a b \"\"",
                       "a b \"/c\"d",
                       "a! b /c",
                       "a b! /c",
                       "<b>a b /c",
                       "a b /c\r",
                       "a\xc3\xa4 b /c"};
  for (const char* text : bad)
    EXPECT_EQ(parse_product_line(text), std::nullopt) << text;
}

// QR-153.
TEST(Products, OfFilesHaveSizeAndHash) {
  const auto products = declared(fmt::format("file iso {0}/f\ndoc manual {0}/d index.html\n", kA));
  EXPECT_THAT(products.products,
              ElementsAre(Product{.type = "file",
                                  .subtype = "iso",
                                  .name = "f",
                                  .path = kA + "/f",
                                  .size = 3,
                                  .sha256 = kHash},
                          Product{.type = "doc",
                                  .subtype = "manual",
                                  .name = "d",
                                  .path = kA + "/d",
                                  .default_path = "index.html"}));
}

// QR-161, T-11.
TEST(Products, MayBeEmptyFiles) {
  const auto output = path('a', "a");
  Outputs outputs;
  outputs.add("out", output, {.products = fmt::format("file x {}/e\n", kA)})
      .member(output, "e", {.type = MemberType::regular, .size = 0, .sha256 = kHash});
  const auto products = outputs.collect().products;
  ASSERT_EQ(products.size(), 1U);
  EXPECT_EQ(products[0].size, 0U);
  EXPECT_EQ(products[0].sha256, kHash);
}

// QR-152.
TEST(Products, AreMembersOfTheOutputs) {
  EXPECT_THAT(
      paths(declared(fmt::format("a b {0}//d/../f\na b {0}/./d/\na b {0}\na b {0}/l\n", kA))),
      ElementsAre("a/f", "a/d", "a", "a/l"));
  for (const auto& bad : {kA + "/none",
                          kA + "x",
                          kA + "/l/f",
                          kA + "/../../../etc/passwd",
                          std::string("/etc/passwd"),
                          std::string("/nix/store"),
                          std::string("/"),
                          std::string("f"),
                          std::string("../f"),
                          path('b', "b").str()})
    EXPECT_THAT(declared(fmt::format("a b {}\n", bad)).products, IsEmpty()) << bad;
}

TEST(Products, MayBeDeclaredByAnotherOutput) {
  const auto dev = path('b', "a-dev");
  const auto out = path('a', "a");
  Outputs outputs;
  outputs.add("dev", dev, {.products = fmt::format("a b {0}/f\na b {1}\n", kA, dev.str())})
      .add("out", out, {.products = fmt::format("c d {0}\nc d {0}\ne f {1}\n", kA, dev.str())})
      .member(out, "f", {.type = MemberType::symlink});
  const auto products = outputs.collect();
  // In the order of the paths of the outputs that declare them.
  EXPECT_THAT(paths(products), ElementsAre("a", "a", "a-dev", "a/f", "a-dev"));
  EXPECT_EQ(products.products[0].name, "");
  EXPECT_EQ(products.products[2].name, dev.base_name());
  EXPECT_EQ(products.products[4].name, "");
  EXPECT_EQ(outputs.asked().size(), 3U) << "each path is looked for once";
}

// QR-153, QR-160.
TEST(Products, HaveNamesOfFewCharacters) {
  const auto output = path('a', "a");
  Outputs outputs;
  std::string lines;
  for (const char* name : {"a+b.tar.gz", "x y", "<script>", "\xc3\xa4", "q'", "a\x01"}) {
    lines += fmt::format("a b \"{}/{}\"\n", kA, name);
    outputs.member(output, name, {.type = MemberType::directory});
  }
  outputs.add("out", output, {.products = lines});
  std::vector<std::string> names;
  for (const auto& product : outputs.collect().products)
    names.push_back(product.name);
  EXPECT_THAT(names, ElementsAre("a+b.tar.gz", "x y", "", "", "", ""));
}

// QR-119: a row that the database refuses would be tried for ever.
TEST(Products, AreTextsThatADatabaseTakes) {
  using namespace std::string_literals;
  EXPECT_THAT(declared("a b "s + kA + "/f x\xff\n").products, IsEmpty());
  EXPECT_THAT(declared("a b "s + kA + "/f\0x\n"s).products, IsEmpty());
  EXPECT_THAT(declared("a b "s + kA + "/f\0\n"s).products, IsEmpty());
}

// QR-162.
TEST(Products, LongLinesAreSkipped) {
  const std::string line = fmt::format("a b {}/f ", kA);
  const std::string longest(kMostLineBytes - line.size(), 'x');
  EXPECT_THAT(paths(declared(line + longest + "\n" + line + longest + "x\n" + line + "i")),
              ElementsAre("a/f", "a/f"));
  EXPECT_THAT(declared(std::string(kMostNoteBytes, 'a')).products, IsEmpty());
}

TEST(Notes, AreCutBehindTheLastWholeLine) {
  EXPECT_EQ(whole_lines("a\nb"), "a\nb");
  EXPECT_EQ(whole_lines("a\n" + std::string(kMostNoteBytes, 'b')), "a\n");
  EXPECT_EQ(whole_lines(std::string(kMostNoteBytes + 1, 'b')), "");
  EXPECT_EQ(whole_lines(std::string(kMostNoteBytes, 'b')).size(), kMostNoteBytes);
}

// QR-154.
TEST(Products, AreTheOutputsWhereNoneAreDeclared) {
  Outputs outputs;
  outputs.add("out", path('b', "a"), {})
      .add("dev", path('c', "a-dev"), {})
      .add("bin", path('a', "a-bin"), {.root = MemberType::regular});
  EXPECT_THAT(
      outputs.collect().products,
      ElementsAre(
          Product{.type = "nix-build",
                  .subtype = "dev",
                  .name = "a-dev",
                  .path = path('c', "a-dev").str()},
          Product{.type = "nix-build", .subtype = "", .name = "a", .path = path('b', "a").str()}));
  EXPECT_THAT(outputs.asked(), IsEmpty());
  EXPECT_THAT(declared("").products, IsEmpty()) << "an empty list is a list";
}

std::string release_name(const std::vector<std::string>& names) {
  Outputs outputs;
  char first = 'a';
  for (const auto& name : names) {
    outputs.add(std::string(1, first), path(first, "x"), {.release_name = name});
    ++first;
  }
  return outputs.collect().release_name;
}

// QR-155.
TEST(ReleaseName, IsTrimmedAndTheLastOneCounts) {
  EXPECT_EQ(release_name({" \n nixos-24.11@x:y_z\r\n"}), "nixos-24.11@x:y_z");
  EXPECT_EQ(release_name({"a", "b", "c d"}), "b");
  for (const auto& bad : {"", " ", "a b", "a\nb", "<a>", "a+b", "\xc3\xa4"})
    EXPECT_EQ(release_name({bad}), "") << bad;
}

std::vector<std::string> metrics(const std::string& text) {
  Outputs outputs;
  outputs.add("out", path('a', "a"), {.metrics = text});
  std::vector<std::string> result;
  for (const auto& metric : outputs.collect().metrics)
    result.push_back(fmt::format("{}={} {}", metric.name, metric.value, metric.unit));
  return result;
}

// QR-156.
TEST(Metrics, AreReadByName) {
  EXPECT_THAT(metrics("b 2 KiB\na.x-y_z 1.5e3\n  c\t-0.25\t% more words\n\nd +3 m/s\ne 1 \xff\n"),
              ElementsAre("a.x-y_z=1500 ", "b=2 KiB", "c=-0.25 %", "d=3 ", "e=1 "));
  EXPECT_THAT(metrics("a 1 s\na 2\na x\n"), ElementsAre("a=2 "));
}

TEST(Metrics, AreFiniteNumbers) {
  for (const char* value : {"nan",
                            "-nan",
                            "NAN",
                            "inf",
                            "-inf",
                            "infinity",
                            "1x",
                            "1,5",
                            "0x10",
                            "1e999",
                            "",
                            "+",
                            "+-1",
                            "--1",
                            "1e",
                            "one",
                            "1_000"})
    EXPECT_THAT(metrics(fmt::format("a {}\n", value)), IsEmpty()) << value;
  EXPECT_THAT(metrics("a! 1\n<a> 1\n\xc3\xa4 1\na\n"), IsEmpty());
  EXPECT_THAT(metrics("a 1 " + std::string(kMostLineBytes, 'u') + "\nb 1\n"), ElementsAre("b=1 "));
}

// QR-157.
TEST(BuildProducts, FailWithAnyOutput) {
  Outputs outputs;
  outputs.add("out", path('a', "a"), {}).add("dev", path('b', "a"), {.has_failed = true});
  EXPECT_TRUE(outputs.collect().has_failed);
  EXPECT_FALSE(declared("").has_failed);
}

// QR-158.
TEST(BuildSizes, AreSumsOfNarSizes) {
  const nix::PathInfo a{.path = path('a', "a"), .nar_size = ByteCount(1)};
  const nix::PathInfo b{.path = path('b', "b"), .nar_size = ByteCount(20)};
  const nix::PathInfo c{.path = path('c', "c"), .nar_size = ByteCount(300)};
  const std::vector<const nix::PathInfo*> closure{&a, &b, &c};
  const auto sizes = measure(closure, {a.path, c.path});
  EXPECT_EQ(sizes.size, ByteCount(301));
  EXPECT_EQ(sizes.closure_size, ByteCount(321));
}

}  // namespace
}  // namespace firn::farm
