// SPDX-License-Identifier: Apache-2.0
#include "nix/nar_parser.h"

#include "base/error.h"
#include "nix/nar_writer.h"
#include "support/mutations.h"
#include "support/nar_trace.h"

#include <functional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace firn::nix {
namespace {

using ::testing::HasSubstr;

std::string nar_of(const std::function<void(NarWriter&)>& write) {
  std::string out;
  NarWriter writer(out);
  writer.begin_archive();
  write(writer);
  return out;
}

void file(NarWriter& writer, std::string_view contents, bool executable = false) {
  writer.begin_file(executable, contents.size());
  writer.data(contents);
  writer.end_file(contents.size());
}

void entry(NarWriter& writer, std::string_view name, std::string_view contents) {
  writer.begin_entry(name);
  file(writer, contents);
  writer.end_entry();
}

std::string folder_of(const std::function<void(NarWriter&)>& write_entries) {
  return nar_of([&](NarWriter& writer) {
    writer.begin_directory();
    write_entries(writer);
    writer.end_directory();
  });
}

std::string sample() {
  return folder_of([](NarWriter& writer) {
    entry(writer, "a", "12345678");
    writer.begin_entry("b");
    writer.begin_directory();
    writer.begin_entry("run");
    file(writer, "#!", true);
    writer.end_entry();
    writer.end_directory();
    writer.end_entry();
    entry(writer, "empty", "");
    writer.begin_entry("link");
    writer.symlink("../x");
    writer.end_entry();
  });
}

std::string refusal_of(std::string_view nar) {
  NarVisitor ignore;
  try {
    testing::parse_nar(nar, ignore);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), Kind::invalid);
    return error.message();
  }
  return "nothing was thrown";
}

/// The sample with the first `from` replaced by `to`, of the same length.
std::string sample_with(std::string_view from, std::string_view to) {
  std::string nar = sample();
  nar.replace(nar.find(from), from.size(), to);
  return nar;
}

TEST(NarParser, SaysWhatIsInsideHoweverItIsCut) {
  for (const std::size_t step : {1U, 3U, 8U, 64U, 100'000U}) {
    testing::NarTrace trace;
    EXPECT_EQ(testing::parse_nar(sample(), trace, step), sample().size());
    EXPECT_EQ(trace.text(), "d \nf a 8 12345678\nd b\nx b/run 2 #!\nf empty 0 \nl link -> ../x\n");
    EXPECT_EQ(trace.rewritten(), sample());
  }
}

TEST(NarParser, TakesAFileOrALinkAsTheWhole) {
  testing::NarTrace one;
  testing::parse_nar(nar_of([](NarWriter& writer) { file(writer, "hi"); }), one);
  EXPECT_EQ(one.text(), "f  2 hi\n");
  testing::NarTrace other;
  testing::parse_nar(nar_of([](NarWriter& writer) { writer.symlink("/x"); }), other);
  EXPECT_EQ(other.text(), "l  -> /x\n");
}

TEST(NarParser, LeavesWhatFollowsAlone) {
  NarVisitor ignore;
  NarParser parser(ignore);
  const std::string nar = sample();
  EXPECT_EQ(parser.feed(as_bytes(nar + "next")), nar.size());
  EXPECT_TRUE(parser.is_done());
  EXPECT_EQ(parser.offset(), nar.size());
  EXPECT_EQ(parser.feed(as_bytes("more")), 0U);
}

TEST(NarParser, HandsOutViewsOfWhatWasFed) {
  struct Views : NarVisitor {
    std::vector<Bytes> pieces;

    void file_data(Bytes piece) override { pieces.push_back(piece); }
  } views;

  NarParser parser(views);
  const std::string nar = nar_of([](NarWriter& writer) { file(writer, std::string(5000, 'x')); });
  parser.feed(as_bytes(nar).first(2000));
  parser.feed(as_bytes(nar).subspan(2000));
  ASSERT_EQ(views.pieces.size(), 2U);
  EXPECT_EQ(as_text(views.pieces[0]).data(), nar.data() + 96);
  EXPECT_EQ(as_text(views.pieces[1]).data(), nar.data() + 2000);
}

TEST(NarParser, RefusesWhatBreaksTheGrammar) {
  const std::pair<std::string, std::string> cases[] = {
      {sample_with("nix-archive-1", "nix-archive-2"), "'nix-archive-1' at offset 0"},
      {sample_with("directory", "folder\0\0\0"),
       "'regular', 'symlink' or 'directory' at offset 56"},
      {sample_with("entry", "other"), "'entry' or ')' at offset 80"},
      {sample_with("name", "nome"), "'name'"},
      {sample_with("node", "nude"), "'node'"},
      {sample_with("contents", "contentz"), "'executable' or 'contents'"},
      {sample_with("target", "gettar"), "'target'"},
      {std::string("\xff\xff\xff\xff\xff\xff\xff\xff", 8), "a length of 18446744073709551615"},
  };
  for (const auto& [nar, why] : cases)
    EXPECT_THAT(refusal_of(nar), HasSubstr(why));
}

TEST(NarParser, RefusesPaddingThatIsNotZero) {
  std::string token = sample();
  token[8 + 13] = 'x';
  EXPECT_THAT(refusal_of(token), HasSubstr("padding"));
  std::string contents = nar_of([](NarWriter& writer) { file(writer, "1"); });
  contents[96 + 7] = 'x';
  EXPECT_THAT(refusal_of(contents), HasSubstr("zero padding at offset 103"));
}

TEST(NarParser, RefusesExecutableFoldersAndMarkersWithAValue) {
  std::string nar = nar_of([](NarWriter& writer) { file(writer, "", true); });
  const std::size_t value = nar.find("executable") + 16;
  nar.replace(value, 8, std::string("\1\0\0\0\0\0\0\0x\0\0\0\0\0\0\0", 16));
  EXPECT_THAT(refusal_of(nar), HasSubstr("expected '' at offset 96, found 'x'"));
}

TEST(NarParser, RefusesNames) {
  const std::string bad[] = {"", ".", "..", "a/b", std::string("a\0b", 3), std::string(256, 'n')};
  for (const std::string& name : bad) {
    const std::string nar = folder_of([&](NarWriter& writer) { entry(writer, name, ""); });
    EXPECT_THAT(refusal_of(nar), HasSubstr("expected a name")) << name;
  }
  NarVisitor ignore;
  const std::string longest =
      folder_of([](NarWriter& writer) { entry(writer, std::string(255, 'n'), ""); });
  EXPECT_EQ(testing::parse_nar(longest, ignore), longest.size());
}

TEST(NarParser, WantsNamesInBytewiseOrder) {
  const auto pair = [](const char* first, const char* second) {
    return folder_of([&](NarWriter& writer) {
      entry(writer, first, "");
      entry(writer, second, "");
    });
  };
  const char* sorted[] = {"Z", "a", "a-b", "a.b", "a0", "aa", "\xc3\xa9"};
  for (std::size_t i = 1; i < std::size(sorted); ++i) {
    NarVisitor ignore;
    EXPECT_NO_THROW(testing::parse_nar(pair(sorted[i - 1], sorted[i]), ignore));
    EXPECT_THAT(refusal_of(pair(sorted[i], sorted[i - 1])), HasSubstr("does not sort after"));
  }
  EXPECT_THAT(refusal_of(pair("a", "a")), HasSubstr("does not sort after"));
}

TEST(NarParser, RefusesLinkTargets) {
  const auto link = [](const std::string& target) {
    return nar_of([&](NarWriter& writer) { writer.symlink(target); });
  };
  for (const std::string& target :
       {std::string(), std::string("a\0b", 3), std::string(4096, 't')}) {
    EXPECT_THAT(refusal_of(link(target)), HasSubstr("a link target"));
  }
  NarVisitor ignore;
  EXPECT_NO_THROW(testing::parse_nar(link(std::string(4095, 't')), ignore));
}

TEST(NarParser, LimitsDepth) {
  const auto nested = [](std::size_t folders) {
    return nar_of([&](NarWriter& writer) {
      for (std::size_t i = 0; i < folders; ++i) {
        if (i > 0) writer.begin_entry("d");
        writer.begin_directory();
      }
      for (std::size_t i = folders; i-- > 0;) {
        writer.end_directory();
        if (i > 0) writer.end_entry();
      }
    });
  };
  NarVisitor ignore;
  EXPECT_NO_THROW(testing::parse_nar(nested(kMaxNarDepth), ignore));
  EXPECT_THAT(refusal_of(nested(kMaxNarDepth + 1)), HasSubstr("depth 64"));
}

TEST(NarParser, EveryCutIsAnErrorAndDamageIsHarmless) {
  const auto parse = [](const std::string& nar) {
    testing::NarTrace trace;
    testing::parse_nar(nar, trace);
    EXPECT_EQ(trace.rewritten(), nar);
  };
  testing::expect_every_cut_fails(sample(), parse);
  testing::expect_changed_bytes_are_harmless(sample(), parse);
}

}  // namespace
}  // namespace firn::nix
