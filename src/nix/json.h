// SPDX-License-Identifier: Apache-2.0
// JSON from outside: parsed within limits, and read with errors that name the place, such as
// "/value/outPath". Whoever looks into a Json, or makes one, includes nlohmann/json.hpp itself.
#pragma once

#include "base/error.h"
#include "base/hash.h"

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace firn::nix {

/// Keys sorted, as in everything that Nix writes since 2.4.
using Json = nlohmann::json;

/// Objects and lists within each other. The deepest form, a listing, nests two for each of at most
/// 64 folders.
inline constexpr int kMaxJsonDepth = 256;

/// Throws Error{invalid} with the offset where `text` is no JSON, or deeper than kMaxJsonDepth.
Json parse_json(std::string_view text);

/// Without white space. Throws Error{invalid} where a string is not UTF-8.
std::string to_text(const Json& value);

/// A value within a document, and where it stands. Refers to the document, which must live longer.
/// Everything throws Error{invalid} where the value is not what is asked for.
class JsonPlace {
 public:
  explicit JsonPlace(const Json& document) : value_(&document) {}

  /// Of an object.
  JsonPlace at(const std::string& key) const;
  /// Of an object; nothing where it has no such key.
  std::optional<JsonPlace> find(const std::string& key) const;
  /// Of an object; nothing where it has no such key, or null there.
  std::optional<JsonPlace> find_value(const std::string& key) const;

  const std::string& string() const;
  bool boolean() const;
  std::uint64_t number() const;
  /// A number that is not negative as a signed type: times, durations.
  std::int64_t positive() const;
  /// In any form with a prefix.
  Hash hash() const;
  std::vector<JsonPlace> items() const;
  /// A list of strings.
  std::set<std::string> strings() const;
  std::vector<std::pair<std::string, JsonPlace>> members() const;

  bool is_string() const;
  bool is_null() const;
  bool is_object() const;

  /// As it stands in the document, for what is carried unread.
  const Json& value() const { return *value_; }

  /// What `parse` makes of the string here. Its errors get the place as context.
  template <class Parse>
  auto parsed(Parse parse) const {
    const std::string& text = string();
    try {
      return parse(text);
    } catch (Error& error) {
      error.add_context("reading " + where());
      throw;
    }
  }

  [[noreturn]] void fail(std::string_view expected) const;

 private:
  JsonPlace(const Json& value, std::string where) : value_(&value), where_(std::move(where)) {}

  std::string where() const { return where_.empty() ? "the whole" : where_; }

  const Json& object() const;

  const Json* value_;
  std::string where_;
};

}  // namespace firn::nix
