// SPDX-License-Identifier: Apache-2.0
// Hashes and their text forms (reference: Nix "hash" formats; base16, nix32, base64, SRI). Digests
// come from OpenSSL, but for BLAKE3.
#pragma once

#include "base/bytes.h"

#include <array>
#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace firn {

/// Algorithms that Nix writes down.
enum class HashAlgorithm : std::uint8_t { md5, sha1, sha256, sha512, blake3 };

/// Length of a digest in bytes: 16, 20, 32, 64, 32.
std::size_t digest_size(HashAlgorithm algorithm);
std::string_view to_string(HashAlgorithm algorithm);
std::optional<HashAlgorithm> find_hash_algorithm(std::string_view name);

enum class HashForm : std::uint8_t { base16, nix32, base64 };

/// A digest with its algorithm. Comparable; small enough to copy.
class Hash {
 public:
  Hash(HashAlgorithm algorithm, Bytes digest);

  HashAlgorithm algorithm() const { return algorithm_; }

  Bytes digest() const { return Bytes(digest_).first(digest_size(algorithm_)); }

  /// Without any prefix.
  std::string encode(HashForm form) const;
  /// "sha256:<form>".
  std::string prefixed(HashForm form) const;
  /// "sha256-<base64>".
  std::string sri() const;

  friend auto operator<=>(const Hash&, const Hash&) = default;

 private:
  HashAlgorithm algorithm_;
  std::array<std::byte, 64> digest_{};
};

/// Parses every form: "algo:rest" (base by length), "algo-base64" (SRI), or bare digits, which need
/// `expected`. Where both a prefix and `expected` are there they must agree. Throws Error{invalid}.
Hash parse_hash(std::string_view text, std::optional<HashAlgorithm> expected = std::nullopt);

/// Digits without any prefix, in the base that their number says. Throws Error{invalid}.
Hash parse_bare_hash(std::string_view digits, HashAlgorithm algorithm);

/// A running digest. `finish` may be called once and ends it.
class Hasher {
 public:
  explicit Hasher(HashAlgorithm algorithm);
  ~Hasher();
  Hasher(Hasher&&) noexcept;
  Hasher& operator=(Hasher&&) noexcept;

  void update(Bytes bytes);

  void update(std::string_view text) { update(as_bytes(text)); }

  Hash finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

Hash hash_of(HashAlgorithm algorithm, std::string_view text);

}  // namespace firn
