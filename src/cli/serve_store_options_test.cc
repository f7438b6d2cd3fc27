// SPDX-License-Identifier: Apache-2.0
#include "cli/serve_store_options.h"

#include <string>
#include <variant>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace firn::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

using Words = std::vector<const char*>;
using Parsed = std::variant<ServeStoreOptions, Exit>;

Parsed parse(Words words) {
  words.insert(words.begin(), "serve-store");
  return parse_serve_store(static_cast<int>(words.size()), words.data());
}

Parsed parse_nix(Words words) {
  words.insert(words.begin(), "/usr/bin/nix-store");
  return parse_nix_store(static_cast<int>(words.size()), words.data());
}

ServeStoreOptions options(const Parsed& parsed) {
  if (const auto* exit = std::get_if<Exit>(&parsed)) {
    ADD_FAILURE() << exit->text;
    return {};
  }
  return std::get<ServeStoreOptions>(parsed);
}

std::string refusal(const Parsed& parsed, int code) {
  const auto* exit = std::get_if<Exit>(&parsed);
  if (exit == nullptr) return "no error";
  EXPECT_EQ(static_cast<int>(exit->code), code);
  return exit->text;
}

TEST(ServeStoreOptions, ReadsOnlyUnlessTold) {
  EXPECT_EQ(options(parse({"--stdio"})).access, store::Access::read);
  EXPECT_EQ(options(parse({"--stdio"})).store, store::store_address_of_environment());
  const auto all = options(parse({"--write", "--store", "unix:///run/x", "--stdio"}));
  EXPECT_EQ(all.access, store::Access::write);
  EXPECT_EQ(all.store.str(), "unix:///run/x");
}

TEST(ServeStoreOptions, SaysWhatIsWrong) {
  EXPECT_THAT(refusal(parse({}), 2), StartsWith("error: firn serve-store needs --stdio\n"));
  EXPECT_THAT(refusal(parse({"--stdoi"}), 2), HasSubstr("did you mean --stdio?"));
  EXPECT_THAT(refusal(parse({"--stdio", "x"}), 2), HasSubstr("what 'x' is for"));
  EXPECT_THAT(refusal(parse({"--stdio", "--store"}), 2), HasSubstr("--store needs a value"));
  EXPECT_THAT(refusal(parse({"--stdio", "--store", "s3://x"}), 2), HasSubstr("s3://x"));
  EXPECT_THAT(refusal(parse({"--stdio"}), 2), HasSubstr("no error"));
}

TEST(ServeStoreOptions, HelpIsNoError) {
  EXPECT_EQ(refusal(parse({"--help"}), 0), serve_store_help());
  EXPECT_EQ(refusal(parse({"--write", "-h"}), 0), serve_store_help());
}

TEST(NixStoreOptions, AreKnownByTheProgramsName) {
  EXPECT_TRUE(is_nix_store("nix-store"));
  EXPECT_TRUE(is_nix_store("/nix/var/nix/profiles/default/bin/nix-store"));
  EXPECT_FALSE(is_nix_store("/nix-store/firn"));
  EXPECT_FALSE(is_nix_store("firn"));
}

TEST(NixStoreOptions, TakeWhatClientsOfNixSay) {
  EXPECT_EQ(options(parse_nix({"--serve"})).access, store::Access::read);
  EXPECT_EQ(options(parse_nix({"--serve", "--write"})).access, store::Access::write);
  EXPECT_EQ(options(parse_nix({"--serve", "--write", "--builders", ""})).access,
            store::Access::write);
  EXPECT_EQ(
      options(parse_nix({"--serve", "--store", "local", "--option", "cores", "3"})).store.access,
      store::StoreAccess::direct);
}

TEST(NixStoreOptions, RefuseEveryOtherOperationInOneLine) {
  const auto realise = refusal(parse_nix({"--realise", "x"}), 1);
  EXPECT_EQ(realise,
            "error: this nix-store is firn: it serves (--serve) and knows no '--realise'\n");
  EXPECT_EQ(refusal(parse_nix({}), 1),
            "error: this nix-store is firn: it serves (--serve) and nothing else\n");
  EXPECT_THAT(refusal(parse_nix({"--serve", "--builders"}), 1), HasSubstr("needs a value"));
}

}  // namespace
}  // namespace firn::cli
