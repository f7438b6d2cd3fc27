// SPDX-License-Identifier: Apache-2.0
#include "nix/content_address.h"

#include "base/error.h"
#include "support/mutations.h"
#include "support/refusal.h"

#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace firn::nix {
namespace {

using ::testing::HasSubstr;

constexpr ContentMethod kMethods[] = {
    ContentMethod::flat, ContentMethod::nar, ContentMethod::text, ContentMethod::git};
constexpr HashAlgorithm kAlgorithms[] = {HashAlgorithm::md5,
                                         HashAlgorithm::sha1,
                                         HashAlgorithm::sha256,
                                         HashAlgorithm::sha512,
                                         HashAlgorithm::blake3};

Hash sample_hash(HashAlgorithm algorithm) {
  const std::string digest(digest_size(algorithm), '\x5a');
  return {algorithm, as_bytes(digest)};
}

std::string refusal_of(std::string_view text) {
  return testing::refusal_of([&] { parse_content_address(text); });
}

TEST(ContentAddress, HasOneTextForEachMethod) {
  const Hash hash = hash_of(HashAlgorithm::sha256, "(...)");
  const std::string digits = "sha256:1lr187v6dck1rjh2j6svpikcfz53wyl3qrlcbb405zlh13x0khhh";
  EXPECT_EQ(to_string(ContentAddress{ContentMethod::flat, hash}), "fixed:" + digits);
  EXPECT_EQ(to_string(ContentAddress{ContentMethod::nar, hash}), "fixed:r:" + digits);
  EXPECT_EQ(to_string(ContentAddress{ContentMethod::text, hash}), "text:" + digits);
  EXPECT_EQ(to_string(ContentAddress{ContentMethod::git, hash}), "fixed:git:" + digits);
}

TEST(ContentAddress, ComesBackInEveryForm) {
  for (const ContentMethod method : kMethods) {
    EXPECT_EQ(parse_content_method(to_string(method)), method);
    for (const HashAlgorithm algorithm : kAlgorithms) {
      const ContentAddress address{method, sample_hash(algorithm)};
      EXPECT_EQ(parse_content_address(to_string(address)), address);
      EXPECT_EQ(parse_content_addressing(to_string(address.addressing())), address.addressing());
      EXPECT_EQ(parse_hash_algo(to_hash_algo(address.addressing())), address.addressing());
    }
  }
}

TEST(ContentAddress, ReadsDigitsOfEveryBase) {
  const ContentAddress address{ContentMethod::nar, sample_hash(HashAlgorithm::sha256)};
  for (const HashForm form : {HashForm::base16, HashForm::nix32, HashForm::base64}) {
    EXPECT_EQ(parse_content_address("fixed:r:" + address.hash.prefixed(form)), address);
  }
}

TEST(ContentAddress, HasTheFormOfDerivations) {
  EXPECT_EQ(parse_hash_algo("sha256"),
            (ContentAddressing{ContentMethod::flat, HashAlgorithm::sha256}));
  EXPECT_EQ(parse_hash_algo("r:sha512"),
            (ContentAddressing{ContentMethod::nar, HashAlgorithm::sha512}));
  EXPECT_EQ(parse_hash_algo("text:sha256"),
            (ContentAddressing{ContentMethod::text, HashAlgorithm::sha256}));
  EXPECT_EQ(to_hash_algo({ContentMethod::git, HashAlgorithm::sha1}), "git:sha1");
  for (const char* bad : {"", "r:", "sha3", "fixed:sha256", "r:r:sha256", "SHA256", "sha256:"}) {
    EXPECT_THROW(parse_hash_algo(bad), Error) << bad;
  }
}

TEST(ContentAddress, HasAFormWithoutHash) {
  EXPECT_EQ(to_string(ContentAddressing{ContentMethod::nar, HashAlgorithm::sha256}),
            "fixed:r:sha256");
  EXPECT_EQ(to_string(ContentAddressing{ContentMethod::text, HashAlgorithm::sha256}),
            "text:sha256");
  for (const char* bad : {"", "sha256", "fixed:", "fixed:text:sha256", "text:r:sha256", "r:sha1"}) {
    EXPECT_THROW(parse_content_addressing(bad), Error) << bad;
  }
}

TEST(ContentAddress, SaysWhereItIsBad) {
  EXPECT_THAT(refusal_of(""), HasSubstr("'fixed:' or 'text:' at offset 0"));
  EXPECT_THAT(refusal_of("sha256:abc"), HasSubstr("'fixed:' or 'text:' at offset 0"));
  EXPECT_THAT(refusal_of("fixed:r:sha3:abc"), HasSubstr("sha512 or blake3 at offset 8"));
  EXPECT_THAT(refusal_of("fixed:r:sha256"), HasSubstr("':' and a hash at offset 14"));
  EXPECT_THAT(refusal_of("text:sha256:sha256:abc"), HasSubstr("10 digits do not fit sha256"));
  EXPECT_THAT(refusal_of("text:sha256:abc"), HasSubstr("3 digits do not fit sha256"));
}

TEST(ContentAddress, DamageIsAnErrorOrAnotherAddress) {
  const std::string text = to_string(
      ContentAddress{.method = ContentMethod::git, .hash = sample_hash(HashAlgorithm::sha1)});
  const auto parse = [](std::string_view damaged) { parse_content_address(damaged); };
  testing::expect_every_cut_fails(text, parse);
  testing::expect_changed_bytes_are_harmless(text, parse);
}

}  // namespace
}  // namespace firn::nix
