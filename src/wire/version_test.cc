// SPDX-License-Identifier: Apache-2.0
#include "wire/version.h"

#include "base/error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace firn::wire {
namespace {

TEST(ServeVersion, IsReadAndWritten) {
  EXPECT_EQ(parse_serve_version(0x208), kNewestServe);
  EXPECT_EQ(kNewestServe.number(), 0x208U);
  EXPECT_EQ(kNewestServe.str(), "2.8");
  EXPECT_EQ(parse_serve_version(0x2ff).str(), "2.255");
}

TEST(ServeVersion, OtherMajorsAreRefused) {
  for (const std::uint32_t number : {0U, 0x101U, 0x1ffU, 0x300U, 0x10208U, 0xffffffffU}) {
    EXPECT_THROW(parse_serve_version(number), Error) << number;
  }
  try {
    parse_serve_version(0x101);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), Kind::protocol);
    EXPECT_THAT(error.message(), ::testing::HasSubstr("version 1.1 of the serve protocol"));
  }
}

TEST(ServeVersion, TheLowerOneIsSpoken) {
  EXPECT_EQ(agree(kNewestServe, ServeVersion(5)), ServeVersion(5));
  EXPECT_EQ(agree(ServeVersion(6), ServeVersion(7)), ServeVersion(6));
  EXPECT_EQ(agree(kNewestServe, ServeVersion(200)), kNewestServe);
}

TEST(ServeVersion, KnowsWhatCameWhen) {
  EXPECT_FALSE(has(ServeVersion(4), Since::add_to_store_nar));
  EXPECT_TRUE(has(ServeVersion(5), Since::add_to_store_nar));
  EXPECT_TRUE(has(ServeVersion(0), Since::the_start));
  EXPECT_FALSE(has(ServeVersion(7), Since::binary_built_outputs));
}

}  // namespace
}  // namespace firn::wire
