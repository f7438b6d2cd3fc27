// SPDX-License-Identifier: Apache-2.0
#include "nix/content_address.h"

#include "base/encoding.h"
#include "base/error.h"

#include <array>
#include <utility>

#include <fmt/format.h>

namespace firn::nix {

namespace {

/// The words of one method: in JSON, in derivations, and in `ca` fields.
struct Words {
  ContentMethod method;
  std::string_view name;
  std::string_view hash_algo_prefix;
  std::string_view ca_prefix;
};

/// In the order of ContentMethod. Flat comes last where prefixes are tried: its own are prefixes of
/// the others'.
constexpr std::array<Words, 4> kMethods{{
    {.method = ContentMethod::flat, .name = "flat", .hash_algo_prefix = "", .ca_prefix = "fixed:"},
    {.method = ContentMethod::nar,
     .name = "nar",
     .hash_algo_prefix = "r:",
     .ca_prefix = "fixed:r:"},
    {.method = ContentMethod::text,
     .name = "text",
     .hash_algo_prefix = "text:",
     .ca_prefix = "text:"},
    {.method = ContentMethod::git,
     .name = "git",
     .hash_algo_prefix = "git:",
     .ca_prefix = "fixed:git:"},
}};

const Words& words_of(ContentMethod method) {
  return kMethods.at(static_cast<std::size_t>(method));
}

/// The method whose prefix `text` has, and what follows it.
std::pair<const Words*, std::string_view> split_prefix(std::string_view text,
                                                       std::string_view Words::* prefix) {
  for (auto words = kMethods.rbegin(); words != kMethods.rend(); ++words) {
    const std::string_view candidate = (*words).*prefix;
    if (text.starts_with(candidate)) return {&*words, text.substr(candidate.size())};
  }
  return {nullptr, text};
}

[[noreturn]] void fail(std::string_view text, std::size_t offset, std::string_view expected) {
  throw Error(
      Kind::invalid,
      fmt::format(
          "content address {}: expected {} at offset {}", in_quotes(text), expected, offset));
}

HashAlgorithm algorithm_from(std::string_view text, std::size_t offset, std::string_view name) {
  if (const auto found = find_hash_algorithm(name)) return *found;
  fail(text, offset, "md5, sha1, sha256, sha512 or blake3");
}

ContentAddressing parse_with(std::string_view text, std::string_view Words::* prefix) {
  const auto [words, name] = split_prefix(text, prefix);
  if (words == nullptr) fail(text, 0, "'fixed:' or 'text:'");
  return {.method = words->method,
          .algorithm = algorithm_from(text, text.size() - name.size(), name)};
}

}  // namespace

std::string_view to_string(ContentMethod method) {
  return words_of(method).name;
}

ContentMethod parse_content_method(std::string_view word) {
  for (const Words& words : kMethods) {
    if (words.name == word) return words.method;
  }
  throw Error(
      Kind::invalid,
      fmt::format("content address method {}: expected flat, nar, text or git", in_quotes(word)));
}

std::string to_string(const ContentAddressing& addressing) {
  return fmt::format(
      "{}{}", words_of(addressing.method).ca_prefix, firn::to_string(addressing.algorithm));
}

ContentAddressing parse_content_addressing(std::string_view text) {
  return parse_with(text, &Words::ca_prefix);
}

std::string to_hash_algo(const ContentAddressing& addressing) {
  return fmt::format(
      "{}{}", words_of(addressing.method).hash_algo_prefix, firn::to_string(addressing.algorithm));
}

ContentAddressing parse_hash_algo(std::string_view text) {
  return parse_with(text, &Words::hash_algo_prefix);
}

std::string to_string(const ContentAddress& address) {
  return fmt::format(
      "{}{}", words_of(address.method).ca_prefix, address.hash.prefixed(HashForm::nix32));
}

ContentAddress parse_content_address(std::string_view text) {
  const auto [words, rest] = split_prefix(text, &Words::ca_prefix);
  if (words == nullptr) fail(text, 0, "'fixed:' or 'text:'");
  const std::size_t offset = text.size() - rest.size();
  const std::size_t colon = rest.find(':');
  if (colon == std::string_view::npos) fail(text, text.size(), "':' and a hash");
  const HashAlgorithm algorithm = algorithm_from(text, offset, rest.substr(0, colon));
  try {
    return {.method = words->method, .hash = parse_bare_hash(rest.substr(colon + 1), algorithm)};
  } catch (Error& error) {
    error.add_context(fmt::format("reading the content address {}", in_quotes(text)));
    throw;
  }
}

}  // namespace firn::nix
