// SPDX-License-Identifier: Apache-2.0
// Every reply of a machine, damaged at every point (FIRN_EVERY_POINT) or at some of them: the step
// is built all the same, by another machine or session, nobody's build has failed, and nothing
// wrong has got into the store.
#include "support/farm_run.h"

#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <optional>
#include <ostream>
#include <string>
#include <utility>

namespace firn::farm {
namespace {

using namespace std::chrono_literals;
using sched::FailureClass;
using testing::output_of;
using testing::ScriptedReply;
using testing::ScriptedServer;
using testing::store_path;
using testing::stored;
using wire::Command;

/// What happens to the bytes of a reply from some point on.
struct Damage {
  const char* name;
  void (*apply)(ScriptedReply& reply, std::size_t point);
  /// What the attempt must end in; nothing where that depends on the point.
  std::optional<FailureClass> expected;
};

void cut(ScriptedReply& reply, std::size_t point) {
  reply.bytes.resize(point);
  reply.then = ScriptedReply::Then::close;
}

void fall_silent(ScriptedReply& reply, std::size_t point) {
  reply.bytes.resize(point);
  reply.then = ScriptedReply::Then::hang;
}

void turn_to_garbage(ScriptedReply& reply, std::size_t point) {
  for (std::size_t i = point; i < reply.bytes.size(); ++i)
    reply.bytes[i] = static_cast<char>(0xee);
  reply.then = ScriptedReply::Then::close;
}

/// As lengths and counts, these bytes are endless.
void grow_without_end(ScriptedReply& reply, std::size_t point) {
  reply.bytes.replace(point, std::string::npos, std::string(16, '\xff'));
  reply.then = ScriptedReply::Then::hang;
}

/// One step with one input, on two machines; the first reply to `command` is damaged, but not the
/// one that says whose store it is.
class DamagedRun final : public testing::FarmRunTest {
 public:
  DamagedRun(wire::ServeVersion version, Command command, const Damage& damage, std::size_t point) {
    options.max_silent_time = 30s;
    options.limits.build_grace.base = 30s;
    step = 5s;
    for (auto* server : {&b1, &b2}) {
      server->version = version;
      server->tamper = [this, command, &damage, point](Command asked, ScriptedReply& reply) {
        const bool is_about_the_store =
            asked == Command::query_valid_paths && std::exchange(is_first_question_, false);
        if (is_about_the_store || asked != command || std::exchange(has_struck_, true)) return;
        length = reply.bytes.size();
        if (point < length) damage.apply(reply, point);
      };
    }
    store.hold(stored("source.c"));
    add({.name = "a", .sources = {store_path("source.c")}});
    counts = build({"a"});
  }

  sched::Counts counts;
  /// Of the reply when it was whole.
  std::size_t length = 0;

 private:
  void TestBody() override {}

  bool is_first_question_ = true;
  bool has_struck_ = false;
};

void expect_harmless(const DamagedRun& run, const Damage& damage, std::size_t point) {
  EXPECT_EQ(run.counts.succeeded, 1U) << damage.name << " at " << point;
  const auto found = run.store.paths.find(output_of("a"));
  ASSERT_NE(found, run.store.paths.end()) << damage.name << " at " << point;
  EXPECT_EQ(hash_of(HashAlgorithm::sha256, found->second.nar), found->second.info.nar_hash);
  EXPECT_EQ(found->second.nar, testing::nar_of(testing::drv_path("a").str() + "!out"));
  if (damage.expected) {
    EXPECT_EQ(run.failures(), std::vector{*damage.expected}) << damage.name << " at " << point;
  }
}

struct Reply {
  const char* name;
  wire::ServeVersion version;
  Command command;
};

void PrintTo(const Reply& reply, std::ostream* out) {
  *out << reply.name;
}

class DamagedReply : public ::testing::TestWithParam<Reply> {
 protected:
  /// All points take half a minute; every thirteenth meets each byte of a word, and each field.
  static std::size_t stride() { return std::getenv("FIRN_EVERY_POINT") != nullptr ? 1 : 13; }

  static void try_points(const Damage& damage) {
    const auto& reply = GetParam();
    std::size_t length = 1;
    for (std::size_t point = 0; point < length; point += stride()) {
      const DamagedRun run(reply.version, reply.command, damage, point);
      ASSERT_GT(run.length, 0U) << "nobody asked for this reply";
      length = run.length;
      expect_harmless(run, damage, point);
    }
  }
};

TEST_P(DamagedReply, CutShort) {
  try_points({"cut", cut, FailureClass::machine_lost});
}

TEST_P(DamagedReply, ThenSilence) {
  const bool is_building = GetParam().command == Command::build_derivation;
  try_points({"silent",
              fall_silent,
              is_building ? FailureClass::silent_by_our_clock : FailureClass::transfer_stalled});
}

TEST_P(DamagedReply, ThenGarbage) {
  try_points({"garbage", turn_to_garbage, std::nullopt});
}

TEST_P(DamagedReply, ThenEndlessLengths) {
  try_points({"endless", grow_without_end, std::nullopt});
}

constexpr wire::ServeVersion kOld{3};

INSTANTIATE_TEST_SUITE_P(
    Serve,
    DamagedReply,
    ::testing::Values(Reply{"valid_paths", wire::kNewestServe, Command::query_valid_paths},
                      Reply{"added_path", wire::kNewestServe, Command::add_to_store_nar},
                      Reply{"imported_paths", kOld, Command::import_paths},
                      Reply{"build_result", wire::kNewestServe, Command::build_derivation},
                      Reply{"old_build_result", kOld, Command::build_derivation},
                      Reply{"path_infos", wire::kNewestServe, Command::query_path_infos},
                      Reply{"old_path_infos", kOld, Command::query_path_infos},
                      Reply{"nar", wire::kNewestServe, Command::dump_store_path}),
    [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace firn::farm
