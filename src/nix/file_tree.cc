// SPDX-License-Identifier: Apache-2.0
#include "nix/file_tree.h"

#include "nix/nar_writer.h"
#include "nix/tree_json.h"

#include <utility>

#include <fmt/format.h>

namespace firn::nix {

namespace {

/// Writes one node after the other.
class NodeWriter {
 public:
  explicit NodeWriter(NarWriter& writer) : writer_(writer) {}

  void operator()(const MemoryFile& file) {
    writer_.begin_file(file.executable, file.contents.size());
    writer_.data(file.contents);
    writer_.end_file(file.contents.size());
  }

  void operator()(const Link& link) { writer_.symlink(link.target); }

  void operator()(const FileTree::Folder& folder) {
    writer_.begin_directory();
    for (const auto& [name, entry] : folder) {
      writer_.begin_entry(name);
      std::visit(*this, entry.node);
      writer_.end_entry();
    }
    writer_.end_directory();
  }

 private:
  NarWriter& writer_;
};

}  // namespace

void FileTreeBuilder::begin_file(std::string_view name, bool executable, std::uint64_t /*size*/) {
  FileTree& entry = add(name, FileTree{MemoryFile{.contents = {}, .executable = executable}});
  file_ = &std::get<MemoryFile>(entry.node);
}

void FileTreeBuilder::file_data(Bytes piece) {
  file_->contents += as_text(piece);
}

FileTree parse_file_tree(std::string_view nar) {
  FileTreeBuilder builder;
  NarParser parser(builder);
  const std::size_t size = parser.feed(as_bytes(nar));
  parser.check_done();
  if (size < nar.size()) {
    throw Error(Kind::invalid, fmt::format("NAR: expected the end at offset {}, found more", size));
  }
  return builder.take();
}

std::string to_nar(const FileTree& tree) {
  std::string nar;
  NarWriter writer(nar);
  writer.begin_archive();
  NodeWriter node(writer);
  std::visit(node, tree.node);
  return nar;
}

Json to_json(const FileTree& tree) {
  return tree_json(tree, [](const MemoryFile& file) -> Json {
    return {{"type", "regular"}, {"contents", file.contents}, {"executable", file.executable}};
  });
}

FileTree file_tree_from(const JsonPlace& place) {
  return tree_from<FileTree>(place, [](const JsonPlace& leaf) {
    if (leaf.at("type").string() != "regular") leaf.at("type").fail("a type of file");
    return FileTree{MemoryFile{.contents = leaf.at("contents").string(),
                               .executable = leaf.at("executable").boolean()}};
  });
}

}  // namespace firn::nix
