// SPDX-License-Identifier: Apache-2.0
// Git's blobs and trees, as far as content addresses of the method "git" need them: what a file
// tree hashes to, and the objects themselves.
#pragma once

#include "base/hash.h"
#include "nix/nar_parser.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace firn::nix {

/// The modes that Nix knows, as in a tree.
enum class GitMode : std::uint16_t {
  directory = 0040000,
  regular = 0100644,
  executable = 0100755,
  symlink = 0120000,
};

/// What an object is to the folder that it stands in.
struct GitEntry {
  GitMode mode;
  /// Of the object: a tree, the contents of a file or the target of a link.
  Hash hash;

  friend bool operator==(const GitEntry&, const GitEntry&) = default;
};

/// Name → entry. Written in Git's order, in which a folder sorts as if its name ended in '/'.
using GitTree = std::map<std::string, GitEntry, std::less<>>;

/// The object: "blob <size>", a zero byte, the contents.
std::string git_blob(std::string_view contents);
/// The contents. Throws Error{invalid} with the offset.
std::string_view parse_git_blob(std::string_view object);

std::string git_tree(const GitTree& tree);
/// Hashes of entries are of `algorithm`, SHA-1 or SHA-256. Throws Error{invalid} with the offset.
GitTree parse_git_tree(std::string_view object, HashAlgorithm algorithm);

/// Hashes a NAR as Git would the files in it, while it streams by. Empty folders count, which Git
/// itself does not keep. Memory: one entry for each name in the folders that are open.
class GitHasher : public NarVisitor {
 public:
  /// Throws Error{invalid} unless it is SHA-1 or SHA-256.
  explicit GitHasher(HashAlgorithm algorithm);

  void begin_directory(std::string_view name) override;
  void end_directory() override;
  void begin_file(std::string_view name, bool executable, std::uint64_t size) override;
  void file_data(Bytes piece) override;
  void end_file() override;
  void symlink(std::string_view name, std::string_view target) override;

  /// Of the whole, after the end of the NAR.
  const GitEntry& root() const;

 private:
  struct Folder {
    std::string name;
    GitTree entries;
  };

  void add(std::string_view name, GitMode mode, const Hash& hash);

  HashAlgorithm algorithm_;
  std::vector<Folder> folders_;
  std::optional<Hasher> file_;
  std::string file_name_;
  GitMode file_mode_ = GitMode::regular;
  std::optional<GitEntry> root_;
};

}  // namespace firn::nix
