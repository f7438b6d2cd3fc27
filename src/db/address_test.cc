// SPDX-License-Identifier: Apache-2.0
#include "db/address.h"

#include "support/refusal.h"

#include <gmock/gmock.h>

namespace firn::db {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(Address, OfHydrasEnvironment) {
  const auto by_default = hydra_address({}, {});
  EXPECT_EQ(by_default.engine(), Engine::postgresql);
  EXPECT_EQ(by_default.reveal(), "dbname=hydra ");
  EXPECT_EQ(hydra_address({}, "dbi:Pg:dbname=h;host=db1;user=u;").reveal(),
            "dbname=h host=db1 user=u ");
  EXPECT_EQ(hydra_address({}, "DBI:Pg:dbname=h").reveal(), "dbname=h");
  EXPECT_EQ(hydra_address("postgres://db1/h", "dbi:Pg:dbname=other").reveal(), "postgres://db1/h");
}

TEST(Address, ForPeopleHoldsNoPassword) {
  EXPECT_EQ(parse_address("postgres://u:secret@db1:5433/h").describe(),
            "PostgreSQL database 'h' at db1 port 5433");
  EXPECT_EQ(parse_address("dbi:pg:dbname=h;password=secret").describe(), "PostgreSQL database 'h'");
}

TEST(Address, WhatCannotBeReadIsNotShown) {
  const auto refusal =
      firn::testing::refusal_of([] { hydra_address("postgres://u:secret@db1:54:33:/h?x", {}); });
  EXPECT_THAT(refusal, AllOf(HasSubstr("HYDRA_DATABASE_URL"), Not(HasSubstr("secret"))));
  EXPECT_THAT(firn::testing::refusal_of([] { parse_address("dbi:Pg:secret"); }),
              AllOf(HasSubstr("dbname=hydra"), Not(HasSubstr("secret"))));
  EXPECT_THAT(firn::testing::refusal_of([] { hydra_address({}, "dbi:SQLite:x"); }),
              HasSubstr("HYDRA_DBI does not begin with dbi:Pg:"));
  EXPECT_THAT(firn::testing::refusal_of([] { parse_address("mysql://db1/h"); }),
              HasSubstr("sqlite:FILE"));
  EXPECT_THAT(firn::testing::refusal_of([] { parse_address(""); }), HasSubstr("sqlite:FILE"));
}

TEST(Address, OfAFile) {
  for (const auto* const text : {"sqlite:/var/lib/firn/a:b", "/var/lib/firn/a:b"}) {
    const auto address = parse_address(text);
    EXPECT_EQ(address.engine(), Engine::sqlite);
    EXPECT_EQ(address.reveal(), "/var/lib/firn/a:b");
    EXPECT_EQ(address.describe(), "SQLite database /var/lib/firn/a:b");
  }
}

}  // namespace
}  // namespace firn::db
