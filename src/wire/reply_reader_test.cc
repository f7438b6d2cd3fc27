// SPDX-License-Identifier: Apache-2.0
#include "wire/reply_reader.h"

#include "base/error.h"
#include "support/serve_samples.h"
#include "wire/serve_commands.h"

#include <string>
#include <string_view>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace firn::wire {
namespace {

using ::firn::testing::ServeSamples;

/// Feeds as a connection does that receives `piece` bytes at a time; returns what is left over.
template <class Request>
std::string_view feed_in_pieces(ReplyReader<Request>& reader,
                                std::string_view bytes,
                                std::size_t piece) {
  std::size_t arrived = 0;
  for (;;) {
    const Progress progress = reader.feed(bytes.substr(0, arrived));
    bytes.remove_prefix(progress.consumed);
    arrived -= progress.consumed;
    if (progress.done) return bytes;
    EXPECT_GT(progress.missing, 0U);
    const std::size_t wanted = arrived + progress.missing;
    while (arrived < wanted)
      arrived += piece;
    if (arrived > bytes.size()) arrived = bytes.size();
    if (wanted > bytes.size()) throw Error(Kind::unavailable, "the end");
  }
}

TEST(ReplyReader, DoesNotMindHowBytesArrive) {
  ServeSamples samples(3);
  PathInfos infos;
  while (infos.size() < 20)
    infos.push_back(samples.path_info());
  std::string bytes;
  append_reply<QueryPathInfos>(bytes, infos, kNewestServe);
  bytes += "next";
  for (const std::size_t piece : {1U, 7U, 64U, 1000U, 100'000U}) {
    ReplyReader<QueryPathInfos> reader(kNewestServe);
    EXPECT_EQ(feed_in_pieces(reader, bytes, piece), "next");
    EXPECT_EQ(std::move(reader).take(), testing::as_of(kNewestServe, infos));
  }
}

TEST(ReplyReader, ConsumesWholeRecordsOnly) {
  ServeSamples samples(4);
  const nix::StorePathSet paths = {samples.path(), samples.path(), samples.path()};
  std::string bytes;
  append_reply<QueryClosure>(bytes, paths, kNewestServe);
  const auto first = 8 + 8 + (paths.begin()->str().size() + 7) / 8 * 8;
  ReplyReader<QueryClosure> reader(kNewestServe);
  const Progress progress = reader.feed(std::string_view(bytes).substr(0, first + 20));
  EXPECT_EQ(progress.consumed, first);
  EXPECT_FALSE(progress.done);
}

TEST(ReplyReader, ANarIsNotTouched) {
  ReplyReader<DumpStorePath> reader(kNewestServe);
  const Progress progress = reader.feed("");
  EXPECT_TRUE(progress.done);
  EXPECT_EQ(progress.consumed, 0U);
}

TEST(ReplyReader, IsReadOnce) {
  std::string bytes;
  append_reply<ImportPaths>(bytes, {}, kNewestServe);
  ReplyReader<ImportPaths> reader(kNewestServe);
  EXPECT_THROW(std::move(reader).take(), Bug);
  EXPECT_TRUE(reader.feed(bytes).done);
  EXPECT_EQ(std::move(reader).take(), Acknowledged{});
  EXPECT_THROW(std::move(reader).take(), Bug);
  EXPECT_THROW(reader.feed(bytes), Bug);
}

TEST(ReplyReader, ErrorsCountFromTheStartOfTheConversation) {
  std::string bytes;
  Encoder io(bytes);
  io.u64(1);
  io.text("/tmp/x", kPathLimit);
  ReplyReader<QueryValidPaths> reader(kNewestServe, 500);
  try {
    reader.feed(bytes);
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), Kind::protocol);
    EXPECT_THAT(error.message(), ::testing::HasSubstr("at byte 508 "));
  }
}

TEST(ReplyReader, UnknownStatusesSurvive) {
  nix::BuildResult result;
  result.status = static_cast<nix::BuildStatus>(77);
  std::string bytes;
  append_reply<BuildDerivation>(bytes, result, ServeVersion(2));
  ReplyReader<BuildDerivation> reader(ServeVersion(2));
  ASSERT_TRUE(reader.feed(bytes).done);
  EXPECT_EQ(std::move(reader).take().status, result.status);
}

}  // namespace
}  // namespace firn::wire
