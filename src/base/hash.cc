// SPDX-License-Identifier: Apache-2.0
#include "base/hash.h"

#include "base/blake3.h"
#include "base/encoding.h"
#include "base/error.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <openssl/evp.h>

namespace firn {

namespace {

/// Both in the order of HashAlgorithm.
constexpr std::array<std::string_view, 5> kNames{"md5", "sha1", "sha256", "sha512", "blake3"};
constexpr std::array<std::size_t, 5> kSizes{16, 20, 32, 64, 32};

const EVP_MD* evp_digest(HashAlgorithm algorithm) {
  switch (algorithm) {
    case HashAlgorithm::md5:
      return EVP_md5();
    case HashAlgorithm::sha1:
      return EVP_sha1();
    case HashAlgorithm::sha256:
      return EVP_sha256();
    case HashAlgorithm::sha512:
      return EVP_sha512();
    case HashAlgorithm::blake3:
      break;
  }
  throw Bug("OpenSSL has no BLAKE3");
}

HashAlgorithm known_algorithm(std::string_view name) {
  if (const auto found = find_hash_algorithm(name)) return *found;
  throw Error(Kind::invalid,
              fmt::format("unknown hash algorithm {} at offset 0: expected md5, sha1, sha256, "
                          "sha512 or blake3",
                          in_quotes(name)));
}

std::string decode_by_length(HashAlgorithm algorithm, std::string_view digits) {
  const std::size_t size = digest_size(algorithm);
  if (digits.size() == size * 2) return decode_base16(digits);
  if (digits.size() == (size * 8 + 4) / 5) return decode_nix32(digits);
  if (digits.size() == (size + 2) / 3 * 4) return decode_base64(digits);
  throw Error(Kind::invalid,
              fmt::format("{} digits do not fit {}: expected {} in base16, {} in nix32 or {} in "
                          "base64",
                          digits.size(),
                          to_string(algorithm),
                          size * 2,
                          (size * 8 + 4) / 5,
                          (size + 2) / 3 * 4));
}

Hash parse_parts(std::string_view text, std::optional<HashAlgorithm> expected) {
  const std::size_t separator = text.find_first_of(":-");
  if (separator == std::string_view::npos) {
    if (!expected) {
      throw Error(Kind::invalid, "no algorithm: expected a prefix such as 'sha256:'");
    }
    return parse_bare_hash(text, *expected);
  }
  const HashAlgorithm algorithm = known_algorithm(text.substr(0, separator));
  if (expected && *expected != algorithm) {
    throw Error(Kind::invalid, fmt::format("expected a {} hash", to_string(*expected)));
  }
  const std::string_view digits = text.substr(separator + 1);
  const std::string digest =
      text[separator] == '-' ? decode_base64(digits) : decode_by_length(algorithm, digits);
  return {algorithm, as_bytes(digest)};
}

}  // namespace

std::size_t digest_size(HashAlgorithm algorithm) {
  return kSizes.at(static_cast<std::size_t>(algorithm));
}

std::string_view to_string(HashAlgorithm algorithm) {
  return kNames.at(static_cast<std::size_t>(algorithm));
}

std::optional<HashAlgorithm> find_hash_algorithm(std::string_view name) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == name) return static_cast<HashAlgorithm>(i);
  }
  return std::nullopt;
}

Hash::Hash(HashAlgorithm algorithm, Bytes digest) : algorithm_(algorithm) {
  if (digest.size() != digest_size(algorithm)) {
    throw Error(Kind::invalid,
                fmt::format("a {} digest has {} bytes, not {}",
                            to_string(algorithm),
                            digest_size(algorithm),
                            digest.size()));
  }
  std::copy(digest.begin(), digest.end(), digest_.begin());
}

std::string Hash::encode(HashForm form) const {
  switch (form) {
    case HashForm::base16:
      return encode_base16(digest());
    case HashForm::nix32:
      return encode_nix32(digest());
    case HashForm::base64:
      return encode_base64(digest());
  }
  throw Bug("no such hash form");
}

std::string Hash::prefixed(HashForm form) const {
  return fmt::format("{}:{}", to_string(algorithm_), encode(form));
}

std::string Hash::sri() const {
  return fmt::format("{}-{}", to_string(algorithm_), encode(HashForm::base64));
}

Hash parse_hash(std::string_view text, std::optional<HashAlgorithm> expected) {
  try {
    return parse_parts(text, expected);
  } catch (Error& error) {
    error.add_context(fmt::format("reading the hash {}", in_quotes(text)));
    throw;
  }
}

Hash parse_bare_hash(std::string_view digits, HashAlgorithm algorithm) {
  return {algorithm, as_bytes(decode_by_length(algorithm, digits))};
}

struct Hasher::State {
  explicit State(HashAlgorithm kind) : algorithm(kind) {
    if (kind == HashAlgorithm::blake3) {
      blake3.emplace();
    } else if (context == nullptr ||
               EVP_DigestInit_ex(context.get(), evp_digest(kind), nullptr) != 1) {
      throw Error(Kind::internal,
                  fmt::format("OpenSSL does not offer {}: is it in FIPS mode?", to_string(kind)));
    }
  }

  struct Free {
    void operator()(EVP_MD_CTX* pointer) const { EVP_MD_CTX_free(pointer); }
  };

  HashAlgorithm algorithm;
  std::unique_ptr<EVP_MD_CTX, Free> context{EVP_MD_CTX_new()};
  /// In place of OpenSSL.
  std::optional<Blake3> blake3{};
};

Hasher::Hasher(HashAlgorithm algorithm) : state_(std::make_unique<State>(algorithm)) {}

Hasher::~Hasher() = default;
Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;

void Hasher::update(Bytes bytes) {
  FIRN_CHECK(state_ != nullptr);
  if (auto& blake3 = state_->blake3) return blake3->update(bytes);
  FIRN_CHECK(EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()) == 1);
}

Hash Hasher::finish() {
  FIRN_CHECK(state_ != nullptr);
  const auto state = std::move(state_);
  if (const auto& blake3 = state->blake3) return {state->algorithm, blake3->digest()};
  std::array<std::byte, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  FIRN_CHECK(EVP_DigestFinal_ex(state->context.get(),
                                reinterpret_cast<unsigned char*>(digest.data()),
                                &size) == 1);
  return {state->algorithm, Bytes(digest).first(size)};
}

Hash hash_of(HashAlgorithm algorithm, std::string_view text) {
  Hasher hasher(algorithm);
  hasher.update(text);
  return hasher.finish();
}

}  // namespace firn
