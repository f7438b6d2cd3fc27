// SPDX-License-Identifier: Apache-2.0
#include "config/conf_tree.h"

#include "base/error.h"

#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace firn::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using Files = std::map<std::string, std::string>;

ConfTree read(std::string_view text, const Files& files = {}) {
  return read_conf_tree(
      text, "/etc/hydra.conf", [&](const std::string& path) -> std::optional<std::string> {
        if (path == "/etc/secret") throw Error(Kind::permission, "read /etc/secret: no");
        const auto file = files.find(path);
        if (file == files.end()) return std::nullopt;
        return file->second;
      });
}

/// One line: "key=value", "key" where it has none, "<kind name> … </>".
std::string print(const ConfBlock& block) {
  std::string text;
  for (const auto& entry : block.entries)
    text += entry.value ? fmt::format("{}={}; ", entry.key, *entry.value) : entry.key + "; ";
  for (const auto& inner : block.blocks)
    text += fmt::format("<{} {}> {}</> ", inner.kind, inner.name, print(inner));
  return text;
}

std::string printed(std::string_view text, const Files& files = {}) {
  const auto tree = read(text, files);
  EXPECT_THAT(tree.problems, IsEmpty()) << tree.problems.front().str();
  return print(tree.root);
}

std::vector<std::string> problems(std::string_view text, const Files& files = {}) {
  std::vector<std::string> result;
  for (const auto& problem : read(text, files).problems)
    result.push_back(problem.str());
  return result;
}

TEST(ConfTree, ReadsKeysWithAndWithoutEqualsSign) {
  EXPECT_EQ(printed("a = b c\nd e f\n  g=h\t\ni =\nj\n\n=k\nStore_URI S3://x=y\r\n"),
            "a=b c; d=e f; g=h; i=; j; =k; Store_URI=S3://x=y; ");
}

// CF-001: a comment begins in the middle of a value, too, unless a backslash stands before it.
TEST(ConfTree, CutsCommentsAsConfigGeneralDoes) {
  EXPECT_EQ(printed("# a = b\n  # c\nu = http://h/#frag\nv = http://h/\\#frag # x\nw = 1 #\n"),
            "u=http://h/; v=http://h/#frag; w=1; ");
}

TEST(ConfTree, DropsCommentsInTheWayOfC) {
  EXPECT_EQ(printed("a = b /* c */\n/* d\ne = f\n/* g */\n*/ h = i\nj = a/*b\n"),
            "a=b; h=i; j=a/*b; ");
}

TEST(ConfTree, TakesQuotesAndBackslashesOff) {
  EXPECT_EQ(printed("a = \"b c \"\nd = \\\"e\\\\f\\$g\\h\ni = \"j\" k\nl = \"\nm = \"\"\n"),
            "a=b c ; d=\"e\\f$g\\h; i=\"j\" k; l=; m=; ");
}

TEST(ConfTree, JoinsLinesThatGoOn) {
  const auto tree = read("a = b \\\n   c\\\n  d\ne = f\\\\\ng = h\n");
  EXPECT_EQ(print(tree.root), "a=b cd; e=f\\; g=h; ");
  EXPECT_EQ(tree.root.entries[0].place.line, 1U);
  EXPECT_EQ(tree.root.entries[1].place.line, 4U);
}

TEST(ConfTree, ReadsHereDocuments) {
  EXPECT_EQ(printed("a <<EOT\n x # no comment\n  <y>\n EOT\nb = <<END\n1\n2\nEND\nc = d\n"),
            "a=x # no comment\n <y>; b=1\n2; c=d; ");
  EXPECT_EQ(printed("a = 1<<20\n"), "a=1<<20; ") << "CF-001: nobody shifts";
}

TEST(ConfTree, ReadsBlocks) {
  EXPECT_EQ(printed("<hydra_notify>\n  <prometheus>\n    port = 9199\n  </prometheus>\n"
                    "</hydra_notify>\n<slack>\nx 1\n</slack>\n<slack>\nx 2\n</slack>\n"
                    "<git-input a b>\n</git-input>\n<\"u v\">\n</\"u v\">\n<e f/>\nz 1\n"),
            "z=1; <hydra_notify > <prometheus > port=9199; </> </> <slack > x=1; </> "
            "<slack > x=2; </> <git-input a b> </> <u v > </> <e f> </> ");
}

TEST(ConfTree, Includes) {
  const Files files{{"/etc/a.conf", "<foo>\ninclude \"d/b.conf\"\n</foo>\n"},
                    {"/etc/d/b.conf", "x = 1\nINCLUDE c.conf\n"},
                    {"/etc/d/c.conf", "\xef\xbb\xbfy 2"},
                    {"/abs", "z = 3\n"}};
  EXPECT_EQ(printed("Include a.conf # twice\ninclude ./a.conf\nincludeoptional /abs\n", files),
            "z=3; <foo > x=1; y=2; </> <foo > x=1; y=2; </> ");
  const auto tree = read("\ninclude a.conf\n", files);
  EXPECT_EQ(tree.root.blocks.at(0).entries.at(1).place, (ConfPlace{"/etc/d/c.conf", 1}));
}

TEST(ConfTree, BlocksMayCrossFiles) {
  EXPECT_EQ(printed("include a\nx 1\n</foo>\ny 2\n", {{"/etc/a", "<foo>\n"}}),
            "y=2; <foo > x=1; </> ");
}

TEST(ConfTree, NamesOneProblemAndKeepsTheRest) {
  const struct {
    std::string text;
    std::string problem;
  } cases[] = {
      {"<a>\nx 1\n", "/etc/hydra.conf:1: the block has no end: </a>"},
      {"x 1\n</a>\n", "/etc/hydra.conf:2: </a> ends no block"},
      {"<a>\nx 1\n</b>\n",
       "/etc/hydra.conf:3: warning: </b> ends <a>, which begins at /etc/hydra.conf:1"},
      {"x 1\n<a\n", "/etc/hydra.conf:2: a line that begins with '<' must be <block> or </block>"},
      {"x 1\n<<include f>>\n",
       "/etc/hydra.conf:2: this is not read as an include; write: include FILE"},
      {"x 1\ninclude none\n", "/etc/hydra.conf:2: there is no file /etc/none"},
      {"include *.conf\nx 1\n",
       "/etc/hydra.conf:1: there is no file /etc/*.conf; patterns are not expanded, name each "
       "file"},
      {"include \"\"\nx 1\n", "/etc/hydra.conf:1: include names no file"},
      {"include /etc/secret\nx 1\n",
       "/etc/hydra.conf:1: /etc/secret cannot be read: read /etc/secret: no"},
      {"x 1\na <<EOT\nb\n",
       "/etc/hydra.conf:2: the here-document has no end: a line with EOT alone"},
      {"x 1\n/* y\n", "/etc/hydra.conf:2: the comment has no end: '*/'"},
      {"x 1\na = b \\\n", "/etc/hydra.conf:2: the file ends where the line is to go on ('\\')"},
      {"a */ x 1\n",
       "/etc/hydra.conf:1: warning: '*/' ends a comment that was not begun; what stands before it "
       "is left out"},
  };

  for (const auto& c : cases) {
    EXPECT_THAT(problems(c.text), ElementsAre(c.problem)) << c.text;
    EXPECT_THAT(print(read(c.text).root), HasSubstr("x=1; ")) << c.text;
  }
}

TEST(ConfTree, BoundsIncludes) {
  EXPECT_THAT(problems("include hydra.conf\n"),
              ElementsAre("/etc/hydra.conf:1: /etc/hydra.conf includes itself"));
  EXPECT_THAT(problems("include a\n", {{"/etc/a", "include x/../b\n"}, {"/etc/b", "include a\n"}}),
              ElementsAre("/etc/b:1: /etc/a includes itself"));

  Files chain;
  for (int i = 0; i < 100; ++i)
    chain[fmt::format("/etc/{}", i)] = fmt::format("include {0}\ninclude {0}\n", i + 1);
  std::size_t lost = 0;
  for (const auto& problem : problems("include 0\n", chain)) {
    EXPECT_THAT(problem, HasSubstr("is left out: at most 100 files, 16 deep, are read"));
    ++lost;
  }
  EXPECT_LT(lost, 1000U);

  EXPECT_THAT(problems("include a\n", {{"/etc/a", std::string(kMostConfBytes, '\n')}}),
              ElementsAre(HasSubstr("/etc/a is left out: at most 1048576 bytes are read")));
  EXPECT_THAT(problems(std::string(kMostConfBytes + 1, '\n')),
              ElementsAre("/etc/hydra.conf:1: the file is longer than 1048576 bytes"));
}

TEST(ConfTree, BoundsNesting) {
  std::string text;
  for (std::size_t i = 0; i < 20'000; ++i)
    text += "<a>\n";
  for (std::size_t i = 0; i < 20'000; ++i)
    text += "</a>\n";
  const auto found = problems(text + "x 1\n");
  EXPECT_THAT(found, ElementsAre("/etc/hydra.conf:33: blocks stand in each other at most 32 deep"));
  EXPECT_THAT(print(read(text + "x 1\n").root), ::testing::StartsWith("x=1; "));
}

}  // namespace
}  // namespace firn::config
