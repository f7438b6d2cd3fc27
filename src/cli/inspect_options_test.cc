// SPDX-License-Identifier: Apache-2.0
#include "cli/inspect_options.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace firn::cli {
namespace {

using ::testing::HasSubstr;

std::variant<InspectOptions, Exit> parse(std::vector<const char*> words) {
  words.insert(words.begin(), "inspect");
  return parse_inspect_options(static_cast<int>(words.size()), words.data());
}

template <class Options>
Options options(std::vector<const char*> words) {
  const auto parsed = parse(std::move(words));
  if (const auto* exit = std::get_if<Exit>(&parsed)) {
    ADD_FAILURE() << exit->text;
    return {};
  }
  return std::get<Options>(std::get<InspectOptions>(parsed));
}

/// The first line of a usage error.
std::string refusal(std::vector<const char*> words) {
  const auto parsed = parse(std::move(words));
  const auto* exit = std::get_if<Exit>(&parsed);
  if (exit == nullptr) return "no error";
  EXPECT_EQ(exit->code, ExitCode::usage);
  EXPECT_TRUE(exit->text.ends_with("\nfirn inspect --help tells more.\n")) << exit->text;
  return exit->text.substr(0, exit->text.find('\n'));
}

TEST(InspectOptions, SaysWhatToLookAt) {
  const auto nar = options<InspectNar>({"nar",
                                        "a.nar",
                                        "--json",
                                        "--verify",
                                        "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=",
                                        "--verify-size",
                                        "120"});
  EXPECT_EQ(nar.file, "a.nar");
  EXPECT_TRUE(nar.json);
  EXPECT_EQ(nar.hash, hash_of(HashAlgorithm::sha256, "abc"));
  EXPECT_EQ(nar.size, 120U);
  EXPECT_EQ(options<InspectPath>({"path", "/nix/store/x"}).path, "/nix/store/x");
  EXPECT_EQ(options<InspectMachines>({"machines"}).file, "/etc/nix/machines");
  EXPECT_EQ(options<InspectMachines>({"machines", "-"}).file, "-");
}

TEST(InspectOptions, WireHasThreeForms) {
  const auto message =
      options<InspectMessage>({"wire", "serve", "2.7", "build-result", "--hex", "00 00", "--many"});
  EXPECT_EQ(message.protocol, "serve");
  EXPECT_EQ(message.version, "2.7");
  EXPECT_EQ(message.message, "build-result");
  EXPECT_EQ(message.hex, "00 00");
  EXPECT_TRUE(message.many);
  EXPECT_EQ(options<InspectCapture>({"wire", "--capture", "c"}).file, "c");
  options<InspectMessageNames>({"wire", "--list"});
}

TEST(InspectOptions, RefusesWithTheWayOut) {
  const struct {
    std::vector<const char*> words;
    std::string message;
  } cases[] = {
      {{}, "error: firn inspect needs the kind of what to look at"},
      {{"narr"}, "error: firn inspect has no kind 'narr'; did you mean nar?"},
      {{"nar"}, "error: firn inspect nar needs FILE"},
      {{"nar", "a", "b"}, "error: firn inspect nar does not know what 'b' is for"},
      {{"nar", "a", "--verfy=x"},
       "error: firn inspect nar has no option '--verfy'; did you mean --verify?"},
      {{"nar", "a", "--verify"}, "error: --verify needs a value"},
      {{"path"}, "error: firn inspect path needs STOREPATH"},
      {{"wire", "serve", "2.7"}, "error: firn inspect wire needs MESSAGE"},
      {{"wire", "serve", "2.7", "string"}, "error: firn inspect wire needs FILE"},
  };

  for (const auto& c : cases)
    EXPECT_EQ(refusal(c.words), c.message);
  EXPECT_THAT(refusal({"nar", "a", "--verify", "xyz"}), HasSubstr("hash"));
}

TEST(InspectHelp, FitsATerminalAndIsPrintedOnRequest) {
  const std::string help(inspect_help());
  std::size_t start = 0;
  for (std::size_t end = help.find('\n'); end != std::string::npos; end = help.find('\n', start)) {
    EXPECT_LE(end - start, 88U) << help.substr(start, end - start);
    start = end + 1;
  }
  const auto parsed = parse({"nar", "--help"});
  const auto* exit = std::get_if<Exit>(&parsed);
  ASSERT_NE(exit, nullptr);
  EXPECT_EQ(exit->code, ExitCode::success);
  EXPECT_EQ(exit->text, help);
}

}  // namespace
}  // namespace firn::cli
