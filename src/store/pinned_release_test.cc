// SPDX-License-Identifier: Apache-2.0
// One conversation with a server of each release: what is sent is understood, and nothing that is
// answered is left over for the next reply.
#include "support/pinned_release.h"

#include "store/serve_connection.h"
#include "support/run.h"
#include "support/scripted_server.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace firn::store {
namespace {

using namespace std::chrono_literals;
using testing::error_of;
using testing::PinnedRelease;
using testing::ScriptedReply;
using testing::ScriptedServer;
using testing::store_path;
using testing::stored;
using wire::Command;

class TwoPaths final : public PathSource {
 public:
  aio::Task<std::optional<Item>> next() override {
    if (given_ == paths_.size()) co_return std::nullopt;
    const auto& path = paths_.at(given_++);
    co_return Item{.info = path.info, .nar = std::make_unique<testing::TextNar>(path.nar)};
  }

 private:
  std::array<testing::StoredPath, 2> paths_{stored("libc"),
                                            stored("source.c", {store_path("libc")})};
  std::size_t given_ = 0;
};

wire::BuildDerivation build_of(const std::string& name, const std::vector<std::string>& outputs) {
  wire::BuildDerivation build{.drv_path = testing::drv_path(name), .derivation = {}, .options = {}};
  for (const auto& output : outputs)
    build.derivation.outputs[output].path = store_path(name + "-" + output);
  build.derivation.input_sources = {store_path("source.c")};
  build.options.max_silent_time = 60s;
  build.options.max_log_size = ByteCount(std::uint64_t{1} << 40U);
  return build;
}

aio::Task<nix::BuildResult> build_or_fail(ScriptedServer& server,
                                          testing::ScriptedSession& session,
                                          const wire::BuildDerivation& request) {
  if (request.drv_path != testing::drv_path("bad"))
    co_return co_await ScriptedServer::build_everything(server, session, request);
  nix::BuildResult result;
  result.status = nix::BuildStatus::permanent_failure;
  result.error_message = "builder failed";
  co_return result;
}

class PinnedReleaseTest : public ::testing::TestWithParam<PinnedRelease> {
 public:
  PinnedReleaseTest() { testing::pin(server, GetParam(), build_or_fail); }

  /// What each side agrees on.
  wire::ServeVersion agreed() const {
    return std::min(wire::ServeVersion(GetParam().minor), wire::kNewestServe);
  }

  bool tells_outputs() const { return GetParam().outputs != PinnedRelease::Outputs::none; }

  aio::Loop loop{aio::Loop::Time::manual};
  ScriptedServer server{loop};
};

INSTANTIATE_TEST_SUITE_P(Nix,
                         PinnedReleaseTest,
                         ::testing::ValuesIn(testing::kPinnedReleases),
                         [](const auto& info) {
                           std::string name(info.param.nix);
                           std::ranges::replace(name, '.', '_');
                           return name;
                         });

aio::Task<void> build_on(ServeConnection& connection, PinnedReleaseTest& test) {
  const std::vector<std::string> outputs{"dev", "doc", "out"};
  const auto result = co_await connection.call(build_of("many", outputs));
  EXPECT_EQ(result.status, nix::BuildStatus::built);
  const auto& release = test.GetParam();
  const bool has_times = release.minor >= 3 && release.tells_times;
  EXPECT_EQ(result.start_time == WallTime(), !has_times);
  EXPECT_EQ(result.built_outputs.size(), test.tells_outputs() ? outputs.size() : 0U);
  for (const auto& [name, output] : result.built_outputs)
    EXPECT_EQ(output.out_path, store_path("many-" + name));
  nix::StorePathSet paths;
  for (const auto& output : outputs)
    paths.insert(store_path("many-" + output));
  const auto infos = co_await connection.call(wire::QueryPathInfos{.paths = paths});
  EXPECT_EQ(infos.size(), paths.size());
  for (const auto& info : infos)
    EXPECT_EQ(info.nar_hash.has_value(), release.minor >= 4) << info.path.str();
}

aio::Task<void> work(ServeConnection& connection, PinnedReleaseTest& test) {
  co_await connection.greet();
  EXPECT_EQ(connection.version(), test.agreed());
  TwoPaths source;
  co_await connection.add_paths(source);
  for (int round = 0; round < 2; ++round) {
    co_await build_on(connection, test);
    const auto failed = co_await connection.call(build_of("bad", {"out"}));
    EXPECT_EQ(failed.status, nix::BuildStatus::permanent_failure);
    EXPECT_EQ(failed.error_message, "builder failed");
    std::string nar;
    const auto dump = connection.dump(store_path("many-doc"));
    co_await testing::read_into(*dump, nar);
    EXPECT_EQ(nar, test.server.paths.at(store_path("many-doc")).nar);
    EXPECT_TRUE(connection.is_usable()) << "bytes are left";
  }
}

aio::Task<void> work_on_one_connection(PinnedReleaseTest& test) {
  ServeConnection connection(test.loop, test.server.open(), "b1");
  if (test.GetParam().minor == 0) {
    const auto error = co_await error_of(connection.greet());
    EXPECT_TRUE(error && error->kind() == Kind::protocol);
    EXPECT_NE(error->message().find("needs Nix 1.10 or newer"), std::string::npos);
  } else {
    co_await work(connection, test);
  }
  co_await connection.close();
}

TEST_P(PinnedReleaseTest, UnderstandsAndIsUnderstood) {
  loop.run(work_on_one_connection(*this));
  if (GetParam().minor == 0) {
    EXPECT_TRUE(server.requests.empty());
    return;
  }
  EXPECT_EQ(server.added, (std::vector{store_path("libc"), store_path("source.c")}));
  EXPECT_EQ(server.count(Command::import_paths), GetParam().minor < 5 ? 1U : 0U);
  EXPECT_EQ(server.builds.size(), 4U);
}

/// What a client would meet that announces an older version than ours.
aio::Task<void> leftovers_of(ScriptedServer& server,
                             wire::ServeVersion announced,
                             std::size_t& leftovers) {
  const auto link = server.open();
  co_await link->write(as_bytes(wire::client_hello(announced)));
  const auto agreed = wire::agree(announced, server.version);
  std::string request;
  wire::append_request(request, build_of("a", {"out"}), agreed);
  server.hold(stored("source.c"));
  co_await link->write(as_bytes(request));
  link->close_write();
  std::string answer;
  std::array<std::byte, 256> buffer{};
  for (std::size_t got = 1; got > 0; answer += as_text(Bytes(buffer).first(got)))
    got = co_await link->read_some(buffer);
  answer.erase(0, wire::kHelloSize);
  wire::ReplyReader<wire::BuildDerivation> reader(agreed, 0);
  const auto progress = reader.feed(answer);
  EXPECT_TRUE(progress.done);
  leftovers = answer.size() - progress.consumed;
}

TEST_P(PinnedReleaseTest, OlderAnnouncementsWouldDesynchroniseSomeOfThem) {
  if (GetParam().minor == 0) GTEST_SKIP() << "it cannot build";
  for (std::uint8_t minor = 1; minor <= 8; ++minor) {
    std::size_t leftovers = 0;
    loop.run(leftovers_of(server, wire::ServeVersion(minor), leftovers));
    const bool is_unasked = GetParam().outputs == PinnedRelease::Outputs::json_always && minor < 6;
    EXPECT_EQ(leftovers > 0, is_unasked) << int(minor);
  }
}

aio::Task<void> ask_for_repeats(PinnedReleaseTest& test) {
  ServeConnection connection(test.loop, test.server.open(), "b1");
  co_await connection.greet();
  wire::BuildDerivation build = build_of("a", {"out"});
  build.options.repeats = 1;
  const auto error = co_await error_of(testing::without_value(connection.call(build)));
  EXPECT_EQ(error.has_value(), test.GetParam().dies_of_repeats);
  co_await connection.close();
}

TEST_P(PinnedReleaseTest, RepeatsWouldKillSomeOfThem) {
  if (GetParam().minor == 0) GTEST_SKIP() << "it cannot build";
  loop.run(ask_for_repeats(*this));
}

aio::Task<void> greet_into(aio::Loop& loop, ScriptedServer& server, std::optional<Error>& error) {
  ServeConnection connection(loop, server.open(), "b1");
  error = co_await error_of(testing::while_time_passes(loop, 1s, connection.greet()));
}

TEST_P(PinnedReleaseTest, ATalkativeShellIsQuoted) {
  server.greeting = "Welcome to b1!\n" + wire::server_hello(server.version);
  for (const auto then : {ScriptedReply::Then::close, ScriptedReply::Then::hang}) {
    server.after_greeting = then;
    std::optional<Error> error;
    loop.run(greet_into(loop, server, error));
    ASSERT_TRUE(error);
    EXPECT_EQ(error->kind(), Kind::protocol);
    EXPECT_NE(error->message().find("Welcome to b1!"), std::string::npos) << error->message();
  }
}

}  // namespace
}  // namespace firn::store
