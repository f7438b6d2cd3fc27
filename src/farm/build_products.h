// SPDX-License-Identifier: Apache-2.0
// What a build has to show: its products, metrics and release name, declared in the folder
// nix-support of its outputs. The rules are Hydra's (QR-150 to QR-162); its pages show these texts,
// so a line must match from its first to its last character, and every name is of few characters.
//
// Hydra hashes every file of every output while it passes, because an output's list comes behind
// most of its files and may name files of other outputs. firn reads the lists first and then asks
// for the few files that they name: `find_member` hashes no other. OutputsOnDisk answers from the
// store, for outputs that came, were built here or were there already. Where outputs go to no store
// that can be read again, OutputScanner answers, and has to hash like Hydra.
#pragma once

#include "base/hash.h"
#include "base/units.h"
#include "nix/path_info.h"
#include "nix/store_path.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace firn::farm {

enum class MemberType : std::uint8_t { regular, directory, symlink };

/// A file, folder or link of an output.
struct Member {
  MemberType type = MemberType::regular;
  /// Of regular files.
  std::uint64_t size = 0;
  std::optional<Hash> sha256{};

  friend bool operator==(const Member&, const Member&) = default;
};

/// What an output says in nix-support. Files that are no regular files say nothing.
struct OutputNotes {
  MemberType root = MemberType::directory;
  /// hydra-build-products, hydra-release-name, hydra-metrics: their first whole lines, at most
  /// kMostNoteBytes.
  std::optional<std::string> products{};
  std::optional<std::string> release_name{};
  std::optional<std::string> metrics{};
  /// There is something called failed.
  bool has_failed = false;

  friend bool operator==(const OutputNotes&, const OutputNotes&) = default;
};

inline constexpr std::size_t kMostNoteBytes = std::size_t{1} << 20U;
/// Longer ones are skipped.
inline constexpr std::size_t kMostLineBytes = std::size_t{16} << 10U;

/// `text`, or of one that is longer than kMostNoteBytes the whole lines within them.
std::string whole_lines(std::string text);

struct BuiltOutput {
  /// Such as "out".
  std::string name;
  nix::StorePath path;
  OutputNotes notes{};
};

struct ProductLine {
  std::string_view type;
  std::string_view subtype;
  /// Without quotes.
  std::string_view path;
  /// Below the path; empty = none.
  std::string_view default_path;

  friend bool operator==(const ProductLine&, const ProductLine&) = default;
};

/// "type subtype path [default path]". Nothing where the line is none.
std::optional<ProductLine> parse_product_line(std::string_view line);

struct Metric {
  std::string name;
  double value = 0;
  /// May be empty.
  std::string unit{};

  friend bool operator==(const Metric&, const Metric&) = default;
};

/// "name value [unit] …", the value a finite decimal number. Nothing where the line is none.
std::optional<Metric> parse_metric_line(std::string_view line);

/// One row of BuildProducts; its number is its place in the list, from 1.
struct Product {
  std::string type;
  std::string subtype;
  std::string name;
  std::string path;
  std::string default_path{};
  /// Of regular files.
  std::optional<std::uint64_t> size{};
  std::optional<Hash> sha256{};

  friend bool operator==(const Product&, const Product&) = default;
};

struct BuildProducts {
  std::vector<Product> products{};
  /// Empty = none.
  std::string release_name{};
  /// By name.
  std::vector<Metric> metrics{};
  /// An output has nix-support/failed: status 6.
  bool has_failed = false;

  friend bool operator==(const BuildProducts&, const BuildProducts&) = default;
};

/// The member `inside` an output, with size and hash where it is a regular file; empty = its root.
/// `inside` is canonical. Nothing where there is none; links are not followed.
using FindMember =
    std::function<std::optional<Member>(const nix::StorePath& output, std::string_view inside)>;

/// Asks for each path once at most. Throws only what `find_member` does.
///
/// A product's path is made canonical as in Hydra ("..", "//", "."), and must then be a member of
/// one of the outputs. Lines that a database would not take (NUL, no UTF-8) are skipped, too.
BuildProducts collect_products(std::span<const BuiltOutput> outputs, const FindMember& find_member);

struct BuildSizes {
  /// Of all outputs.
  ByteCount size{};
  /// Of all that they need.
  ByteCount closure_size{};
};

/// QR-158. `closure` is that of the outputs, each path once.
BuildSizes measure(std::span<const nix::PathInfo* const> closure, const nix::StorePathSet& outputs);

}  // namespace firn::farm
