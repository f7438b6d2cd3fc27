// SPDX-License-Identifier: Apache-2.0
// What clients send to our server: paths, one by one and as export streams.
#include "store/serve_server.h"
#include "store/spooled_nar.h"
#include "support/served_conversation.h"
#include "wire/export_stream.h"

#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace firn::store {
namespace {

using ::testing::HasSubstr;
using testing::nar_of;
using testing::RawClient;
using testing::ServedConversation;
using testing::store_path;
using testing::stored;
using testing::StoredPath;

const std::string kAcknowledged("\1\0\0\0\0\0\0\0", 8);

class Uploads : public ServedConversation {
 public:
  std::string upload_of(const StoredPath& path) const {
    return bytes_of(wire::AddToStoreNar{.info = path.info}) + path.nar;
  }

  /// The server ends the conversation with `words` and has nothing of the path.
  void expect_refused(const StoredPath& path, std::string words) {
    loop.run([](Uploads& t, StoredPath sent, std::string expected) -> aio::Task<void> {
      RawClient client(t.served);
      co_await client.tell(wire::client_hello());
      EXPECT_EQ(co_await client.tell(t.upload_of(sent)), "");
      EXPECT_FALSE(client.is_served());
      EXPECT_THAT(client.printed(), HasSubstr(expected));
      EXPECT_FALSE(t.served.store.paths.contains(sent.info.path));
    }(*this, path, std::move(words)));
  }
};

TEST_F(Uploads, AreRootedAndAdded) {
  tell([](ServedConversation& c, RawClient& client) -> aio::Task<void> {
    auto& t = static_cast<Uploads&>(c);
    auto a = stored("a", {store_path("a")});
    a.info.deriver = testing::drv_path("a").path();
    a.info.signatures = {"key:c2ln"};
    a.info.ca = "fixed:r:sha256:x";
    a.info.ultimate = true;
    EXPECT_EQ(co_await client.tell(t.upload_of(a)), kAcknowledged);
    EXPECT_EQ(t.served.store.paths.at(a.info.path).info, a.info);
    EXPECT_EQ(t.served.store.paths.at(a.info.path).nar, a.nar);
    EXPECT_TRUE(t.served.store.locked.contains(a.info.path));
  });
  EXPECT_FALSE(served.error);
}

TEST_F(Uploads, MayArriveInAnyPieces) {
  tell([](ServedConversation& c, RawClient& client) -> aio::Task<void> {
    const auto a = stored("a");
    const auto bytes = static_cast<Uploads&>(c).upload_of(a);
    std::string answer;
    for (std::size_t at = 0; at < bytes.size(); at += 5) {
      EXPECT_EQ(answer, "");
      answer = co_await client.tell(bytes.substr(at, 5));
    }
    EXPECT_EQ(answer, kAcknowledged);
    EXPECT_EQ(c.served.store.paths.at(a.info.path).nar, a.nar);
  });
}

TEST_F(Uploads, AnAlreadyValidPathIsReadAndForgotten) {
  served.store.hold(stored("a"));
  tell([](ServedConversation& c, RawClient& client) -> aio::Task<void> {
    auto& t = static_cast<Uploads&>(c);
    auto a = stored("a");
    a.nar.assign(a.nar.size(), 'x');
    EXPECT_EQ(co_await client.tell(t.upload_of(a) + t.upload_of(stored("b"))),
              kAcknowledged + kAcknowledged);
    EXPECT_EQ(t.served.store.paths.at(a.info.path).nar, stored("a").nar);
  });
  EXPECT_FALSE(served.error);
}

TEST_F(Uploads, WrongBytesAreRefused) {
  auto wrong = stored("a");
  wrong.nar = nar_of("b");
  expect_refused(wrong, "hash");

  auto shorter = stored("a");
  shorter.info.nar_size = ByteCount(shorter.nar.size() - 8);
  expect_refused(shorter, "does not end within");

  auto longer = stored("a");
  longer.info.nar_size = ByteCount(longer.nar.size() + 8);
  expect_refused(longer, "bytes");

  auto empty = stored("a");
  empty.info.nar_size = ByteCount(0);
  expect_refused(empty, "missing the narSize field");

  auto no_nar = stored("a");
  no_nar.nar.assign(no_nar.nar.size(), 'x');
  expect_refused(no_nar, "error: ");
}

TEST_F(Uploads, ReferencesMustBeThere) {
  expect_refused(stored("a", {store_path("b")}), store_path("b").str() + " is not valid");
}

TEST_F(Uploads, AnEndWithinThemIsAnError) {
  tell([](ServedConversation& c, RawClient& client) -> aio::Task<void> {
    const auto bytes = static_cast<Uploads&>(c).upload_of(stored("a"));
    co_await client.tell(bytes.substr(0, bytes.size() - 1));
    EXPECT_EQ(co_await client.leave(), "");
  });
  EXPECT_TRUE(served.error && served.error->kind() == Kind::unavailable);
  EXPECT_TRUE(served.store.paths.empty());
}

class Imports : public ServedConversation {
 public:
  std::string import_of(const std::vector<StoredPath>& paths) const {
    std::string bytes = bytes_of(wire::ImportPaths{});
    for (const auto& path : paths) {
      wire::append_export_item(bytes);
      bytes += path.nar;
      wire::append_export_trailer(bytes, wire::export_trailer_of(path.info));
    }
    wire::append_export_end(bytes);
    return bytes;
  }
};

TEST_F(Imports, ComputeWhatTheStreamDoesNotSay) {
  tell([](ServedConversation& c, RawClient& client) -> aio::Task<void> {
    auto& t = static_cast<Imports&>(c);
    const auto a = stored("a");
    const auto b = stored("b", {store_path("a"), store_path("b")});
    EXPECT_EQ(co_await client.tell(t.import_of({a, b})), kAcknowledged);
    EXPECT_EQ(t.served.store.paths.at(a.info.path).info, a.info);
    EXPECT_EQ(t.served.store.paths.at(b.info.path).info, b.info);
    EXPECT_EQ(t.served.store.locked, (nix::StorePathSet{a.info.path, b.info.path}));
    EXPECT_EQ(co_await client.tell(t.import_of({a})), kAcknowledged) << "already valid";
    EXPECT_EQ(co_await client.tell(t.import_of({})), kAcknowledged);
  });
  EXPECT_FALSE(served.error);
  EXPECT_EQ(served.store.added.size(), 2U);
}

TEST_F(Imports, BigOnesGoThroughAFile) {
  loop.run([](Imports& t) -> aio::Task<void> {
    const std::string big(3 * SpooledNar::kBlock + 5, 'x');
    const auto path = stored(store_path("big"), nar_of(big));
    testing::TextNar source(path.nar, 100'000);
    SpooledNar nar(t.loop);
    co_await nar.take(source);
    EXPECT_EQ(nar.hash(), *path.info.nar_hash);
    EXPECT_EQ(nar.size(), path.nar.size());
    std::string bytes;
    while (true) {
      const Bytes block = co_await nar.next();
      if (block.empty()) break;
      EXPECT_LE(block.size(), SpooledNar::kBlock);
      bytes += as_text(block);
    }
    EXPECT_TRUE(bytes == path.nar);
  }(*this));
}

TEST_F(Imports, WithoutTheirReferencesEndTheConversation) {
  tell([](ServedConversation& c, RawClient& client) -> aio::Task<void> {
    const auto bytes = static_cast<Imports&>(c).import_of({stored("b", {store_path("a")})});
    EXPECT_EQ(co_await client.tell(bytes), "");
    EXPECT_THAT(client.printed(), HasSubstr(store_path("a").str() + " is not valid"));
  });
}

TEST_F(Imports, OfWhatIsNoStreamEndTheConversation) {
  for (const char* number : {"\2", "\xff"}) {
    loop.run([](Imports& t, std::string item) -> aio::Task<void> {
      RawClient client(t.served);
      co_await client.tell(wire::client_hello());
      item.resize(8, '\0');
      EXPECT_EQ(co_await client.tell(t.bytes_of(wire::ImportPaths{}) + item), "");
      EXPECT_FALSE(client.is_served());
    }(*this, number));
  }
}

TEST_F(Imports, AreWhatExportsAre) {
  served.store.hold(stored("a"));
  served.store.hold(stored("b", {store_path("a")}));
  tell([](ServedConversation& c, RawClient& client) -> aio::Task<void> {
    auto& t = static_cast<Imports&>(c);
    const auto exported = co_await client.tell(
        t.bytes_of(wire::ExportPaths{.sign = true, .paths = {store_path("a"), store_path("b")}}));
    EXPECT_EQ(exported, t.import_of({stored("a"), stored("b", {store_path("a")})}).substr(8));
    t.served.store.paths.clear();
    EXPECT_EQ(co_await client.tell(t.bytes_of(wire::ImportPaths{}) + exported), kAcknowledged);
    EXPECT_EQ(t.served.store.paths.size(), 2U);
  });
}

TEST_F(Imports, ExportsStopAtWhatIsNotValid) {
  served.store.hold(stored("a"));
  tell([](ServedConversation& c, RawClient& client) -> aio::Task<void> {
    auto& t = static_cast<Imports&>(c);
    auto a = t.import_of({stored("a")}).substr(8);
    const std::string next = a.substr(0, 8);
    a.resize(a.size() - 8);
    const bool is_first = store_path("a") < store_path("gone");
    EXPECT_EQ(co_await client.tell(t.bytes_of(wire::ExportPaths{
                  .sign = false, .paths = {store_path("a"), store_path("gone")}})),
              (is_first ? a : "") + next);
    EXPECT_THAT(client.printed(), HasSubstr(store_path("gone").str() + "' is not valid"));
  });
}

}  // namespace
}  // namespace firn::store
