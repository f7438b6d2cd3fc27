// SPDX-License-Identifier: Apache-2.0
#include "transport/capture.h"

#include "base/error.h"
#include "support/mutations.h"
#include "support/temp_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace firn::transport {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr WallTime kStarted{1'700'000'000s};

std::string recording() {
  const firn::testing::TempFolder folder;
  {
    CaptureFile file(folder.path() / "c", "ssh://b1", kStarted);
    file.append({.flow = Flow::sent, .at = 5us, .bytes = "question"});
    file.append({.flow = Flow::diagnostics, .at = 6us, .bytes = "hm\n"});
    file.append({.flow = Flow::received, .at = 2s, .bytes = std::string_view("\0answer", 7)});
    file.append({.flow = Flow::received, .at = 3s, .bytes = {}});
  }
  return folder.read("c");
}

TEST(Capture, IsReadAsItWasWritten) {
  const std::string file = recording();
  const auto capture = parse_capture(file);
  EXPECT_EQ(capture.peer, "ssh://b1");
  EXPECT_EQ(capture.started, "2023-11-14T22:13:20Z");
  EXPECT_FALSE(capture.torn_at.has_value());
  ASSERT_THAT(capture.records, SizeIs(4));
  EXPECT_EQ(capture.records[0].flow, Flow::sent);
  EXPECT_EQ(capture.records[0].at, 5us);
  EXPECT_EQ(capture.records[0].bytes, "question");
  EXPECT_EQ(capture.records[1].flow, Flow::diagnostics);
  EXPECT_EQ(capture.records[2].bytes, std::string_view("\0answer", 7));
  EXPECT_EQ(capture.records[2].at, 2s);
  EXPECT_THAT(capture.records[3].bytes, IsEmpty());
}

TEST(Capture, ATornOneHoldsWhatIsThere) {
  const std::string file = recording();
  const auto header = file.find("\n\n") + 2;
  for (std::size_t size = header; size < file.size(); ++size) {
    const auto capture = parse_capture(std::string_view(file).substr(0, size));
    std::size_t bytes = 0;
    for (const auto& record : capture.records)
      bytes += 16 + record.bytes.size();
    const auto whole = header + bytes;
    if (capture.torn_at) {
      EXPECT_LE(*capture.torn_at, size);
      EXPECT_LE(whole, size);
    } else {
      EXPECT_EQ(whole, size);
    }
  }
}

TEST(Capture, RefusesWhatIsNone) {
  const auto refusal = [](std::string_view file) -> std::string {
    try {
      parse_capture(file);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), Kind::invalid);
      return error.message();
    }
    return "none";
  };
  EXPECT_THAT(refusal(""), HasSubstr("at byte 0: expected a recording"));
  EXPECT_THAT(refusal("firn-capture: 1\nstarted: x\n"), HasSubstr("at byte 16: expected a line"));
  EXPECT_THAT(refusal("firn-capture: 1\npeer: x\nstarted: y\n\nX000000000000000"),
              HasSubstr("at byte 36: expected a record"));
}

TEST(Capture, ChangedBytesAreHarmless) {
  firn::testing::expect_changed_bytes_are_harmless(recording(), parse_capture);
}

TEST(CaptureFile, NeverWritesIntoAnotherFile) {
  const firn::testing::TempFolder folder;
  folder.write("c", "precious");
  EXPECT_THROW(CaptureFile(folder.path() / "c", "x", kStarted), Error);
  EXPECT_EQ(folder.read("c"), "precious");
}

}  // namespace
}  // namespace firn::transport
