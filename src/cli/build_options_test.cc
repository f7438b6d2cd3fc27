// SPDX-License-Identifier: Apache-2.0
#include "cli/build_options.h"

#include "support/environment.h"

#include <array>
#include <filesystem>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace firn::cli {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

using Parsed = std::variant<BuildOptions, Exit>;

Parsed parse(std::vector<const char*> words) {
  words.insert(words.begin(), "build");
  return parse_build_options(static_cast<int>(words.size()), words.data());
}

BuildOptions options(std::vector<const char*> words) {
  const Parsed parsed = parse(std::move(words));
  if (const auto* exit = std::get_if<Exit>(&parsed)) {
    ADD_FAILURE() << exit->text;
    return {};
  }
  return std::get<BuildOptions>(parsed);
}

/// The first line of a usage error.
std::string refusal(std::vector<const char*> words) {
  const Parsed parsed = parse(std::move(words));
  const auto* exit = std::get_if<Exit>(&parsed);
  if (exit == nullptr) return "no error";
  EXPECT_EQ(exit->code, ExitCode::usage);
  EXPECT_TRUE(exit->text.ends_with("\nfirn build --help tells more.\n")) << exit->text;
  return exit->text.substr(0, exit->text.find('\n'));
}

TEST(BuildOptions, HasDefaults) {
  const BuildOptions o = options({});
  EXPECT_TRUE(o.request.inputs.empty());
  EXPECT_EQ(o.builders, std::filesystem::exists("/etc/nix/machines") ? "@/etc/nix/machines" : "");
  EXPECT_GE(o.max_jobs, 1U);
  EXPECT_EQ(o.out_link, "result");
  EXPECT_FALSE(o.keep_going || o.dry_run || o.json || o.log_dir || o.record);
  EXPECT_EQ(o.max_silent_time, 0s);
  EXPECT_EQ(o.timeout, 0s);
}

TEST(BuildOptions, AStoreIsNamedAsInNix) {
  const testing::Variable remote("NIX_REMOTE", "unix:///run/a");
  EXPECT_EQ(options({}).store.str(), "unix:///run/a");
  EXPECT_EQ(options({"--store", "unix:///run/b"}).store.str(), "unix:///run/b");
  EXPECT_EQ(options({"--store", "local"}).store.str(), "local");
  EXPECT_EQ(options({"--store", "auto"}).store.str(), "auto");
  EXPECT_EQ(refusal({"--store", "ssh://b1"}),
            "error: --store takes a store of this machine (auto, daemon, unix://PATH or local), "
            "not 'ssh://b1'");
  const testing::Variable elsewhere("NIX_REMOTE", "https://cache.example.org");
  EXPECT_THAT(refusal({}), HasSubstr("NIX_REMOTE takes a store of this machine"));
  EXPECT_EQ(options({"--store", "local"}).store.str(), "local");
}

TEST(BuildOptions, TakesWhatNixTakes) {
  const BuildOptions o = options(
      {"release.nix",      "-A",       "a",     "--attr", "b.c",         "-Ad",  "--arg", "systems",
       "[ \"x\" \"-y\" ]", "--argstr", "name",  "--odd",  "--arg",       "list", "[1,2]", "-I",
       "nixpkgs=/src",     "--option", "cores", "2",      "--show-trace"});
  using Form = eval::Argument::Form;
  EXPECT_THAT(o.request.inputs, ElementsAre("release.nix"));
  EXPECT_THAT(o.request.attributes, ElementsAre("a", "b.c", "d"));
  EXPECT_THAT(o.request.arguments,
              ElementsAre(eval::Argument{Form::expression, "systems", "[ \"x\" \"-y\" ]"},
                          eval::Argument{Form::text, "name", "--odd"},
                          eval::Argument{Form::expression, "list", "[1,2]"}));
  EXPECT_THAT(o.evaluation.search_paths, ElementsAre("nixpkgs=/src"));
  EXPECT_THAT(o.evaluation.settings, ElementsAre(Pair("cores", "2"), Pair("show-trace", "true")));
}

TEST(BuildOptions, SaysWhereAndHow) {
  const BuildOptions o = options({".#a",
                                  "-kj0",
                                  "--builders",
                                  "ssh://b1; ssh://b2",
                                  ".#b",
                                  "--timeout=3600",
                                  "--max-silent-time",
                                  "0",
                                  "-o",
                                  "out",
                                  "--json",
                                  "--log-dir",
                                  "logs",
                                  "--record",
                                  "talks",
                                  "--dry-run"});
  EXPECT_THAT(o.request.inputs, ElementsAre(".#a", ".#b"));
  EXPECT_EQ(o.builders, "ssh://b1; ssh://b2");
  EXPECT_EQ(o.max_jobs, 0U);
  EXPECT_TRUE(o.keep_going && o.json && o.dry_run);
  EXPECT_EQ(o.timeout, 1h);
  EXPECT_EQ(o.max_silent_time, 0s);
  EXPECT_EQ(o.out_link, "out");
  EXPECT_EQ(o.log_dir, "logs");
  EXPECT_EQ(o.record, "talks");
}

TEST(BuildOptions, TheLastWordCounts) {
  EXPECT_EQ(options({"-j2", "-j", "3"}).max_jobs, 3U);
  EXPECT_EQ(options({"-j0", "-j", "auto"}).max_jobs, options({}).max_jobs);
  EXPECT_EQ(options({"-o", "a", "--no-out-link"}).out_link, std::nullopt);
  EXPECT_EQ(options({"--no-link", "-o", "a"}).out_link, "a");
  EXPECT_EQ(options({"--builders", "@a", "--builders", ""}).builders, "");
}

TEST(BuildOptions, WordsBehindTwoDashesAreInputs) {
  EXPECT_THAT(options({"-k", "--", "-odd.nix"}).request.inputs, ElementsAre("-odd.nix"));
}

TEST(BuildOptions, RefusesWithTheWayOut) {
  const struct {
    std::vector<const char*> words;
    std::string message;
  } cases[] = {
      {{"--keepgoing"},
       "error: firn build has no option '--keepgoing'; did you mean --keep-going?"},
      {{"--time-out=5"}, "error: firn build has no option '--time-out'; did you mean --timeout?"},
      {{"--frobnicate"}, "error: firn build has no option '--frobnicate'"},
      {{"-x"}, "error: firn build has no option '-x'"},
      {{"-A"}, "error: --attr needs ATTR"},
      {{"--arg", "x"}, "error: --arg needs NAME EXPR"},
      {{"--timeout", "1h"}, "error: --timeout takes a number of seconds (0 = no limit), not '1h'"},
      {{"--timeout", "-1"}, "error: --timeout takes a number of seconds (0 = no limit), not '-1'"},
      {{"-j", "many"}, "error: --max-jobs takes a number or 'auto', not 'many'"},
      {{"-j99999999999"}, "error: --max-jobs takes a number or 'auto', not '99999999999'"},
      {{".#a", "-A", "b"},
       "error: -A goes with a file; of a flake, write the attribute behind '#', as in .#b"},
      {{"a.nix", "b.nix"}, "error: 'b.nix' is a second file; give one, and choose from it with -A"},
  };

  for (const auto& c : cases)
    EXPECT_EQ(refusal(c.words), c.message);
}

TEST(BuildHelp, FitsATerminalAndNamesEveryExitCode) {
  const std::string help(build_help());
  std::size_t start = 0;
  for (std::size_t end = help.find('\n'); end != std::string::npos; end = help.find('\n', start)) {
    EXPECT_LE(end - start, 88U) << help.substr(start, end - start);
    start = end + 1;
  }
  EXPECT_EQ(start, help.size());
  for (const char* code : {"\n  0 ", "\n  1 ", "\n  2 ", "\n  3 ", "\n  130 "})
    EXPECT_THAT(help, HasSubstr(code));
}

TEST(BuildHelp, IsPrintedOnRequest) {
  for (const char* word : {"-h", "--help"}) {
    const Parsed parsed = parse({".#a", word, "--unknown"});
    const auto* exit = std::get_if<Exit>(&parsed);
    ASSERT_NE(exit, nullptr);
    EXPECT_EQ(exit->code, ExitCode::success);
    EXPECT_EQ(exit->text, build_help());
  }
}

}  // namespace
}  // namespace firn::cli
