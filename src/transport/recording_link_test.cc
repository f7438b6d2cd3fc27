// SPDX-License-Identifier: Apache-2.0
#include "transport/recording_link.h"

#include "support/run.h"
#include "support/temp_folder.h"
#include "transport/process_link.h"

#include <array>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace firn::transport {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

std::unique_ptr<Connector> shell(aio::Loop& loop, const std::string& script) {
  return std::make_unique<LocalConnector>(
      loop, aio::Command{.argv = {"sh", "-c", script}, .environment = {}});
}

/// Says "hello", reads to the end, stops.
aio::Task<std::string> converse(Connector& connector) {
  const auto link = co_await connector.open();
  std::string heard;
  link->listen([&](std::string_view text) { heard += text; });
  co_await link->write(as_bytes("hello"));
  link->close_write();
  std::array<std::byte, 64> buffer{};
  while (const std::size_t got = co_await link->read_some(buffer))
    heard += as_text(Bytes(buffer).first(got));
  co_await link->diagnostics_ended();
  EXPECT_EQ(link->sent().value(), 5U);
  EXPECT_EQ(link->progress().moved, 10U);
  co_await link->stop(1s);
  co_return heard;
}

std::string joined(const Capture& capture, Flow flow) {
  std::string out;
  for (const auto& record : capture.records) {
    if (record.flow == flow) out += record.bytes;
  }
  return out;
}

aio::Task<void> record_one(aio::Loop& loop, const testing::TempFolder& folder) {
  Recorder recorder(loop, folder.path() / "a/b");
  const auto connector = recorder.record(shell(loop, "cat; echo careful >&2"), "ssh://nix@b1:22");
  EXPECT_EQ((co_await converse(*connector)).size(), 5U + 8U);
  co_await connector->close();
  EXPECT_FALSE(recorder.failure().has_value());
}

TEST(RecordingLink, WritesDownBothDirectionsAndStderr) {
  aio::Loop loop;
  const testing::TempFolder folder;
  loop.run(record_one(loop, folder));
  const std::string file = folder.read("a/b/0001-nix@b1-22.capture");
  const auto capture = parse_capture(file);
  EXPECT_EQ(capture.peer, "ssh://nix@b1:22");
  EXPECT_FALSE(capture.torn_at.has_value());
  EXPECT_EQ(joined(capture, Flow::sent), "hello");
  EXPECT_EQ(joined(capture, Flow::received), "hello");
  EXPECT_EQ(joined(capture, Flow::diagnostics), "careful\n");
  ASSERT_FALSE(capture.records.empty());
  EXPECT_EQ(capture.records.front().bytes, "hello") << "the question comes first";
}

aio::Task<void> record_twice(aio::Loop& loop, const testing::TempFolder& folder) {
  Recorder recorder(loop, folder.path());
  const auto connector = recorder.record(shell(loop, "cat"), "x");
  folder.write("0002-x.capture", "somebody else's");
  for (int i = 0; i < 2; ++i)
    EXPECT_EQ(co_await converse(*connector), "hello");
  EXPECT_TRUE(recorder.failure().has_value());
  if (recorder.failure()) EXPECT_THAT(recorder.failure()->message(), HasSubstr("0002-x.capture"));
}

TEST(RecordingLink, AConversationGoesOnWhereItsRecordingCannot) {
  aio::Loop loop;
  const testing::TempFolder folder;
  loop.run(record_twice(loop, folder));
  EXPECT_EQ(folder.read("0002-x.capture"), "somebody else's");
}

}  // namespace
}  // namespace firn::transport
