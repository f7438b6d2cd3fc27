// SPDX-License-Identifier: Apache-2.0
// Store paths: valid by construction, so that nobody checks them twice.
#pragma once

#include <compare>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace firn::nix {

/// The folder all store paths live in. firn speaks of one store directory at a time; this is the
/// only one so far.
inline constexpr std::string_view kStoreDir = "/nix/store";

/// `/nix/store/<32 nix32 characters>-<name>`. Ordered by base name, as Nix orders sets of paths.
class StorePath {
 public:
  /// Takes "<hash>-<name>". Throws Error{invalid} with the offset.
  static StorePath from_base_name(std::string_view base_name);

  const std::string& base_name() const { return base_name_; }

  std::string_view hash_part() const { return std::string_view(base_name_).substr(0, 32); }

  std::string_view name() const { return std::string_view(base_name_).substr(33); }

  bool is_derivation() const { return base_name_.ends_with(".drv"); }

  /// The full path, such as "/nix/store/…-hello".
  std::string str() const;

  friend auto operator<=>(const StorePath&, const StorePath&) = default;

 private:
  explicit StorePath(std::string base_name) : base_name_(std::move(base_name)) {}

  std::string base_name_;
};

using StorePathSet = std::set<StorePath>;

/// Takes the canonical form only: the store directory, one slash, a base name. Throws
/// Error{invalid} with the offset.
StorePath parse_store_path(std::string_view text);

/// Whether a store path could have this name: at most 211 of the allowed characters. Names of
/// outputs follow the same rules.
bool is_store_path_name(std::string_view name);

/// A store path whose name ends in ".drv".
class DrvPath {
 public:
  /// Throws Error{invalid} where `path` does not end in ".drv".
  explicit DrvPath(StorePath path);

  const StorePath& path() const { return path_; }

  std::string str() const { return path_.str(); }

  /// The name of the derivation: that of the path, without ".drv".
  std::string_view derivation_name() const;

  friend auto operator<=>(const DrvPath&, const DrvPath&) = default;

 private:
  StorePath path_;
};

}  // namespace firn::nix

template <>
struct std::hash<firn::nix::StorePath> {
  std::size_t operator()(const firn::nix::StorePath& path) const noexcept {
    return std::hash<std::string>{}(path.base_name());
  }
};

template <>
struct std::hash<firn::nix::DrvPath> {
  std::size_t operator()(const firn::nix::DrvPath& drv) const noexcept {
    return std::hash<firn::nix::StorePath>{}(drv.path());
  }
};
