// SPDX-License-Identifier: Apache-2.0
#include "transport/process_link.h"

#include "aio/phase.h"
#include "support/run.h"

#include <array>
#include <string>

#include <gtest/gtest.h>

namespace firn::transport {
namespace {

using namespace std::chrono_literals;
using testing::error_of;

aio::Command shell(std::string script) {
  return {.argv = {"sh", "-c", std::move(script)}, .environment = {}};
}

aio::Task<std::string> read_all(Link& link) {
  std::string all;
  std::array<std::byte, 4096> buffer{};
  while (const std::size_t got = co_await link.read_some(buffer))
    all += as_text(Bytes(buffer).first(got));
  co_return all;
}

aio::Task<void> hear(aio::Loop& loop, std::string script, std::string& words) {
  ProcessLink link(loop, shell(std::move(script)));
  co_await read_all(link);
  words = co_await link.last_words();
}

std::string last_words_of(std::string script) {
  aio::Loop loop;
  std::string words;
  loop.run(hear(loop, std::move(script), words));
  return words;
}

TEST(ProcessLink, LastWords) {
  struct Case {
    std::string script;
    std::string words;
  };

  for (const Case& c : {Case{"exit 0", ""},
                        Case{"exit 3", "exit status 3"},
                        Case{"echo oops >&2", "oops"},
                        Case{"echo oops >&2; exit 1", "oops (exit status 1)"},
                        Case{"printf '\\none\\ntwo\\r\\n\\n' >&2", "one\ntwo"},
                        Case{"echo bye >&2; kill -KILL $$", "bye (killed by signal 9)"}}) {
    EXPECT_EQ(last_words_of(c.script), c.words) << c.script;
  }
}

TEST(ProcessLink, LastWordsAreTheEndOfLongTalk) {
  const auto words =
      last_words_of("i=0; while [ $i -lt 4000 ]; do echo line $i; i=$((i+1)); done >&2");
  EXPECT_TRUE(words.ends_with("line 3999")) << words.substr(words.size() - 100);
  EXPECT_LE(words.size(), aio::DrainedPipe::kTail);
}

aio::Task<void> hear_held_open(aio::Loop& loop, std::string& words) {
  // A process left behind keeps stderr open.
  ProcessLink link(loop, shell("echo oops >&2; sleep 60 >&- <&- & exec >&-; wait"));
  co_await read_all(link);
  words = co_await link.last_words();
}

TEST(ProcessLink, LastWordsDoNotWaitForEver) {
  aio::Loop loop(aio::Loop::Time::manual);
  std::string words;
  loop.run(testing::while_time_passes(loop, 100ms, hear_held_open(loop, words)));
  EXPECT_EQ(words, "oops");
}

aio::Task<void> echo(aio::Loop& loop) {
  ProcessLink link(loop, shell("cat; echo done >&2"));
  std::string heard;
  link.listen([&heard](std::string_view text) { heard += text; });
  co_await link.write(as_bytes("hello"));
  link.close_write();
  EXPECT_EQ(co_await read_all(link), "hello");
  co_await link.diagnostics_ended();
  EXPECT_EQ(heard, "done\n");
  EXPECT_EQ(link.sent().value(), 5U);
  EXPECT_EQ(link.received().value(), 5U);
  EXPECT_EQ(link.progress().moved, 10U);
  EXPECT_EQ(co_await link.last_words(), "") << "it was given to the listener";
}

TEST(ProcessLink, MovesBytesBothWaysAndTellsItsStderr) {
  aio::Loop loop;
  loop.run(echo(loop));
}

aio::Task<void> hear_before_and_after(aio::Loop& loop) {
  ProcessLink link(loop, shell("echo old >&2; echo up; read line; echo new >&2; exit 1"));
  std::array<std::byte, 16> buffer{};
  co_await link.read_some(buffer);
  co_await testing::settle();
  link.listen([](std::string_view) {});
  co_await testing::settle();
  link.close_write();
  co_await read_all(link);
  EXPECT_EQ(co_await link.last_words(), "exit status 1");
}

TEST(ProcessLink, OldWordsAreNotTheLast) {
  aio::Loop loop;
  loop.run(hear_before_and_after(loop));
}

aio::Task<void> write_to_nobody(aio::Loop& loop) {
  ProcessLink link(loop, shell("exec <&-; echo deaf"));
  co_await read_all(link);
  const auto error = co_await error_of(link.write(as_bytes("hello")));
  EXPECT_TRUE(error && error->kind() == Kind::unavailable);
  link.close_write();
  const auto closed = co_await error_of(link.write(as_bytes("hello")));
  EXPECT_TRUE(closed && closed->kind() == Kind::unavailable);
}

TEST(ProcessLink, AGoneProgramIsUnavailable) {
  aio::Loop loop;
  loop.run(write_to_nobody(loop));
}

aio::Task<void> stop(aio::Loop& loop, std::string script, Duration grace, std::string& words) {
  ProcessLink link(loop, shell(std::move(script)));
  std::array<std::byte, 16> buffer{};
  co_await link.read_some(buffer);
  co_await link.stop(grace);
  words = co_await link.last_words();
}

TEST(ProcessLink, StopAsksAndThenInsists) {
  struct Case {
    std::string script;
    Duration grace;
    std::string words;
  };

  for (const Case& c :
       {Case{"echo up; cat >/dev/null; exit 4", 10s, "exit status 4"},
        Case{"echo up; exec sleep 60", 20ms, "killed by signal 15"},
        Case{"trap '' TERM; echo up; while :; do sleep 60; done", 20ms, "killed by signal 9"}}) {
    aio::Loop loop;
    std::string words;
    loop.run(stop(loop, c.script, c.grace, words));
    EXPECT_EQ(words, c.words) << c.script;
  }
}

aio::Task<void> open_local(aio::Loop& loop) {
  LocalConnector connector(loop, shell("echo up"));
  for (int i = 0; i < 2; ++i) {
    const auto link = co_await connector.open();
    EXPECT_EQ(co_await read_all(*link), "up\n");
    EXPECT_FALSE(connector.learn_refusal(*link, "Session open refused by peer"));
  }
  co_await connector.close();
}

TEST(LocalConnector, StartsItsProgramAnew) {
  aio::Loop loop;
  loop.run(open_local(loop));
}

aio::Task<void> open_missing(aio::Loop& loop) {
  LocalConnector connector(loop, {.argv = {"/no/such/program"}, .environment = {}});
  co_await connector.open();
}

TEST(LocalConnector, AMissingProgramIsNamed) {
  aio::Loop loop;
  try {
    loop.run(open_missing(loop));
    FAIL() << "no error";
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), Kind::not_found);
    EXPECT_NE(e.message().find("/no/such/program"), std::string::npos);
  }
}

}  // namespace
}  // namespace firn::transport
