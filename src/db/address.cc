// SPDX-License-Identifier: Apache-2.0
#include "db/address.h"

#include "db/postgres.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace firn::db {

namespace {

constexpr std::string_view kDbi = "dbi:pg:";
constexpr std::string_view kSqlite = "sqlite:";
constexpr std::string_view kHydraDbi = "dbi:Pg:dbname=hydra;";

bool starts_with_any_case(std::string_view text, std::string_view prefix) {
  const auto lower = [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  };
  return text.size() >= prefix.size() &&
         std::ranges::equal(text.substr(0, prefix.size()), prefix, {}, lower);
}

/// A word before a colon: `mysql:`, `dbi:mysql:`, `http:`.
bool has_scheme(std::string_view text) {
  const auto colon = text.find(':');
  return colon != std::string_view::npos && colon < text.find('/');
}

}  // namespace

Address::Address(Engine engine, Secret where, std::string description)
    : engine_(engine), where_(std::move(where)), description_(std::move(description)) {}

Address parse_address(std::string_view text) {
  if (text.starts_with("postgres://") || text.starts_with("postgresql://"))
    return {Engine::postgresql, Secret(std::string(text)), describe_postgres(text)};
  if (starts_with_any_case(text, kDbi)) {
    std::string words(text.substr(kDbi.size()));
    std::ranges::replace(words, ';', ' ');
    Secret where(std::move(words));
    auto description = describe_postgres(where.reveal());
    return {Engine::postgresql, std::move(where), std::move(description)};
  }
  const bool is_named = text.starts_with(kSqlite);
  const auto file = is_named ? text.substr(kSqlite.size()) : text;
  const bool is_file = !file.empty() && (is_named || !has_scheme(file));
  if (!is_file)
    throw Error(Kind::invalid,
                "this is no database that firn knows: give postgres://…, dbi:Pg:…, sqlite:FILE or "
                "the path of a SQLite file");
  return {Engine::sqlite, Secret(std::string(file)), fmt::format("SQLite database {}", file)};
}

Address hydra_address(std::optional<std::string_view> database_url,
                      std::optional<std::string_view> dbi) {
  const auto named = [](std::string_view variable, std::string_view text) {
    try {
      return parse_address(text);
    } catch (Error& error) {
      error.add_context(fmt::format("reading {}", variable));
      throw;
    }
  };
  if (database_url) return named("HYDRA_DATABASE_URL", *database_url);
  const auto text = dbi.value_or(kHydraDbi);
  if (!starts_with_any_case(text, kDbi))
    throw Error(Kind::invalid, "HYDRA_DBI does not begin with dbi:Pg:, as it must");
  return named("HYDRA_DBI", text);
}

}  // namespace firn::db
