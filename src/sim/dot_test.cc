// SPDX-License-Identifier: Apache-2.0
#include "sim/dot.h"

#include "base/error.h"

#include <gmock/gmock.h>

namespace firn::sim {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Dot, ReadsNodesAndWhatTheyReferTo) {
  const auto nodes = parse_dot(
      "digraph G {\n"
      "\"a.drv\" [label = \"a.drv\", shape = box, style = filled, fillcolor = \"#ff0000\"];\n"
      "\"b.drv\" -> \"a.drv\" [color = \"red\"];\n"
      "  \"c.drv\" -> \"b.drv\"\n"
      "\"a.drv\" -> \"a.drv\" [color = \"blue\"];\n"
      "}\n");
  ASSERT_EQ(nodes.size(), 3U);
  EXPECT_EQ(nodes[0].name, "a.drv");
  EXPECT_THAT(nodes[0].references, ElementsAre(1));
  EXPECT_THAT(nodes[1].references, ElementsAre(2));
  EXPECT_TRUE(nodes[2].references.empty());
}

TEST(Dot, NamesTheLineThatIsNone) {
  try {
    parse_dot("digraph G {\n\"a\" -> b;\n}");
    FAIL() << "was taken";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("line 2"));
  }
  EXPECT_THROW(parse_dot("\"a\" is a node"), Error);
  EXPECT_THROW(parse_dot("\"\" -> \"b\""), Error);
}

}  // namespace
}  // namespace firn::sim
