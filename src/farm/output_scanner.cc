// SPDX-License-Identifier: Apache-2.0
#include "farm/output_scanner.h"

#include <algorithm>
#include <utility>
#include <variant>

namespace firn::farm {

std::optional<Member> OutputScan::find(std::string_view inside) const {
  const nix::Tree<Member>* place = &members;
  while (!inside.empty()) {
    const auto* folder = std::get_if<nix::Tree<Member>::Folder>(&place->node);
    if (folder == nullptr) return std::nullopt;
    const auto end = std::min(inside.find('/'), inside.size());
    const auto entry = folder->find(inside.substr(0, end));
    if (entry == folder->end()) return std::nullopt;
    place = &entry->second;
    inside.remove_prefix(std::min(end + 1, inside.size()));
  }
  if (const auto* file = std::get_if<Member>(&place->node)) return *file;
  const bool is_link = std::holds_alternative<nix::Link>(place->node);
  return Member{.type = is_link ? MemberType::symlink : MemberType::directory};
}

bool OutputScanner::begin_member(std::string_view name, MemberType type) {
  if (depth_ == 0) notes_.root = type;
  if (depth_ == 2 && is_in_support_ && name == "failed") notes_.has_failed = true;
  if (left_out_ > 0) return false;
  if (members_ == most_members_) {
    has_all_members_ = false;
    return false;
  }
  ++members_;
  return true;
}

std::string* OutputScanner::note_named(std::string_view name) {
  if (depth_ != 2 || !is_in_support_) return nullptr;
  if (name == "hydra-build-products") return &notes_.products.emplace();
  if (name == "hydra-release-name") return &notes_.release_name.emplace();
  if (name == "hydra-metrics") return &notes_.metrics.emplace();
  return nullptr;
}

void OutputScanner::begin_directory(std::string_view name) {
  if (begin_member(name, MemberType::directory)) {
    Base::begin_directory(name);
  } else {
    ++left_out_;
  }
  if (depth_ == 1) is_in_support_ = name == "nix-support";
  ++depth_;
}

void OutputScanner::end_directory() {
  --depth_;
  if (left_out_ > 0) {
    --left_out_;
  } else {
    Base::end_directory();
  }
}

void OutputScanner::begin_file(std::string_view name, bool /*executable*/, std::uint64_t size) {
  note_ = note_named(name);
  file_ = nullptr;
  if (!begin_member(name, MemberType::regular)) return;
  file_ = &std::get<Member>(
      add(name, nix::Tree<Member>{Member{.type = MemberType::regular, .size = size}}).node);
  hasher_.emplace(HashAlgorithm::sha256);
}

void OutputScanner::file_data(Bytes piece) {
  if (hasher_) hasher_->update(piece);
  if (note_ == nullptr) return;
  const std::size_t room = kMostNoteBytes + 1 - std::min(note_->size(), kMostNoteBytes + 1);
  note_->append(as_text(piece).substr(0, room));
}

void OutputScanner::end_file() {
  if (file_ != nullptr && hasher_) file_->sha256 = hasher_->finish();
  hasher_.reset();
  if (note_ != nullptr) *note_ = whole_lines(std::move(*note_));
}

void OutputScanner::symlink(std::string_view name, std::string_view /*target*/) {
  if (begin_member(name, MemberType::symlink)) Base::symlink(name, {});
}

OutputScan OutputScanner::finish() {
  return {.notes = std::move(notes_), .members = take(), .has_all_members = has_all_members_};
}

}  // namespace firn::farm
