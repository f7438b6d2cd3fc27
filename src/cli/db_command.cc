// SPDX-License-Identifier: Apache-2.0
#include "cli/db_command.h"

#include "base/error.h"
#include "cli/database_address.h"
#include "cli/usage.h"
#include "db/address.h"
#include "db/schema.h"

#include <CLI/CLI.hpp>
#include <array>
#include <cstdio>
#include <iostream>
#include <string_view>

#include <fmt/format.h>

namespace firn::cli {

namespace {

constexpr std::string_view kName = "db";
constexpr std::array<std::string_view, 2> kOptions = {"--database", "--help"};

constexpr std::string_view kHelp =
    R"(usage: firn db init [--database WHERE]

Makes the tables of the queue: Hydra's, in an empty database, and firn's own
beside them. Hydra's own tables are never altered. What is there already stays.

  --database WHERE  postgres://USER@HOST/DATABASE, or a SQLite file (its path,
                    or sqlite:FILE); default: $HYDRA_DATABASE_URL, else
                    $HYDRA_DBI, else the local PostgreSQL database hydra

Exit codes:
  0    the database has all tables
  2    the database holds something else, or WHERE is none
  3    the database cannot be reached, or its owner must grant something
)";

std::string_view sentence(db::SchemaInit done) {
  switch (done) {
    case db::SchemaInit::created:
      return "has Hydra's tables and firn's now";
    case db::SchemaInit::recognised:
      return "is Hydra's, and has firn's tables beside them now";
    case db::SchemaInit::nothing_new:
      return "has all tables already";
  }
  throw Bug("a database was left in no known state");
}

bool is_usage(Kind kind) {
  return kind == Kind::invalid || kind == Kind::conflict;
}

}  // namespace

std::variant<DbInitOptions, Exit> parse_db(int argc, const char* const* argv) {
  DbInitOptions options;
  std::string action;
  bool wants_help = false;
  CLI::App app;
  app.set_help_flag("");
  app.allow_extras();
  app.add_option("ACTION", action);
  app.add_option("--database", options.database);
  app.add_flag("-h,--help", wants_help);
  try {
    app.parse(argc, argv);
    for (const auto& word : app.remaining())
      throw unknown_word(kName, word, kOptions);
  } catch (const CLI::ParseError& e) {
    return usage_error(kName, e.what());
  } catch (const Error& e) {
    return usage_error(kName, e.message());
  }
  if (wants_help) return Exit{.code = ExitCode::success, .text = std::string(kHelp)};
  if (action != "init") return usage_error(kName, "say what to do: firn db init");
  return options;
}

void init_database(const DbInitOptions& options, std::ostream& out) {
  const auto address = database_address(options.database);
  const auto connection = db::connect(address);
  try {
    out << fmt::format("{} {}\n", address.describe(), sentence(db::init_schema(*connection)));
  } catch (Error& error) {
    error.add_context(fmt::format("preparing {}", address.describe()));
    throw;
  }
}

ExitCode run_db_init(const DbInitOptions& options) {
  try {
    init_database(options, std::cout);
    return ExitCode::success;
  } catch (const Error& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return is_usage(error.kind()) ? ExitCode::usage : ExitCode::infrastructure;
  }
}

}  // namespace firn::cli
