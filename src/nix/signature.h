// SPDX-License-Identifier: Apache-2.0
// Ed25519 signatures as Nix writes them, "<key name>:<base64>", and the keys that make and check
// them. A signature travels as text: whoever only hands it on need not understand it.
#pragma once

#include "base/secret.h"
#include "nix/json.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace firn::nix {

/// What stands around the first colon of a key or a signature.
struct NamedBytes {
  /// Not empty.
  std::string name;
  std::string bytes;
};

/// Throws Error{invalid} unless `text` is a name, a colon and base64, neither empty. `what` names
/// it in the message, which never shows the text.
NamedBytes parse_named_bytes(std::string_view text, std::string_view what);

/// Sorted by text and without duplicates, as Nix up to 2.33 writes them; newer ones compare names
/// of keys first, then raw bytes. No reader looks at the order, and nothing that is signed has it.
void sort_signatures(std::vector<std::string>& signatures);

/// Keeps `signatures` so, if they are.
void add_signature(std::vector<std::string>& signatures, std::string signature);

/// Checks signatures of one name.
class PublicKey {
 public:
  /// "<name>:<base64 of 32 bytes>"; blanks and line ends around it are ignored. Throws
  /// Error{invalid}.
  static PublicKey parse(std::string_view text);

  const std::string& name() const { return name_; }

  std::string str() const;

  /// `signature` is 64 bytes; the name that it stands under was looked at by the caller.
  bool verifies(std::string_view message, std::string_view signature) const;

  friend bool operator==(const PublicKey&, const PublicKey&) = default;

 private:
  friend class SecretKey;

  PublicKey(std::string name, std::string_view bytes);

  std::string name_;
  std::array<unsigned char, 32> bytes_{};
};

/// Makes signatures. Its bytes are wiped when it goes.
class SecretKey {
 public:
  /// "<name>:<base64 of 64 bytes>", the seed and the public key; blanks and line ends around it are
  /// ignored. Throws Error{invalid}; no message shows any of it but the name.
  static SecretKey parse(std::string_view text);

  const std::string& name() const { return name_; }

  PublicKey public_key() const;

  /// The text of the signature, name included.
  std::string sign(std::string_view message) const;

 private:
  SecretKey(std::string name, Secret bytes);

  std::string name_;
  Secret bytes_;
};

/// The public keys that somebody trusts, one for each name.
class TrustedKeys {
 public:
  TrustedKeys() = default;
  /// Keys with blanks or line ends between them, as in `trusted-public-keys`. Throws
  /// Error{invalid}.
  static TrustedKeys parse(std::string_view words);

  /// Replaces a key of the same name.
  void add(PublicKey key);

  bool empty() const { return keys_.empty(); }

  /// False where no key has the signature's name, or the signature is not of this message. Throws
  /// Error{invalid} where it is no signature: without a name, or not of 64 bytes.
  bool verify(std::string_view message, std::string_view signature) const;

  /// How many of `signatures` verify. What is no signature counts as one that does not.
  std::size_t count_valid(std::string_view message,
                          const std::vector<std::string>& signatures) const;

 private:
  std::map<std::string, PublicKey, std::less<>> keys_;
};

/// How JSON holds a signature. Both forms are read everywhere.
enum class SignatureForm : std::uint8_t {
  text,    ///< "name:base64": up to 2.33
  object,  ///< {"keyName": …, "sig": base64}: since 2.34
};

/// Throws Error{invalid} where the object form is wanted and a text has no colon.
Json signatures_json(const std::vector<std::string>& signatures, SignatureForm form);

/// Sorted, without duplicates. Throws Error{invalid}.
std::vector<std::string> signatures_from(const JsonPlace& list);

}  // namespace firn::nix
