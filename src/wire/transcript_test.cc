// SPDX-License-Identifier: Apache-2.0
#include "wire/transcript.h"

#include "nix/nar_writer.h"
#include "wire/reply_reader.h"
#include "wire/serve_commands.h"
#include "wire/serve_handshake.h"

#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace firn::wire {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr ServeVersion kVersion(7);

nix::StorePath path(std::string_view name) {
  return nix::StorePath::from_base_name("0c6rn30q4frawknapgwq386zq358m8r6-" + std::string(name));
}

/// A conversation of one question and two pipelined uploads.
struct Conversation {
  std::string sent = client_hello();
  std::string received = server_hello(kVersion);

  Conversation() {
    append_request(
        sent, QueryValidPaths{.lock = true, .substitute = false, .paths = {path("a")}}, kVersion);
    append_reply<QueryValidPaths>(received, {path("a")}, kVersion);
    upload("b");
    upload("c");
  }

  void upload(std::string_view name) {
    std::string nar;
    nix::NarWriter writer(nar);
    writer.begin_archive();
    writer.symlink(name);
    AddToStoreNar request{.info = {.path = path(name),
                                   .deriver = {},
                                   .references = {},
                                   .nar_hash = hash_of(HashAlgorithm::sha256, nar),
                                   .nar_size = ByteCount(nar.size()),
                                   .ca = {},
                                   .signatures = {},
                                   .registration_time = {},
                                   .ultimate = false}};
    append_request(sent, request, kVersion);
    sent += nar;
    append_reply<AddToStoreNar>(received, {}, kVersion);
  }
};

std::vector<TranscriptStep> steps_of(std::string_view sent, std::string_view received) {
  std::vector<TranscriptStep> steps;
  Replay to_server({sent});
  Replay to_client({received});
  read_transcript(to_server, to_client, [&](const TranscriptStep& step) { steps.push_back(step); });
  return steps;
}

std::vector<std::string> names_of(const std::vector<TranscriptStep>& steps) {
  std::vector<std::string> names;
  for (const auto& step : steps)
    names.push_back(step.name);
  return names;
}

TEST(Transcript, PairsRequestsWithTheirReplies) {
  const Conversation conversation;
  const auto steps = steps_of(conversation.sent, conversation.received);
  ASSERT_THAT(
      names_of(steps),
      ElementsAre("handshake", "query-valid-paths", "add-to-store-nar", "add-to-store-nar"));
  for (const auto& step : steps)
    EXPECT_THAT(step.problem, IsEmpty());
  EXPECT_EQ(steps[0].reply->at("version"), "2.7");
  EXPECT_EQ(steps[1].request.at("paths").at(0), path("a").str());
  EXPECT_EQ(*steps[1].reply, nlohmann::json::array({path("a").str()}));
  EXPECT_EQ(steps[2].request.at("nar").at("type"), "symlink");
  EXPECT_EQ(*steps[3].reply, 1);
  EXPECT_EQ(steps[3].sent.end, conversation.sent.size());
  EXPECT_EQ(steps[3].received.end, conversation.received.size());
}

TEST(Transcript, EveryCutEndsInOneStepThatSaysSo) {
  const Conversation conversation;
  for (std::size_t size = 0; size < conversation.sent.size(); size += 3) {
    const auto steps =
        steps_of(std::string_view(conversation.sent).substr(0, size), conversation.received);
    int problems = 0;
    for (const auto& step : steps)
      problems += step.problem.empty() ? 0 : 1;
    EXPECT_EQ(problems, 1) << size;
    EXPECT_FALSE(steps.back().problem.empty()) << size;
  }
}

TEST(Transcript, WhereTheServerLeavesTheRequestsAreStillTold) {
  const Conversation conversation;
  const auto steps = steps_of(conversation.sent, conversation.received.substr(0, 20));
  ASSERT_THAT(steps, SizeIs(4));
  EXPECT_THAT(steps[1].problem, HasSubstr("in the reply: at byte 20 of the stream: expected"));
  EXPECT_FALSE(steps[1].reply.has_value());
  EXPECT_EQ(steps[3].request.at("path"), nlohmann::json(path("c").base_name()));
  EXPECT_THAT(steps[3].problem, IsEmpty());
}

TEST(Transcript, TellsWhatNobodyAskedFor) {
  const Conversation conversation;
  const auto steps = steps_of(conversation.sent, conversation.received + "12345678");
  ASSERT_THAT(steps, SizeIs(5));
  EXPECT_THAT(steps.back().problem, HasSubstr("8 bytes"));
}

TEST(Transcript, ChangedBytesAreProblemsAndNothingWorse) {
  const Conversation conversation;
  for (std::size_t at = 0; at < conversation.sent.size(); at += 3) {
    std::string sent = conversation.sent;
    sent[at] = static_cast<char>(~sent[at]);
    EXPECT_FALSE(steps_of(sent, conversation.received).empty());
  }
}

}  // namespace
}  // namespace firn::wire
