// SPDX-License-Identifier: Apache-2.0
#include "nix/json.h"

#include "support/refusal.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace firn::nix {
namespace {

using ::testing::HasSubstr;
using testing::refusal_of;

TEST(Json, SaysWhereATextIsNoJson) {
  EXPECT_THAT(refusal_of([] { parse_json(R"({"a": tru})"); }), HasSubstr("offset 9"));
  EXPECT_THAT(refusal_of([] { parse_json("1 2"); }), HasSubstr("offset 2"));
  EXPECT_THAT(refusal_of([] { parse_json(""); }), HasSubstr("offset 0"));
  EXPECT_THAT(refusal_of([] { parse_json("\"\xff\""); }), HasSubstr("offset 1"));
}

TEST(Json, LimitsDepth) {
  const std::string most = std::string(256, '[') + std::string(256, ']');
  EXPECT_NO_THROW(parse_json(most));
  EXPECT_THAT(refusal_of([&] { parse_json("[" + most + "]"); }), HasSubstr("deeper than 256"));
  EXPECT_THAT(refusal_of([] { parse_json(std::string(1U << 20U, '[')); }), HasSubstr("deeper"));
}

TEST(Json, WritesUtf8Only) {
  EXPECT_EQ(to_text(Json{{"b", 1}, {"a", "é"}}), R"({"a":"é","b":1})");
  EXPECT_THAT(refusal_of([] { to_text(Json("\xff")); }), HasSubstr("not UTF-8"));
}

TEST(JsonPlace, ReadsWhatIsThere) {
  const Json document =
      parse_json(R"({"a": {"b": ["x", 2, true, null]}, "n": null, "list": [], "o": {"k": "v"}})");
  const JsonPlace root(document);
  const auto items = root.at("a").at("b").items();
  ASSERT_EQ(items.size(), 4U);
  EXPECT_EQ(items[0].string(), "x");
  EXPECT_EQ(items[1].number(), 2U);
  EXPECT_TRUE(items[2].boolean());
  EXPECT_TRUE(items[3].is_null());
  EXPECT_TRUE(root.find("n").has_value());
  EXPECT_FALSE(root.find_value("n").has_value());
  EXPECT_FALSE(root.find("absent").has_value());
  EXPECT_EQ(root.at("o").members().front().second.string(), "v");
}

TEST(JsonPlace, NamesThePlace) {
  const Json document = parse_json(R"({"a": {"b": ["x", -2]}})");
  const JsonPlace root(document);
  const auto places = root.at("a").at("b").items();
  EXPECT_THAT(refusal_of([&] { places[1].number(); }),
              HasSubstr("expected a whole number, not negative, at /a/b/1, got -2"));
  EXPECT_THAT(refusal_of([&] { places[0].boolean(); }), HasSubstr("at /a/b/0, got \"x\""));
  EXPECT_THAT(refusal_of([&] { root.string(); }),
              HasSubstr("a string at the whole, got an object"));
  EXPECT_THAT(refusal_of([&] { root.items(); }), HasSubstr("a list at the whole"));
  EXPECT_THAT(refusal_of([&] { places[0].members(); }), HasSubstr("an object at /a/b/0"));
  EXPECT_THAT(refusal_of([&] { root.at("a").at("c"); }), HasSubstr("the key 'c' at /a"));
  const auto refuse = [](const std::string&) -> int { throw Error(Kind::invalid, "no"); };
  EXPECT_EQ(refusal_of([&] { places[0].parsed(refuse); }), "while reading /a/b/0: no");
}

}  // namespace
}  // namespace firn::nix
