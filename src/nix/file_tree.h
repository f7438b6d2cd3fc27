// SPDX-License-Identifier: Apache-2.0
// A file tree in memory, for what is small: read from a NAR or from Nix's JSON, and written as
// either.
#pragma once

#include "nix/json.h"
#include "nix/tree.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace firn::nix {

struct MemoryFile {
  std::string contents;
  bool executable = false;

  friend bool operator==(const MemoryFile&, const MemoryFile&) = default;
};

using FileTree = Tree<MemoryFile>;

/// Takes the whole of a NAR into memory.
class FileTreeBuilder : public TreeBuilder<FileTree> {
 public:
  void begin_file(std::string_view name, bool executable, std::uint64_t size) override;
  void file_data(Bytes piece) override;

 private:
  MemoryFile* file_ = nullptr;
};

/// Throws Error{invalid} unless `nar` is one, and nothing else.
FileTree parse_file_tree(std::string_view nar);

std::string to_nar(const FileTree& tree);

/// As Nix's in-memory stores have it. Contents are strings, so they must be UTF-8 for `to_text`.
Json to_json(const FileTree& tree);
FileTree file_tree_from(const JsonPlace& place);

}  // namespace firn::nix
