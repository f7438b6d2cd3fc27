// SPDX-License-Identifier: Apache-2.0
#include "cli/check_config.h"

#include "base/error.h"
#include "support/environment.h"
#include "support/temp_folder.h"

#include <sstream>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace firn::cli {
namespace {

using ::testing::HasSubstr;

std::variant<CheckConfigOptions, Exit> parse(std::vector<const char*> words) {
  words.insert(words.begin(), "check-config");
  return parse_check_config(static_cast<int>(words.size()), words.data());
}

std::pair<ExitCode, std::string> check(const CheckConfigOptions& options) {
  std::ostringstream out;
  const auto code = check_config(options, out);
  return {code, out.str()};
}

TEST(CheckConfigOptions, AreRead) {
  const auto parsed = parse({"--json", "firn.toml"});
  const auto* options = std::get_if<CheckConfigOptions>(&parsed);
  ASSERT_NE(options, nullptr);
  EXPECT_EQ(options->file, "firn.toml");
  EXPECT_TRUE(options->json);
  EXPECT_FALSE(options->defaults);
}

TEST(CheckConfigOptions, MistakesAreNamed) {
  const struct {
    std::vector<const char*> words;
    std::string text;
  } cases[] = {{{"--default"}, "did you mean --defaults?"}, {{"a", "b"}, "what 'b' is for"}};

  for (const auto& c : cases) {
    const auto parsed = parse(c.words);
    const auto* exit = std::get_if<Exit>(&parsed);
    ASSERT_NE(exit, nullptr);
    EXPECT_EQ(exit->code, ExitCode::usage);
    EXPECT_THAT(exit->text, HasSubstr(c.text));
  }
}

TEST(CheckConfig, NamesEveryProblem) {
  const testing::TempFolder folder;
  const auto file = folder.write("firn.toml", "[ssh]\nport = 22\n[tries]\nmachine-lost = 0\n");
  const auto [code, text] = check({.file = file});
  EXPECT_EQ(code, ExitCode::usage);
  EXPECT_THAT(text, HasSubstr(file.string() + ":2: unknown key 'ssh.port'"));
  EXPECT_THAT(text, HasSubstr(file.string() + ":4: tries.machine-lost is 0"));
}

TEST(CheckConfig, SpeaksJson) {
  const testing::TempFolder folder;
  const auto file = folder.write("firn.toml", "[ssh]\nport = 22\n");
  const auto report = nlohmann::json::parse(check({.file = file, .json = true}).second);
  EXPECT_EQ(report.at("file"), file.string());
  ASSERT_EQ(report.at("problems").size(), 1U);
  EXPECT_EQ(report.at("problems")[0].at("line"), 2);
  EXPECT_EQ(report.at("problems")[0].at("key"), "ssh.port");
  EXPECT_THAT(report.at("problems")[0].at("message").get<std::string>(), HasSubstr("unknown key"));
}

TEST(CheckConfig, ReadsHydraConf) {
  const testing::TempFolder folder;
  folder.write("limits", "max_log_size = many\n");
  const auto file = folder.write("nixos-hydra.conf", "Include limits\nbase_url = x\n");
  const auto [code, text] = check({.file = file});
  EXPECT_EQ(code, ExitCode::usage);
  EXPECT_THAT(text, HasSubstr("/limits:1: max_log_size is \"many\""));
  EXPECT_THAT(text, HasSubstr(":2: warning: unknown key 'base_url'; did you mean base_uri?"));

  const auto report = nlohmann::json::parse(check({.file = file, .json = true}).second);
  EXPECT_EQ(report.at("problems")[0].at("fatal"), false);
  EXPECT_EQ(report.at("problems")[1].at("file"), (folder.path() / "limits").string());
  EXPECT_EQ(report.at("problems")[1].at("fatal"), true);
}

TEST(CheckConfig, IsContentWithWarnings) {
  const testing::TempFolder folder;
  const auto file = folder.write("hydra.conf", "base_url = x\n");
  EXPECT_EQ(check({.file = file}).first, ExitCode::success);
}

TEST(CheckConfig, SaysThatNothingIsWrong) {
  const testing::TempFolder folder;
  const auto file = folder.write("firn.toml", config::default_file());
  const auto [code, text] = check({.file = file});
  EXPECT_EQ(code, ExitCode::success);
  EXPECT_EQ(text, file.string() + ": nothing is wrong\n");
}

TEST(CheckConfig, PrintsTheDefaults) {
  CheckConfigOptions options;
  options.defaults = true;
  EXPECT_EQ(check(options).second, config::default_file());
}

TEST(LoadSettings, RefusesAFileWithProblems) {
  const testing::TempFolder folder;
  const auto file = folder.write("firn.toml", "[ssh]\nport = 22\nhost = \"b1\"\n");
  try {
    load_settings(file);
    FAIL() << "no error";
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), Kind::invalid);
    EXPECT_THAT(e.message(), HasSubstr(":2: unknown key 'ssh.port'"));
    EXPECT_THAT(e.message(), HasSubstr("\nerror: " + file.string() + ":3: "));
  }
}

TEST(LoadSettings, ReadsTheFileThatIsFound) {
  const testing::TempFolder folder;
  folder.write("firn/firn.toml", "[sessions]\nsteps = 3\n");
  const testing::Variable config("XDG_CONFIG_HOME", folder.path().string());
  EXPECT_EQ(load_settings({}).sessions.uses, 3U);
}

}  // namespace
}  // namespace firn::cli
