// SPDX-License-Identifier: Apache-2.0
#include "nix/json.h"

#include "base/encoding.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace firn::nix {

namespace {

constexpr std::size_t kShown = 60;

std::string shown(const Json& value) {
  if (value.is_structured()) return fmt::format("an {}", value.type_name());
  const std::string text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  return text.size() <= kShown ? text : text.substr(0, kShown) + "…";
}

}  // namespace

Json parse_json(std::string_view text) {
  const auto check_depth = [](int depth, Json::parse_event_t event, const Json& /*value*/) {
    const bool opens =
        event == Json::parse_event_t::object_start || event == Json::parse_event_t::array_start;
    if (opens && depth >= kMaxJsonDepth) {
      throw Error(Kind::invalid, fmt::format("JSON: nested deeper than {}", kMaxJsonDepth));
    }
    return true;
  };
  try {
    return Json::parse(text, check_depth);
  } catch (const Json::parse_error& error) {
    throw Error(Kind::invalid,
                fmt::format("JSON: expected a value up to the end, got an error at offset {}",
                            error.byte > 0 ? error.byte - 1 : 0));
  } catch (const Json::exception& error) {
    throw Error(Kind::invalid, fmt::format("JSON: {}", error.what()));
  }
}

std::string to_text(const Json& value) {
  try {
    return value.dump();
  } catch (const Json::type_error&) {
    throw Error(Kind::invalid, "JSON: a string is not UTF-8, and cannot be written");
  }
}

void JsonPlace::fail(std::string_view expected) const {
  throw Error(Kind::invalid,
              fmt::format("JSON: expected {} at {}, got {}", expected, where(), shown(*value_)));
}

const Json& JsonPlace::object() const {
  if (!value_->is_object()) fail("an object");
  return *value_;
}

std::optional<JsonPlace> JsonPlace::find(const std::string& key) const {
  const auto found = object().find(key);
  if (found == value_->end()) return std::nullopt;
  return JsonPlace(*found, where_ + "/" + key);
}

std::optional<JsonPlace> JsonPlace::find_value(const std::string& key) const {
  auto found = find(key);
  return found && found->is_null() ? std::nullopt : found;
}

JsonPlace JsonPlace::at(const std::string& key) const {
  if (auto found = find(key)) return *std::move(found);
  throw Error(Kind::invalid,
              fmt::format("JSON: expected the key {} at {}", in_quotes(key), where()));
}

bool JsonPlace::is_string() const {
  return value_->is_string();
}

bool JsonPlace::is_object() const {
  return value_->is_object();
}

bool JsonPlace::is_null() const {
  return value_->is_null();
}

const std::string& JsonPlace::string() const {
  if (!value_->is_string()) fail("a string");
  return value_->get_ref<const std::string&>();
}

bool JsonPlace::boolean() const {
  if (!value_->is_boolean()) fail("true or false");
  return value_->get<bool>();
}

std::uint64_t JsonPlace::number() const {
  const bool is_whole = value_->is_number_integer();
  if (!is_whole || (!value_->is_number_unsigned() && value_->get<std::int64_t>() < 0)) {
    fail("a whole number, not negative,");
  }
  return value_->get<std::uint64_t>();
}

std::int64_t JsonPlace::positive() const {
  const std::uint64_t value = number();
  if (value > INT64_MAX) fail("a number below 2^63");
  return static_cast<std::int64_t>(value);
}

Hash JsonPlace::hash() const {
  return parsed([](std::string_view text) { return parse_hash(text); });
}

std::vector<JsonPlace> JsonPlace::items() const {
  if (!value_->is_array()) fail("a list");
  std::vector<JsonPlace> places;
  places.reserve(value_->size());
  for (const Json& item : *value_)
    places.push_back(JsonPlace(item, fmt::format("{}/{}", where_, places.size())));
  return places;
}

std::set<std::string> JsonPlace::strings() const {
  std::set<std::string> strings;
  for (const JsonPlace& item : items())
    strings.insert(item.string());
  return strings;
}

std::vector<std::pair<std::string, JsonPlace>> JsonPlace::members() const {
  std::vector<std::pair<std::string, JsonPlace>> places;
  places.reserve(object().size());
  for (const auto& [key, value] : value_->items())
    places.emplace_back(key, JsonPlace(value, where_ + "/" + key));
  return places;
}

}  // namespace firn::nix
