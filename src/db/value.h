// SPDX-License-Identifier: Apache-2.0
// What a statement is given for its $1, $2, …: four kinds of value, and how firn's own types become
// them.
#pragma once

#include "base/id.h"
#include "base/units.h"

#include <chrono>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

namespace firn::db {

/// NULL, an integer, a number or a text. Texts are borrowed: a statement has copied them when
/// `execute` or `post` returns. Booleans are 0 and 1, times are seconds since 1970.
/// What is no text is made one (to_clean_text): names and messages come from builders.
using Value = std::variant<std::monostate, std::int64_t, double, std::string_view>;

template <std::integral T>
  requires(sizeof(T) < sizeof(std::int64_t) || std::signed_integral<T>)
Value to_value(T value) {
  return static_cast<std::int64_t>(value);
}

inline Value to_value(double value) {
  return value;
}

inline Value to_value(std::string_view value) {
  return value;
}

inline Value to_value(std::nullopt_t /*null*/) {
  return std::monostate();
}

inline Value to_value(WallTime value) {
  return std::int64_t{value.time_since_epoch().count()};
}

inline Value to_value(std::chrono::seconds value) {
  return std::int64_t{value.count()};
}

inline Value to_value(ByteCount value) {
  return static_cast<std::int64_t>(value.value());
}

template <class Tag, class Rep>
Value to_value(Id<Tag, Rep> id) {
  return static_cast<std::int64_t>(id.value());
}

template <class E>
  requires std::is_enum_v<E>
Value to_value(E value) {
  return static_cast<std::int64_t>(value);
}

template <std::same_as<Value> V>
Value to_value(const V& value) {
  return value;
}

template <class T>
Value to_value(const std::optional<T>& value) {
  return value ? to_value(*value) : Value();
}

/// For columns that are NULL where there is no text.
inline Value null_if_empty(std::string_view text) {
  return text.empty() ? Value() : Value(text);
}

}  // namespace firn::db
