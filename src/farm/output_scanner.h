// SPDX-License-Identifier: Apache-2.0
// What an output has to show, taken from its NAR while it passes.
#pragma once

#include "farm/build_products.h"
#include "nix/tree.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace firn::farm {

struct OutputScan {
  OutputNotes notes{};
  /// Links without their targets. Of an output with more members than the scanner keeps, the rest
  /// is not there.
  nix::Tree<Member> members{};
  bool has_all_members = true;

  /// As FindMember.
  std::optional<Member> find(std::string_view inside) const;
};

/// To be fed by a NarParser, once. Hashes every regular file, for each may turn out to be a
/// product; so it belongs where the NAR itself is hashed. Memory: the names of the members, 200
/// bytes for each, and the notes.
class OutputScanner final : public nix::TreeBuilder<nix::Tree<Member>> {
 public:
  static constexpr std::size_t kMostMembers = 250'000;

  explicit OutputScanner(std::size_t most_members = kMostMembers) : most_members_(most_members) {}

  void begin_directory(std::string_view name) override;
  void end_directory() override;
  void begin_file(std::string_view name, bool executable, std::uint64_t size) override;
  void file_data(Bytes piece) override;
  void end_file() override;
  void symlink(std::string_view name, std::string_view target) override;

  /// After the end of the NAR.
  OutputScan finish();

 private:
  using Base = nix::TreeBuilder<nix::Tree<Member>>;

  /// Whether there is room for another member here.
  bool begin_member(std::string_view name, MemberType type);
  std::string* note_named(std::string_view name);

  std::size_t most_members_;
  OutputNotes notes_;
  std::size_t members_ = 0;
  /// Folders that are open, and those among them that have no room in the tree.
  std::size_t depth_ = 0;
  std::size_t left_out_ = 0;
  bool has_all_members_ = true;
  bool is_in_support_ = false;
  /// Of the current file.
  Member* file_ = nullptr;
  std::optional<Hasher> hasher_;
  std::string* note_ = nullptr;
};

}  // namespace firn::farm
