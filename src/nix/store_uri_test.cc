// SPDX-License-Identifier: Apache-2.0
#include "nix/store_uri.h"

#include "base/error.h"
#include "support/mutations.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace firn::nix {
namespace {

using ::testing::HasSubstr;

std::string refusal_of(std::string_view text) {
  try {
    parse_store_uri(text);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), Kind::invalid);
    return error.message();
  }
  return "nothing was thrown";
}

TEST(StoreUri, TakesItselfApart) {
  const StoreUri uri = parse_store_uri(
      "ssh://nix@b1.example:2222/a%20b?ssh-key=/k&remote-store=local%3Froot%3D%2Fmnt&a+b=%26&flag");
  EXPECT_EQ(uri.scheme, "ssh");
  EXPECT_EQ(uri.user, "nix");
  EXPECT_EQ(uri.host, "b1.example");
  EXPECT_EQ(uri.port, 2222);
  EXPECT_EQ(uri.path, "/a b");
  const std::map<std::string, std::string> parameters{
      {"ssh-key", "/k"}, {"remote-store", "local?root=/mnt"}, {"a+b", "&"}};
  EXPECT_EQ(uri.parameters, parameters);
  EXPECT_EQ(uri.identity(), "ssh://nix@b1.example:2222/a%20b");
}

TEST(StoreUri, KnowsTheShorthands) {
  const std::pair<const char*, const char*> cases[] = {
      {"b1", "ssh://b1"},
      {"nix@b1", "ssh://nix@b1"},
      {"b1:22", "ssh://b1:22"},
      {"b1?ssh-key=/k", "ssh://b1"},
      {"ssh-ng://b1", "ssh-ng://b1"},
      {"auto", "auto"},
      {"daemon", "daemon"},
      {"daemon?x=y", "unix://"},
      {"local?root=/mnt", "local://"},
      {"local://", "local://"},
      {"?x=y", "auto"},
      {"localhost", "local"},
      {"/mnt/store", "local:///mnt/store"},
      {"/mnt//a/../a b/", "local:///mnt/a%20b"},
      {"unix:///run/socket", "unix:///run/socket"},
      {"fe80::1%eth0", "ssh://[fe80::1%25eth0]"},
      {"ssh://a@[::1]:22", "ssh://a@[::1]:22"},
      {"ssh://a%40b@c", "ssh://a%40b@c"},
      {"ssh://u:secret@b", "ssh://u@b"},
      {"ssh://b:", "ssh://b"},
      {"ssh://u@[::1]:/x", "ssh://u@[::1]/x"},
      {"ssh://b/x#y?z", "ssh://b/x"},
      {"b#x", "ssh://b"},
      {"/a#b", "local:///a%23b"},
  };
  for (const auto& [text, identity] : cases) {
    EXPECT_EQ(parse_store_uri(text).identity(), identity) << text;
  }
}

TEST(StoreUri, IsPrintedAsNixDoes) {
  const std::pair<const char*, const char*> cases[] = {
      {"auto?root=/x y", "auto?root=/x%20y"},
      {"?a=b", "auto?a=b"},
      {"daemon?trusted=true&max-connections=7", "unix://?max-connections=7&trusted=true"},
      {"local?root=/x", "local://?root=/x"},
      {"local", "local"},
      {"ssh://b1/a+b%2Bc:@d?k%26=v%3D\"", "ssh://b1/a%2Bb%2Bc:@d?k%26=v%3D%22"},
      {"https://u!x@h!/?b=2&a=1", "https://u%21x@h%21/?a=1&b=2"},
      {"ssh://[fe80::1%eth0]:22?a=b", "ssh://[fe80::1%25eth0]:22?a=b"},
      {"ssh://fe80::1%25", "ssh://[fe80::1%2525]"},
      {"ssh://u%3Ax:p%40q@b:?a=b#c", "ssh://u%3Ax:p%40q@b?a=b"},
      {"ssh://u:@b", "ssh://u:@b"},
  };
  for (const auto& [text, printed] : cases) {
    const StoreUri uri = parse_store_uri(text);
    EXPECT_EQ(uri.str(), printed);
    EXPECT_EQ(parse_store_uri(uri.str()), uri) << text;
  }
}

TEST(StoreUri, TakesAPathFromTheWorkingFolder) {
  EXPECT_EQ(parse_store_uri("./a", "/w/x").str(), "local:///w/x/a");
  EXPECT_EQ(parse_store_uri("a/../../b?c=d", "/w/x").str(), "local:///w/b?c=d");
  EXPECT_EQ(parse_store_uri("/a", "/w").str(), "local:///a");
}

TEST(StoreUri, TakesTheFirstOfTwoParameters) {
  EXPECT_EQ(parse_store_uri("auto?a=1&a=2").str(), "auto?a=1");
}

TEST(StoreUri, KnowsWhatIsHere) {
  for (const char* text : {"auto",
                           "daemon",
                           "local",
                           "local?root=/x",
                           "localhost",
                           "/x",
                           "unix:///s",
                           "ssh://localhost"}) {
    EXPECT_TRUE(parse_store_uri(text).is_local()) << text;
  }
  for (const char* text : {"b1", "ssh://localhost:22", "ssh://nix@localhost", "https://cache"}) {
    EXPECT_FALSE(parse_store_uri(text).is_local()) << text;
  }
}

TEST(StoreUri, SaysWhereItIsBad) {
  const std::pair<std::string, const char*> cases[] = {
      {"", "offset 0"},
      {"ssh://", "a host at offset 6"},
      {"ssh-ng://?a=b", "a host"},
      {"ssh://u:p%q@b", "two hexadecimal digits after '%' at offset 9"},
      {"ssh://b:70000", "a port from 1 to 65535 at offset 8"},
      {"ssh://b:0", "a port"},
      {"ssh://b:2x", "a port"},
      {"ssh://[::1", "']'"},
      {"ssh://[b]", "an IPv6 address"},
      {"ssh://::1%", "a zone after '%'"},
      {"ssh://[::1%]", "a zone after '%'"},
      {"ssh://[::1]x", "':' and a port"},
      {"ssh://b%4", "two hexadecimal digits after '%' at offset 7"},
      {"ssh://b%zz", "two hexadecimal"},
      {"ssh://b%3a22", "a host without"},
      {"ssh://b?a=%", "two hexadecimal"},
      {"auto?a=b#x", "no fragment at offset 8"},
      {"auto#/", "an absolute path"},
      {"SSH://b", "a scheme"},
      {"a/b", "an absolute path at offset 0"},
      {"://b", "a scheme"},
  };
  for (const auto& [text, why] : cases)
    EXPECT_THAT(refusal_of(text), HasSubstr(why)) << text;
}

TEST(StoreUri, LetsNothingIntoACommandLine) {
  for (const char* text : {"ssh://-oProxyCommand=x",
                           "ssh://%2DoProxyCommand=x",
                           "ssh://-l@b",
                           "ssh://%2dl@b",
                           "ssh://b%20c",
                           "ssh://b%0Ac",
                           "ssh://b%00",
                           "ssh://:secret@b",
                           "ssh://@b"}) {
    EXPECT_THAT(refusal_of(text), HasSubstr("one word")) << text;
  }
}

TEST(StoreUri, DamageIsHarmless) {
  const auto parse = [](const std::string& text) { parse_store_uri(text); };
  testing::expect_changed_bytes_are_harmless("ssh://nix@b1:2222/p%20q?ssh-key=/k&a=%26", parse);
  testing::expect_changed_bytes_are_harmless("ssh://u@[fe80::1%25eth0]:22?a=b", parse);
}

}  // namespace
}  // namespace firn::nix
