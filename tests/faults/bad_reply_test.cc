// SPDX-License-Identifier: Apache-2.0
// Servers that lie, stammer and stop in the middle: stock nix-store, behind a filter over what it
// says. Every cut point of every reply is tried in memory, by src/farm/cut_replies_test.cc.
#include "faults/fault_fixture.h"

#include <chrono>
#include <filesystem>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace firn::testing {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

/// `change` is Perl over $_, a piece of what the server says, before it is passed on; $seen bytes
/// came before it. `stop` ends server and filter.
struct BadReplyCase {
  std::string name;
  std::string change;
  std::chrono::milliseconds bound{};
  std::string failure;
};

void PrintTo(const BadReplyCase& fault, std::ostream* out) {
  *out << fault.name;
}

constexpr std::string_view kFilter = R"perl(#!/usr/bin/perl
my $server = open(my $said, "-|", "nix-store", @ARGV);
my $seen = 0;
sub stop {{ kill 9, $server; exit 0 }}
while (my $got = sysread($said, $_, 65536)) {{
  {};
  syswrite(STDOUT, $_);
  $seen += $got;
}}
)perl";

std::string cut_at(unsigned bytes) {
  return fmt::format(
      "if ($seen + length($_) > {0}) {{ syswrite(STDOUT, substr($_, 0, {0} - $seen)); stop }}",
      bytes);
}

std::string after_greeting(std::string_view change) {
  return fmt::format("if ($seen >= 16) {{ {} }}", change);
}

class BadReply : public FaultTest, public ::testing::WithParamInterface<BadReplyCase> {};

TEST_P(BadReply, IsNoFailedBuildAndNothingIsPublished) {
  const auto& fault = GetParam();
  const auto& victim = *farm().builders.at(1);
  const auto& spare = *farm().others(victim).back();
  const auto program = victim.host().dir() / "bin" / fault.name;
  lab::write_file(program, fmt::format(kFilter, fault.change));
  fs::permissions(program, fs::perms::owner_all);
  const auto file = write_nix(
      home(),
      fmt::format(
          R"nix({{ step = mk {{ name = "{}"; script = "yes GOOD-BYTES | head -c 300000 > $out"; }}; }})nix",
          fault.name));
  const auto lines =
      preferring(victim, {&spare}, victim.uri() + "?remote-program=" + program.string());

  const auto began = Clock::now();
  auto firn = start(file, lines);
  const auto ended = firn.await(on_machine("attempt_ended", victim), fault.bound + 30s);
  const auto took = Clock::now() - began;
  const auto build = firn.finish(60s);

  ASSERT_TRUE(ended) << build.outcome.describe();
  EXPECT_LT(took, fault.bound);
  EXPECT_EQ(ended->at("failure"), fault.failure) << ended->dump(2);
  EXPECT_EQ(ended->at("outcome"), "retry") << ended->dump(2);
  ASSERT_TRUE(build.outcome.ok()) << build.outcome.describe();
  const auto path = outputs(home(), file, "step").front();
  EXPECT_TRUE(home().verify_path(path));
  EXPECT_EQ(home().nar_hash(path), spare.host().nar_hash(path));
  expect_idle();
}

INSTANTIATE_TEST_SUITE_P(
    Filtered,
    BadReply,
    ::testing::Values(
        BadReplyCase{.name = "greeting_cut_short",
                     .change = cut_at(10),
                     .bound = 10s,
                     .failure = "machine_lost"},
        BadReplyCase{.name = "greeting_of_garbage",
                     .change = "$_ = 'Welcome to this machine. Last login: today.'",
                     .bound = 10s,
                     .failure = "protocol_error"},
        BadReplyCase{.name = "build_result_cut_short",
                     .change = cut_at(20),
                     .bound = 10s,
                     .failure = "machine_lost"},
        BadReplyCase{.name = "build_result_of_endless_length",
                     .change = after_greeting("syswrite(STDOUT, chr(255) x 65536) while 1"),
                     .bound = 10s,
                     .failure = "protocol_error"},
        BadReplyCase{.name = "every_answer_given_twice",
                     .change = after_greeting("$_ .= $_ if length($_) < 4096"),
                     .bound = 10s,
                     .failure = "protocol_error"},
        BadReplyCase{.name = "nar_cut_short",
                     .change = cut_at(200'000),
                     .bound = 10s,
                     .failure = "machine_lost"},
        BadReplyCase{.name = "nar_with_other_bytes",
                     .change = "s/GOOD-BYTES/EVIL-BYTES/",
                     .bound = 10s,
                     .failure = "protocol_error"},
        BadReplyCase{.name = "nar_of_endless_length",
                     .change = "if ($seen > 100000) { syswrite(STDOUT, chr(0) x 65536) while 1 }",
                     .bound = 10s,
                     .failure = "protocol_error"},
        BadReplyCase{.name = "other_hash_promised",
                     .change = "s/(\\0sha256:.{20})(.)/$1 . ($2 eq '0' ? '1' : '0')/es",
                     .bound = 10s,
                     .failure = "protocol_error"},
        BadReplyCase{.name = "other_size_promised",
                     .change = "s/.{8}(\\x3b\\0{7}sha256:)/chr(8) . chr(0) x 7 . $1/es",
                     .bound = 10s,
                     .failure = "protocol_error"},
        BadReplyCase{.name = "output_that_nobody_asked_for",
                     .change = "s/(\\0{7}.nix.store.)[0-9a-z]{32}/$1 . 'a' x 32/es",
                     .bound = 10s,
                     .failure = "protocol_error"}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace firn::testing
