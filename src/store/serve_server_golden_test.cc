// SPDX-License-Identifier: Apache-2.0
// What clients said to Nix 2.8.0 is said to our server, which answers the same, byte for byte. Its
// store holds what the recorded answers tell of the recorded one.
#include "aio/wait_queue.h"
#include "support/golden.h"
#include "support/served_conversation.h"
#include "wire/export_stream.h"

#include <deque>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace firn::store {
namespace {

using Json = nlohmann::json;
using testing::FakeStore;
using testing::RawClient;
using testing::read_golden;
using testing::StoredPath;

constexpr const char* kFolder = "captured-nix-2.8.0/serve-sessions";

/// Both sides of one exchange.
struct Step {
  std::string command;
  std::string sent;
  std::string received;
};

struct Session {
  std::vector<Step> steps;
  int exit_status = 0;
  wire::ServeVersion version = wire::kNewestServe;
};

Session load_session(const std::string& name) {
  const std::string stem = std::string(kFolder) + "/" + name;
  const auto sent = read_golden(stem + ".c2s.bin");
  const auto received = read_golden(stem + ".s2c.bin");
  const auto json = Json::parse(read_golden(stem + ".json"));
  Session session;
  for (const auto& step : json.at("steps")) {
    const auto cut = [&](const std::string& bytes, const char* side) {
      const std::size_t begin = step.at(side).at(0);
      return bytes.substr(begin, step.at(side).at(1).get<std::size_t>() - begin);
    };
    session.steps.push_back({.command = step.at("command"),
                             .sent = cut(sent, "c2s"),
                             .received = cut(received, "s2c")});
  }
  session.exit_status = json.at("exitStatus");
  const auto hello = wire::read_client_hello(session.steps.at(0).sent);
  session.version =
      wire::agree(wire::ServeVersion(7), std::get<wire::Decoded<wire::ServeVersion>>(hello).value);
  return session;
}

class RecordedClients : public testing::ServedConversation {
 public:
  void SetUp() override {
    if (!std::filesystem::is_directory(testing::golden_dir() / kFolder)) {
      GTEST_SKIP() << "no captured sessions in " << testing::golden_dir();
    }
  }

  /// What the recorded server had before, and how its builds ended.
  void remember(const Session& session) {
    served.store.paths.clear();
    known_.clear();
    results_.clear();
    replies_.clear();
    version = session.version;
    bool adds = false;
    for (const auto& step : session.steps) {
      learn(step);
      adds |= step.command == "AddToStoreNar" || step.command == "ImportPaths";
    }
    if (!adds) served.store.paths = known_;
    served.options.announced = wire::ServeVersion(7);
    served.store.build_derivation = [this](FakeStore&, wire::BuildDerivation, LogSink) {
      return next_result();
    };
    served.store.build_paths = [this](FakeStore&, wire::BuildPaths, LogSink) {
      return next_reply();
    };
  }

  void replay(const Session& session) { loop.run(replay_all(&session)); }

 private:
  template <class Request>
  typename Request::Reply reply_of(const Step& step) const {
    wire::ReplyReader<Request> reader(version);
    EXPECT_TRUE(reader.feed(step.received).done);
    return std::move(reader).take();
  }

  template <class Request>
  Request request_of(const Step& step) const {
    return std::get<0>(wire::decode_request<Request>(step.sent.substr(8), version)).value;
  }

  void learn(const Step& step) {
    if (step.command == "QueryValidPaths") {
      for (const auto& path : reply_of<wire::QueryValidPaths>(step))
        known_.emplace(path, testing::stored(path, ""));
    } else if (step.command == "QueryPathInfos") {
      for (const auto& info : reply_of<wire::QueryPathInfos>(step))
        known_.try_emplace(info.path, testing::stored(info.path, "")).first->second.info = info;
    } else if (step.command == "DumpStorePath" && !step.received.empty()) {
      const auto path = request_of<wire::DumpStorePath>(step).path;
      known_.try_emplace(path, testing::stored(path, "")).first->second.nar = step.received;
    } else if (step.command == "BuildDerivation" && !step.received.empty()) {
      results_.push_back(reply_of<wire::BuildDerivation>(step));
    } else if (step.command == "BuildPaths") {
      replies_.push_back(reply_of<wire::BuildPaths>(step));
    }
  }

  /// After the first build everything that is asked for later is there.
  aio::Task<nix::BuildResult> next_result() {
    if (results_.empty()) {
      aio::WaitQueue never;
      co_await never.wait();
    }
    for (const auto& [path, stored] : known_)
      served.store.hold(stored);
    const auto result = results_.front();
    results_.pop_front();
    co_return result;
  }

  aio::Task<wire::BuildPathsReply> next_reply() {
    const auto reply = replies_.front();
    replies_.pop_front();
    co_return reply;
  }

  aio::Task<void> replay_all(const Session* session) {
    RawClient client(served);
    for (const auto& step : session->steps) {
      if (step.command == "ExportPaths") co_await import(step.received);
      const auto answer = co_await client.tell(step.sent);
      if (step.command == "BuildDerivation" && session->version < wire::ServeVersion(6)) {
        // That server appends outputs whatever the client announced; correct ones do not.
        EXPECT_TRUE(step.received.starts_with(answer) && !answer.empty());
      } else {
        EXPECT_EQ(answer, step.received) << step.command;
      }
    }
    EXPECT_EQ(co_await client.leave(), "");
    EXPECT_FALSE(client.is_served());
    EXPECT_EQ(served.error.has_value(), session->exit_status != 0) << client.printed();
  }

  aio::Task<void> import(const std::string& stream) {
    RawClient client(served);
    co_await client.tell(wire::client_hello());
    co_await client.tell(bytes_of(wire::ImportPaths{}) + stream);
    co_await client.leave();
  }

  std::map<nix::StorePath, StoredPath> known_;
  std::deque<nix::BuildResult> results_;
  std::deque<wire::BuildPathsReply> replies_;
};

TEST_F(RecordedClients, AreAnsweredAsNixAnsweredThem) {
  const auto files = testing::golden_files(kFolder, ".c2s.bin");
  EXPECT_GT(files.size(), 15U);
  for (const auto& file : files) {
    const auto name = file.filename().string();
    SCOPED_TRACE(name);
    const auto session =
        load_session(name.substr(0, name.size() - std::string_view(".c2s.bin").size()));
    served.options.access =
        name.find("readonly") == std::string::npos ? Access::write : Access::read;
    remember(session);
    replay(session);
  }
}

/// Cut anywhere, the conversation ends by itself, and what was answered is the beginning of what is
/// answered to the whole.
TEST_F(RecordedClients, MayLeaveAnywhere) {
  for (const char* name : {"hydra-like-full-2.6", "add-to-store-nar-2.7", "path-infos-2.7"}) {
    const auto session = load_session(name);
    const auto sent = read_golden(std::string(kFolder) + "/" + name + ".c2s.bin");
    const auto received = read_golden(std::string(kFolder) + "/" + name + ".s2c.bin");
    for (std::size_t size = 0; size < sent.size(); size += 37) {
      remember(session);
      loop.run(
          [](RecordedClients& t, std::string cut, const std::string& whole) -> aio::Task<void> {
            RawClient client(t.served);
            std::string answer = co_await client.tell(cut);
            answer += co_await client.leave();
            EXPECT_FALSE(client.is_served()) << cut.size();
            EXPECT_TRUE(whole.starts_with(answer)) << cut.size();
          }(*this, sent.substr(0, size), received));
    }
  }
}

TEST_F(RecordedClients, MaySayAnythingElse) {
  for (const char* name : {"hydra-like-full-2.6", "add-to-store-nar-2.7", "path-infos-2.7"}) {
    const auto session = load_session(name);
    auto sent = read_golden(std::string(kFolder) + "/" + name + ".c2s.bin");
    for (std::size_t at = wire::kHelloSize; at < sent.size(); at += 41) {
      remember(session);
      const char before = std::exchange(sent[at], static_cast<char>(sent[at] ^ '\x81'));
      loop.run([](RecordedClients& t, const std::string& changed) -> aio::Task<void> {
        RawClient client(t.served);
        co_await client.tell(changed);
        co_await client.leave();
        EXPECT_FALSE(client.is_served());
        EXPECT_FALSE(t.served.error && t.served.error->kind() == Kind::internal)
            << t.served.error->what();
      }(*this, sent));
      sent[at] = before;
    }
  }
}

}  // namespace
}  // namespace firn::store
