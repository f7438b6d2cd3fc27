// SPDX-License-Identifier: Apache-2.0
// firn as an ordinary user of a local nix-daemon, trusted and not.
#include "integration/farm_fixture.h"

#include <gmock/gmock.h>

namespace firn::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class TrustTest : public FarmTest {};

constexpr std::string_view kExpression = R"nix(rec {
  words = builtins.toFile "words" "trust\n";
  base = mk { name = "base"; script = "cat ${words} > $out"; };
  top = mk { name = "top"; script = "cat ${base} > $out; echo $(id -un) >&2"; };
  bad = mk { name = "bad"; script = "echo no luck; exit 1"; };
})nix";

TEST_F(TrustTest, ATrustedUserBuildsElsewhereAndHere) {
  const lab::CoordinatorHost home({.daemon = lab::Daemon{.is_trusted = true}});
  const lab::Builder builder(home.key(), {.name = "b1"});
  const auto file = write_nix(home, kExpression);

  const auto build =
      firn_build(home, {file, "-A", "top", "-j0", "--builders", machines({&builder})});

  ASSERT_TRUE(build.outcome.ok()) << build.outcome.describe();
  const auto path = outputs(home, file, "top").front();
  EXPECT_TRUE(home.verify_path(path));
  EXPECT_EQ(home.nar_hash(path), builder.host().nar_hash(path));
}

TEST_F(TrustTest, AnUntrustedUserBuildsOnThisMachine) {
  const lab::CoordinatorHost home({.daemon = lab::Daemon{.is_trusted = false}});
  const auto file = write_nix(home, kExpression);

  const auto build = firn_build(home, {file, "-A", "top", "--builders", ""});
  ASSERT_TRUE(build.outcome.ok()) << build.outcome.describe();
  EXPECT_EQ(build.steps(), 2U);
  EXPECT_TRUE(home.verify_path(outputs(home, file, "top").front()));

  const auto bad = firn_build(home, {file, "-A", "bad", "--builders", ""});
  EXPECT_EQ(bad.outcome.exit_code, 1) << bad.outcome.describe();
  EXPECT_THAT(bad.outcome.err, HasSubstr("no luck"));
}

TEST_F(TrustTest, AnUntrustedUserIsToldThreeWaysOutBeforeAnythingIsSent) {
  const lab::CoordinatorHost home({.daemon = lab::Daemon{.is_trusted = false}});
  const lab::Builder builder(home.key(), {.name = "b1"});
  const auto file = write_nix(home, kExpression);

  const auto build =
      firn_build(home, {file, "-A", "top", "-j0", "--builders", machines({&builder})});

  EXPECT_EQ(build.outcome.exit_code, 3) << build.outcome.describe();
  EXPECT_THAT(build.outcome.err, HasSubstr("trusted-users"));
  EXPECT_THAT(build.outcome.err, HasSubstr("trusted-public-keys"));
  EXPECT_THAT(build.outcome.err, HasSubstr("--builders ''"));
  EXPECT_THAT(builder.host().valid_paths(), IsEmpty());
}

TEST_F(TrustTest, ABuilderBehindADaemonWithATrustedLogin) {
  const lab::CoordinatorHost home;
  const lab::Builder builder(home.key(),
                             {.name = "b1", .host = {.daemon = lab::Daemon{.is_trusted = true}}});
  const auto file = write_nix(home, kExpression);

  const auto build =
      firn_build(home, {file, "-A", "top", "-j0", "--builders", machines({&builder})});

  ASSERT_TRUE(build.outcome.ok()) << build.outcome.describe();
  EXPECT_TRUE(home.verify_path(outputs(home, file, "top").front()));
}

}  // namespace
}  // namespace firn::testing
