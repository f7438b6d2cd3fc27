// SPDX-License-Identifier: Apache-2.0
// Content addresses: what a store object's bytes must hash to, and how they are made for hashing.
// One address has three text forms: `ca` fields ("fixed:r:sha256:…"), derivations ("r:sha256" and
// the digits apart), and JSON.
#pragma once

#include "base/hash.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace firn::nix {

/// Which bytes of a store object are hashed.
enum class ContentMethod : std::uint8_t {
  flat,  ///< the contents of the one regular file that it is
  nar,   ///< its NAR; "recursive" in Nix expressions
  text,  ///< as flat, for files that may refer to store paths: .drv files, builtins.toFile
  git,   ///< the Git object, blob or tree (since Nix 2.20, experimental)
};

/// As JSON has it: "flat", "nar", "text", "git".
std::string_view to_string(ContentMethod method);
/// Throws Error{invalid} for any other word.
ContentMethod parse_content_method(std::string_view word);

/// A content address without its hash: what is known of it before the content is there.
struct ContentAddressing {
  ContentMethod method;
  HashAlgorithm algorithm;

  friend bool operator==(const ContentAddressing&, const ContentAddressing&) = default;
};

/// "fixed:sha256", "fixed:r:sha256", "text:sha256", "fixed:git:sha1", as AddToStore takes it.
std::string to_string(const ContentAddressing& addressing);
/// Throws Error{invalid}.
ContentAddressing parse_content_addressing(std::string_view text);

/// The older form of derivations, without "fixed:": "sha256", "r:sha256", "text:sha256",
/// "git:sha1".
std::string to_hash_algo(const ContentAddressing& addressing);
/// Throws Error{invalid}.
ContentAddressing parse_hash_algo(std::string_view text);

struct ContentAddress {
  ContentMethod method;
  Hash hash;

  ContentAddressing addressing() const { return {.method = method, .algorithm = hash.algorithm()}; }

  friend bool operator==(const ContentAddress&, const ContentAddress&) = default;
};

/// "text:sha256:<nix32>", "fixed:sha256:<nix32>", "fixed:r:sha256:<nix32>",
/// "fixed:git:sha1:<nix32>".
std::string to_string(const ContentAddress& address);
/// Takes the digits in base16, nix32 or base64. Throws Error{invalid} with what was expected.
ContentAddress parse_content_address(std::string_view text);

}  // namespace firn::nix
