// SPDX-License-Identifier: Apache-2.0
#include "cli/db_command.h"

#include "support/refusal.h"
#include "support/temp_folder.h"

#include <sstream>
#include <string>
#include <variant>
#include <vector>

#include <gmock/gmock.h>

namespace firn::cli {
namespace {

using ::testing::HasSubstr;

std::variant<DbInitOptions, Exit> parse(std::vector<const char*> words) {
  words.insert(words.begin(), "db");
  return parse_db(static_cast<int>(words.size()), words.data());
}

std::string refusal(const std::vector<const char*>& words) {
  const auto parsed = parse(words);
  const auto* exit = std::get_if<Exit>(&parsed);
  return exit == nullptr ? "accepted" : exit->text;
}

TEST(DbCommand, IsRead) {
  const auto parsed = parse({"init", "--database", "postgres://db1/h"});
  const auto* options = std::get_if<DbInitOptions>(&parsed);
  ASSERT_NE(options, nullptr);
  EXPECT_EQ(options->database, "postgres://db1/h");
}

TEST(DbCommand, RefusesWhatItDoesNotKnow) {
  EXPECT_THAT(refusal({}), HasSubstr("say what to do: firn db init"));
  EXPECT_THAT(refusal({"drop"}), HasSubstr("say what to do: firn db init"));
  EXPECT_THAT(refusal({"init", "--databse", "x"}), HasSubstr("--database"));
}

TEST(DbCommand, MakesTheTablesOnce) {
  const firn::testing::TempFolder folder;
  const DbInitOptions options{.database = (folder.path() / "queue.db").string()};
  std::ostringstream out;
  init_database(options, out);
  EXPECT_EQ(out.str(),
            "SQLite database " + options.database + " has Hydra's tables and firn's now\n");
  out.str("");
  init_database(options, out);
  EXPECT_EQ(out.str(), "SQLite database " + options.database + " has all tables already\n");
}

TEST(DbCommand, SaysWhatIsNoDatabase) {
  const firn::testing::TempFolder folder;
  const DbInitOptions options{.database = folder.write("text", std::string(600, 'x')).string()};
  std::ostringstream out;
  EXPECT_THAT(firn::testing::refusal_of([&] { init_database(options, out); }),
              HasSubstr("file is not a database"));
}

}  // namespace
}  // namespace firn::cli
