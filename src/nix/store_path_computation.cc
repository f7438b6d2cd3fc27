// SPDX-License-Identifier: Apache-2.0
#include "nix/store_path_computation.h"

#include "base/encoding.h"
#include "base/error.h"

#include <fmt/format.h>

namespace firn::nix {

namespace {

constexpr std::size_t kFoldedSize = 20;

/// `type` says what `inner` is the SHA-256 of, with the references where there may be some.
StorePath path_of(std::string_view type, const Hash& inner, std::string_view name) {
  const std::string fingerprint =
      fmt::format("{}:{}:{}:{}", type, inner.prefixed(HashForm::base16), kStoreDir, name);
  const Hash hash = hash_of(HashAlgorithm::sha256, fingerprint);
  return StorePath::from_base_name(
      fmt::format("{}-{}", encode_nix32(as_bytes(fold_digest(hash.digest()))), name));
}

std::string with_references(std::string type, const References& references) {
  for (const StorePath& path : references.others) {
    type += ':';
    type += path.str();
  }
  if (references.self) type += ":self";
  return type;
}

[[noreturn]] void fail(std::string_view name, std::string_view rule) {
  throw Error(Kind::invalid, fmt::format("store path for {}: {}", in_quotes(name), rule));
}

void check_algorithm(std::string_view name, const ContentAddress& address) {
  const HashAlgorithm algorithm = address.hash.algorithm();
  if (address.method == ContentMethod::git && algorithm != HashAlgorithm::sha1 &&
      algorithm != HashAlgorithm::sha256) {
    fail(name, "Git objects have sha1 or sha256 hashes");
  }
}

}  // namespace

std::string fold_digest(Bytes digest) {
  std::string folded(kFoldedSize, '\0');
  for (std::size_t i = 0; i < digest.size(); ++i) {
    char& target = folded[i % kFoldedSize];
    target = static_cast<char>(target ^ static_cast<char>(digest[i]));
  }
  return folded;
}

StorePath text_path(std::string_view name, const Hash& contents, const StorePathSet& references) {
  if (contents.algorithm() != HashAlgorithm::sha256) fail(name, "texts have sha256 hashes");
  return path_of(with_references("text", {.others = references}), contents, name);
}

StorePath content_addressed_path(std::string_view name,
                                 const ContentAddress& address,
                                 const References& references) {
  if (address.method == ContentMethod::text) {
    if (references.self) fail(name, "a text cannot refer to itself");
    return text_path(name, address.hash, references.others);
  }
  check_algorithm(name, address);
  if (address.method == ContentMethod::nar && address.hash.algorithm() == HashAlgorithm::sha256) {
    return path_of(with_references("source", references), address.hash, name);
  }
  if (references.self || !references.others.empty()) {
    fail(name, "only texts and NARs with a sha256 hash can have references");
  }
  const std::string inner = fmt::format("fixed:out:{}:{}:",
                                        to_hash_algo(address.addressing()),
                                        address.hash.encode(HashForm::base16));
  return path_of("output:out", hash_of(HashAlgorithm::sha256, inner), name);
}

StorePath input_addressed_path(std::string_view derivation_name,
                               std::string_view output,
                               const Hash& derivation_hash) {
  if (derivation_hash.algorithm() != HashAlgorithm::sha256) {
    fail(derivation_name, "derivations have sha256 hashes");
  }
  return path_of(
      fmt::format("output:{}", output), derivation_hash, output_path_name(derivation_name, output));
}

std::string output_path_name(std::string_view derivation_name, std::string_view output) {
  if (output == "out") return std::string(derivation_name);
  return fmt::format("{}-{}", derivation_name, output);
}

}  // namespace firn::nix
