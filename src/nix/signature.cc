// SPDX-License-Identifier: Apache-2.0
#include "nix/signature.h"

#include "base/encoding.h"
#include "base/error.h"

#include <algorithm>
#include <sodium.h>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace firn::nix {

namespace {

static_assert(crypto_sign_PUBLICKEYBYTES == 32);

constexpr std::string_view kBlanks = " \t\r\n";

void start_sodium() {
  static const bool started = sodium_init() >= 0;
  if (!started) throw Error(Kind::internal, "libsodium cannot be initialised");
}

const unsigned char* raw(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

void check_size(std::string_view bytes, std::size_t size, std::string_view what) {
  if (bytes.size() == size) return;
  throw Error(Kind::invalid,
              fmt::format("{}: expected {} bytes in base64, got {}", what, size, bytes.size()));
}

[[noreturn]] void fail_base64(std::string_view what, std::string_view name) {
  throw Error(Kind::invalid,
              fmt::format("{} {}: expected base64 after ':'", what, in_quotes(name)));
}

Json signature_object(const std::string& signature) {
  const std::size_t colon = signature.find(':');
  if (colon == std::string::npos) {
    throw Error(Kind::invalid,
                fmt::format("signature {}: expected a name and ':'", in_quotes(signature)));
  }
  return {{"keyName", signature.substr(0, colon)}, {"sig", signature.substr(colon + 1)}};
}

std::string signature_from(const JsonPlace& place) {
  if (place.is_string()) return place.string();
  return place.at("keyName").string() + ":" + place.at("sig").string();
}

}  // namespace

NamedBytes parse_named_bytes(std::string_view text, std::string_view what) {
  const std::size_t colon = text.find(':');
  if (colon == 0 || colon == std::string_view::npos) {
    throw Error(Kind::invalid, fmt::format("{}: expected a name and ':' at offset 0", what));
  }
  NamedBytes named{.name = std::string(text.substr(0, colon)), .bytes = {}};
  try {
    named.bytes = decode_base64(text.substr(colon + 1));
  } catch (const Error&) {
    fail_base64(what, named.name);
  }
  if (named.bytes.empty()) fail_base64(what, named.name);
  return named;
}

void sort_signatures(std::vector<std::string>& signatures) {
  std::sort(signatures.begin(), signatures.end());
  signatures.erase(std::unique(signatures.begin(), signatures.end()), signatures.end());
}

void add_signature(std::vector<std::string>& signatures, std::string signature) {
  const auto place = std::lower_bound(signatures.begin(), signatures.end(), signature);
  if (place != signatures.end() && *place == signature) return;
  signatures.insert(place, std::move(signature));
}

PublicKey::PublicKey(std::string name, std::string_view bytes) : name_(std::move(name)) {
  std::copy(bytes.begin(), bytes.end(), bytes_.begin());
}

PublicKey PublicKey::parse(std::string_view text) {
  const NamedBytes named = parse_named_bytes(trimmed(text), "public key");
  check_size(named.bytes, crypto_sign_PUBLICKEYBYTES, "public key " + in_quotes(named.name));
  return {named.name, named.bytes};
}

std::string PublicKey::str() const {
  return name_ + ":" + encode_base64(std::as_bytes(std::span(bytes_)));
}

bool PublicKey::verifies(std::string_view message, std::string_view signature) const {
  start_sodium();
  return signature.size() == crypto_sign_BYTES &&
         crypto_sign_verify_detached(raw(signature), raw(message), message.size(), bytes_.data()) ==
             0;
}

SecretKey::SecretKey(std::string name, Secret bytes)
    : name_(std::move(name)), bytes_(std::move(bytes)) {}

SecretKey SecretKey::parse(std::string_view text) {
  NamedBytes named = parse_named_bytes(trimmed(text), "secret key");
  Secret bytes(std::move(named.bytes));
  check_size(bytes.reveal(), crypto_sign_SECRETKEYBYTES, "secret key " + in_quotes(named.name));
  return {std::move(named.name), std::move(bytes)};
}

PublicKey SecretKey::public_key() const {
  return {name_, bytes_.reveal().substr(crypto_sign_SEEDBYTES)};
}

std::string SecretKey::sign(std::string_view message) const {
  start_sodium();
  std::array<unsigned char, crypto_sign_BYTES> signature{};
  crypto_sign_detached(
      signature.data(), nullptr, raw(message), message.size(), raw(bytes_.reveal()));
  return name_ + ":" + encode_base64(std::as_bytes(std::span(signature)));
}

TrustedKeys TrustedKeys::parse(std::string_view words) {
  TrustedKeys keys;
  std::size_t begin = words.find_first_not_of(kBlanks);
  while (begin != std::string_view::npos) {
    const std::size_t end = std::min(words.find_first_of(kBlanks, begin), words.size());
    keys.add(PublicKey::parse(words.substr(begin, end - begin)));
    begin = words.find_first_not_of(kBlanks, end);
  }
  return keys;
}

void TrustedKeys::add(PublicKey key) {
  std::string name = key.name();
  keys_.insert_or_assign(std::move(name), std::move(key));
}

bool TrustedKeys::verify(std::string_view message, std::string_view signature) const {
  const NamedBytes named = parse_named_bytes(signature, "signature");
  const auto key = keys_.find(named.name);
  if (key == keys_.end()) return false;
  check_size(named.bytes, crypto_sign_BYTES, "signature by " + in_quotes(named.name));
  return key->second.verifies(message, named.bytes);
}

std::size_t TrustedKeys::count_valid(std::string_view message,
                                     const std::vector<std::string>& signatures) const {
  const auto is_valid = [&](const std::string& signature) {
    try {
      return verify(message, signature);
    } catch (const Error&) {
      return false;
    }
  };
  return static_cast<std::size_t>(std::count_if(signatures.begin(), signatures.end(), is_valid));
}

Json signatures_json(const std::vector<std::string>& signatures, SignatureForm form) {
  Json list = Json::array();
  for (const std::string& signature : signatures)
    list.push_back(form == SignatureForm::text ? Json(signature) : signature_object(signature));
  return list;
}

std::vector<std::string> signatures_from(const JsonPlace& list) {
  std::vector<std::string> signatures;
  for (const JsonPlace& item : list.items())
    signatures.push_back(signature_from(item));
  sort_signatures(signatures);
  return signatures;
}

}  // namespace firn::nix
