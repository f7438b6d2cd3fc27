// SPDX-License-Identifier: Apache-2.0
// What a NAR holds and where, without the contents: the `.ls` files of binary caches, from which a
// file can be read out of the middle of a NAR.
#pragma once

#include "nix/json.h"
#include "nix/tree.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace firn::nix {

struct ListedFile {
  std::optional<std::uint64_t> size{};
  bool executable = false;
  /// Of the first byte of the contents, from the beginning of the NAR. Never 0. Absent where the
  /// listing is not that of a NAR.
  std::optional<std::uint64_t> nar_offset{};

  friend bool operator==(const ListedFile&, const ListedFile&) = default;
};

/// An entry of which only the name is known, as in a listing that is not recursive.
struct NameOnly {
  friend bool operator==(const NameOnly&, const NameOnly&) = default;
};

using NarListing = Tree<ListedFile, NameOnly>;

/// Lists a NAR while it streams by.
class NarListingBuilder : public TreeBuilder<NarListing> {
 public:
  void begin_file(std::string_view name, bool executable, std::uint64_t size) override;
  void file_offset(std::uint64_t offset) override;

 private:
  ListedFile* file_ = nullptr;
};

/// Which releases write so. Both are read.
enum class ListingForm : std::uint8_t {
  until_2_34,  ///< "executable" only where it is true
  since_2_35,  ///< "executable" for every file
};

/// The root's object, as `nix store ls --json` prints it.
Json to_json(const NarListing& listing, ListingForm form);
NarListing listing_from(const JsonPlace& place);

/// What stands in an `.ls` file: {"root": …, "version": 1}. Nothing where a name or a target is not
/// UTF-8, which JSON cannot hold: such NARs have no listing.
std::optional<std::string> listing_file(const NarListing& listing, ListingForm form);
/// Throws Error{invalid}.
NarListing parse_listing_file(std::string_view text);

}  // namespace firn::nix
