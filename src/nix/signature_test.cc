// SPDX-License-Identifier: Apache-2.0
#include "nix/signature.h"

#include "base/encoding.h"
#include "base/error.h"
#include "support/refusal.h"

#include <string>
#include <type_traits>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace firn::nix {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::refusal_of;

static_assert(!std::is_copy_constructible_v<SecretKey>);

/// The first test of RFC 8032, section 7.1: the empty message.
constexpr std::string_view kSeed =
    "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
constexpr std::string_view kPublic =
    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
constexpr std::string_view kSignatureOfNothing =
    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b4"
    "6bd25bf5f0595bbe24655141438e7a100b";

std::string base64_of(std::string_view base16) {
  return encode_base64(as_bytes(decode_base16(base16)));
}

std::string secret_text() {
  return "rfc-1:" + base64_of(std::string(kSeed) + std::string(kPublic));
}

std::string public_text() {
  return "rfc-1:" + base64_of(kPublic);
}

TEST(SecretKey, SignsAsTheStandardSays) {
  const SecretKey key = SecretKey::parse(secret_text() + "\n");
  EXPECT_EQ(key.name(), "rfc-1");
  EXPECT_EQ(key.sign(""), "rfc-1:" + base64_of(kSignatureOfNothing));
  EXPECT_EQ(key.public_key().str(), public_text());
}

TEST(SecretKey, NeverShowsItself) {
  const std::string secret = base64_of(std::string(kSeed) + std::string(kPublic));
  for (const std::string& bad : {secret, ":" + secret, "a:" + secret.substr(4), "a:!" + secret}) {
    const std::string message = refusal_of([&] { SecretKey::parse(bad); });
    EXPECT_THAT(message, HasSubstr("secret key"));
    EXPECT_THAT(message, Not(HasSubstr(secret.substr(8, 8))));
  }
}

TEST(PublicKey, SaysWhatIsBad) {
  const std::pair<std::string, const char*> cases[] = {
      {"", "public key: expected a name and ':' at offset 0"},
      {":" + base64_of(kPublic), "a name and ':'"},
      {"a", "a name and ':'"},
      {"a:", "public key 'a': expected base64 after ':'"},
      {"a:_", "expected base64"},
      {"a:AAAA", "public key 'a': expected 32 bytes in base64, got 3"},
  };
  for (const auto& [text, why] : cases)
    EXPECT_THAT(refusal_of([&] { PublicKey::parse(text); }), HasSubstr(why)) << text;
}

TEST(TrustedKeys, VerifyByName) {
  const SecretKey secret = SecretKey::parse(secret_text());
  const std::string signature = secret.sign("message");
  const auto keys =
      TrustedKeys::parse(" other:" + base64_of(std::string(64, '0')) + "\n" + public_text() + " ");
  EXPECT_TRUE(keys.verify("message", signature));
  EXPECT_FALSE(keys.verify("messagf", signature));
  EXPECT_FALSE(keys.verify("message", "other" + signature.substr(5)));
  EXPECT_FALSE(keys.verify("message", "unknown" + signature.substr(5)));
  EXPECT_FALSE(TrustedKeys().verify("message", signature));
}

TEST(TrustedKeys, RefuseWhatIsNoSignature) {
  const auto keys = TrustedKeys::parse(public_text());
  const std::pair<std::string, const char*> cases[] = {
      {"", "signature: expected a name"},
      {"rfc-1", "expected a name and ':'"},
      {"rfc-1:", "expected base64"},
      {"rfc-1:AAAA", "signature by 'rfc-1': expected 64 bytes in base64, got 3"},
  };
  for (const auto& [text, why] : cases)
    EXPECT_THAT(refusal_of([&] { keys.verify("m", text); }), HasSubstr(why)) << text;
  EXPECT_FALSE(keys.verify("m", "unknown:AAAA"));
}

TEST(TrustedKeys, CountWhatVerifies) {
  const SecretKey secret = SecretKey::parse(secret_text());
  const auto keys = TrustedKeys::parse(public_text());
  EXPECT_EQ(keys.count_valid("m", {secret.sign("m"), secret.sign("n"), "no signature", ""}), 1U);
}

TEST(Signatures, KeepInOrder) {
  std::vector<std::string> signatures;
  for (const char* text : {"b:1", "a:2", "b:1", "a:1"})
    add_signature(signatures, text);
  EXPECT_THAT(signatures, ElementsAre("a:1", "a:2", "b:1"));
}

TEST(Signatures, HaveTwoFormsInJson) {
  const std::vector<std::string> signatures{"a:AA==", "b:x:y"};
  const Json texts = signatures_json(signatures, SignatureForm::text);
  const Json objects = signatures_json(signatures, SignatureForm::object);
  EXPECT_EQ(texts.dump(), R"(["a:AA==","b:x:y"])");
  EXPECT_EQ(objects.dump(), R"([{"keyName":"a","sig":"AA=="},{"keyName":"b","sig":"x:y"}])");
  EXPECT_EQ(signatures_from(JsonPlace(texts)), signatures);
  EXPECT_EQ(signatures_from(JsonPlace(objects)), signatures);
  EXPECT_THROW(signatures_json({"no colon"}, SignatureForm::object), Error);
  const Json bad = parse_json(R"([{"keyName":"a"}])");
  EXPECT_THAT(refusal_of([&] { signatures_from(JsonPlace(bad)); }), HasSubstr("'sig' at /0"));
}

}  // namespace
}  // namespace firn::nix
