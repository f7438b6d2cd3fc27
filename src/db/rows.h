// SPDX-License-Identifier: Apache-2.0
// What a statement answered: rows with named columns, read as the type that the reader expects. A
// value of another kind is an Error{invalid} that names the column and the statement.
#pragma once

#include "base/id.h"
#include "base/units.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace firn::db {

class Rows;

/// One row, borrowed from its Rows.
class Row {
 public:
  Row(const Rows& rows, std::size_t index) : rows_(&rows), index_(index) {}

  /// The column's value. `T` is an integer, double, bool, std::string, std::string_view (borrowed
  /// from the Rows), WallTime, seconds, ByteCount,
  /// an Id, an enumeration (unchecked), or an optional of those where NULL is an answer.
  /// Column names are compared without case, as databases do.
  template <class T>
  T get(std::string_view column) const;

  bool is_null(std::string_view column) const;

 private:
  std::string_view text(std::string_view column) const;
  double number(std::string_view column) const;
  bool boolean(std::string_view column) const;

  /// An integer from `least` to `most`.
  std::int64_t integer(std::string_view column, std::int64_t least, std::int64_t most) const;

  template <class Rep>
  Rep whole(std::string_view column) const {
    constexpr auto kMost = std::in_range<std::int64_t>(std::numeric_limits<Rep>::max())
                               ? static_cast<std::int64_t>(std::numeric_limits<Rep>::max())
                               : std::numeric_limits<std::int64_t>::max();
    constexpr auto kLeast = static_cast<std::int64_t>(std::numeric_limits<Rep>::min());
    return static_cast<Rep>(integer(column, kLeast, kMost));
  }

  const Rows* rows_;
  std::size_t index_;
};

/// The answer of one statement; owns its bytes.
class Rows {
 public:
  /// `sql` is for error messages.
  Rows(std::string_view sql, std::vector<std::string> columns);

  std::size_t size() const { return columns_.empty() ? 0 : cells_.size() / columns_.size(); }

  bool empty() const { return cells_.empty(); }

  Row operator[](std::size_t index) const { return {*this, index}; }

  /// The first row of an answer that has exactly one. Throws Bug otherwise.
  Row only() const;

  /// Rows that were inserted, changed or deleted; rows of the answer where it was a question.
  std::int64_t affected() const { return affected_; }

  class Iterator {
   public:
    Iterator(const Rows& rows, std::size_t index) : rows_(&rows), index_(index) {}

    Row operator*() const { return {*rows_, index_}; }

    Iterator& operator++() {
      ++index_;
      return *this;
    }

    bool operator==(const Iterator& other) const { return index_ == other.index_; }

   private:
    const Rows* rows_;
    std::size_t index_;
  };

  Iterator begin() const { return {*this, 0}; }

  Iterator end() const { return {*this, size()}; }

  /// For the engines, which fill rows from left to right.
  void add_cell(std::optional<std::string_view> value);

  void set_affected(std::int64_t count) { affected_ = count; }

 private:
  friend class Row;

  struct Cell {
    std::size_t begin = 0;
    std::size_t size = 0;
    bool is_null = false;
  };

  const Cell& cell(std::size_t row, std::string_view column) const;
  [[noreturn]] void mismatch(std::string_view column,
                             const Cell& cell,
                             std::string_view expected) const;

  std::string statement_;
  std::vector<std::string> columns_;
  std::vector<Cell> cells_;
  std::string bytes_;
  std::int64_t affected_ = 0;
};

namespace detail {

template <class T>
struct IsOptional : std::false_type {};

template <class T>
struct IsOptional<std::optional<T>> : std::true_type {};

template <class T>
struct IsId : std::false_type {};

template <class Tag, class Rep>
struct IsId<Id<Tag, Rep>> : std::true_type {};

}  // namespace detail

template <class T>
T Row::get(std::string_view column) const {
  if constexpr (detail::IsOptional<T>::value) {
    return is_null(column) ? T() : T(get<typename T::value_type>(column));
  } else if constexpr (std::is_same_v<T, std::string> || std::is_same_v<T, std::string_view>) {
    return T(text(column));
  } else if constexpr (std::is_same_v<T, bool>) {
    return boolean(column);
  } else if constexpr (std::is_same_v<T, double>) {
    return number(column);
  } else if constexpr (std::is_same_v<T, WallTime>) {
    return WallTime(std::chrono::seconds(whole<std::int64_t>(column)));
  } else if constexpr (std::is_same_v<T, std::chrono::seconds>) {
    return std::chrono::seconds(whole<std::int64_t>(column));
  } else if constexpr (std::is_same_v<T, ByteCount>) {
    return ByteCount(whole<std::uint64_t>(column));
  } else if constexpr (detail::IsId<T>::value) {
    return T(whole<decltype(T().value())>(column));
  } else if constexpr (std::is_enum_v<T>) {
    return static_cast<T>(whole<std::underlying_type_t<T>>(column));
  } else {
    static_assert(std::is_integral_v<T>, "no column is read as this type");
    return whole<T>(column);
  }
}

}  // namespace firn::db
