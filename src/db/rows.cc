// SPDX-License-Identifier: Apache-2.0
#include "db/rows.h"

#include "base/error.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace firn::db {

namespace {

constexpr std::size_t kShownStatement = 120;

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool same_name(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, lower, lower);
}

}  // namespace

Rows::Rows(std::string_view sql, std::vector<std::string> columns)
    : statement_(sql.substr(0, kShownStatement)), columns_(std::move(columns)) {}

void Rows::add_cell(std::optional<std::string_view> value) {
  cells_.push_back(
      {.begin = bytes_.size(), .size = value ? value->size() : 0, .is_null = !value.has_value()});
  if (value) bytes_ += *value;
}

Row Rows::only() const {
  if (size() != 1)
    throw Bug(fmt::format("one row expected, {} came from \"{}\"", size(), statement_));
  return (*this)[0];
}

const Rows::Cell& Rows::cell(std::size_t row, std::string_view column) const {
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (same_name(columns_[i], column)) return cells_.at(row * columns_.size() + i);
  }
  throw Bug(fmt::format("no column '{}' comes from \"{}\"", column, statement_));
}

void Rows::mismatch(std::string_view column, const Cell& cell, std::string_view expected) const {
  const auto found = cell.is_null ? std::string("NULL")
                                  : fmt::format("'{}'", bytes_.substr(cell.begin, cell.size));
  throw Error(
      Kind::invalid,
      fmt::format("column {} of \"{}\": {} expected, not {}", column, statement_, expected, found));
}

bool Row::is_null(std::string_view column) const {
  return rows_->cell(index_, column).is_null;
}

std::string_view Row::text(std::string_view column) const {
  const auto& cell = rows_->cell(index_, column);
  if (cell.is_null) rows_->mismatch(column, cell, "a text");
  return std::string_view(rows_->bytes_).substr(cell.begin, cell.size);
}

std::int64_t Row::integer(std::string_view column, std::int64_t least, std::int64_t most) const {
  const auto& cell = rows_->cell(index_, column);
  const auto text = std::string_view(rows_->bytes_).substr(cell.begin, cell.size);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (cell.is_null || error != std::errc() || end != text.data() + text.size())
    rows_->mismatch(column, cell, "an integer");
  if (value < least || value > most)
    rows_->mismatch(column, cell, fmt::format("an integer from {} to {}", least, most));
  return value;
}

double Row::number(std::string_view column) const {
  const auto& cell = rows_->cell(index_, column);
  const auto text = std::string_view(rows_->bytes_).substr(cell.begin, cell.size);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (cell.is_null || error != std::errc() || end != text.data() + text.size())
    rows_->mismatch(column, cell, "a number");
  return value;
}

bool Row::boolean(std::string_view column) const {
  const auto& cell = rows_->cell(index_, column);
  const auto text = std::string_view(rows_->bytes_).substr(cell.begin, cell.size);
  const bool is_true = text == "t" || text == "1";
  if (!is_true && text != "f" && text != "0") rows_->mismatch(column, cell, "a truth value");
  return is_true;
}

}  // namespace firn::db
