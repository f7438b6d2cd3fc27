// SPDX-License-Identifier: Apache-2.0
#include "nix/store_path.h"

#include "base/encoding.h"
#include "base/error.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

namespace firn::nix {

namespace {

constexpr std::size_t kHashLength = 32;
constexpr std::size_t kNameStart = kHashLength + 1;
constexpr std::size_t kMaxNameLength = 211;

constexpr std::string_view kNameCharacters =
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ+-._?=";

using CharacterSet = std::array<bool, 256>;

constexpr CharacterSet character_set(std::string_view characters) {
  CharacterSet set{};
  for (const char character : characters)
    set[static_cast<unsigned char>(character)] = true;
  return set;
}

constexpr CharacterSet kIsHash = character_set(kNix32Alphabet);
constexpr CharacterSet kIsName = character_set(kNameCharacters);

[[noreturn]] void fail(std::string_view base_name, std::size_t offset, std::string_view expected) {
  throw Error(Kind::invalid,
              fmt::format("store path {}: expected {} at offset {} of the base name",
                          in_quotes(base_name),
                          expected,
                          offset));
}

void check_all(std::string_view base_name,
               std::size_t begin,
               std::size_t end,
               const CharacterSet& allowed) {
  for (std::size_t i = begin; i < end; ++i) {
    if (!allowed[static_cast<unsigned char>(base_name[i])]) {
      fail(base_name, i, begin == 0 ? "a nix32 digit" : "a letter, a digit or one of '+-._?='");
    }
  }
}

bool is_dot_word(std::string_view name) {
  const std::string_view word = name.substr(0, name.find('-'));
  return word == "." || word == "..";
}

void check_base_name(std::string_view base_name) {
  check_all(base_name, 0, std::min(base_name.size(), kHashLength), kIsHash);
  if (base_name.size() < kNameStart || base_name[kHashLength] != '-') {
    fail(base_name, std::min(base_name.size(), kHashLength), "32 nix32 digits and '-'");
  }
  const std::string_view name = base_name.substr(kNameStart);
  if (name.empty()) fail(base_name, kNameStart, "a name");
  if (name.size() > kMaxNameLength) {
    fail(base_name, kNameStart + kMaxNameLength, "the end, as names have at most 211 bytes,");
  }
  if (is_dot_word(name))
    fail(base_name, kNameStart, "a name that is not '.', '..', '.-…' or '..-…'");
  check_all(base_name, kNameStart, base_name.size(), kIsName);
}

}  // namespace

StorePath StorePath::from_base_name(std::string_view base_name) {
  check_base_name(base_name);
  return StorePath(std::string(base_name));
}

std::string StorePath::str() const {
  std::string text;
  text.reserve(kStoreDir.size() + 1 + base_name_.size());
  text += kStoreDir;
  text += '/';
  text += base_name_;
  return text;
}

StorePath parse_store_path(std::string_view text) {
  if (!text.starts_with(kStoreDir) || text.size() == kStoreDir.size() ||
      text[kStoreDir.size()] != '/') {
    throw Error(
        Kind::invalid,
        fmt::format("{} is no store path: expected '{}/' at offset 0", in_quotes(text), kStoreDir));
  }
  return StorePath::from_base_name(text.substr(kStoreDir.size() + 1));
}

bool is_store_path_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxNameLength && !is_dot_word(name) &&
         std::all_of(name.begin(), name.end(), [](char character) {
           return kIsName[static_cast<unsigned char>(character)];
         });
}

DrvPath::DrvPath(StorePath path) : path_(std::move(path)) {
  if (!path_.is_derivation()) {
    throw Error(
        Kind::invalid,
        fmt::format("{} is no derivation: expected a name that ends in '.drv'", path_.str()));
  }
}

std::string_view DrvPath::derivation_name() const {
  constexpr std::string_view kSuffix = ".drv";
  const std::string_view name = path_.name();
  return name.substr(0, name.size() - kSuffix.size());
}

}  // namespace firn::nix
