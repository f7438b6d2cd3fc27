// SPDX-License-Identifier: Apache-2.0
#include "nix/git_object.h"

#include "base/encoding.h"
#include "base/error.h"

#include <charconv>
#include <utility>

#include <fmt/format.h>

namespace firn::nix {

namespace {

constexpr std::string_view kBlob = "blob ";
constexpr std::string_view kTree = "tree ";

std::string header(std::string_view kind, std::uint64_t size) {
  std::string text = fmt::format("{}{}", kind, size);
  text += '\0';
  return text;
}

void check_algorithm(HashAlgorithm algorithm) {
  if (algorithm == HashAlgorithm::sha1 || algorithm == HashAlgorithm::sha256) return;
  throw Error(
      Kind::invalid,
      fmt::format("Git objects are hashed with sha1 or sha256, not {}", to_string(algorithm)));
}

/// As Git compares them.
std::string sort_key(std::string_view name, GitMode mode) {
  return std::string(name) + (mode == GitMode::directory ? "/" : "");
}

/// Takes an object apart from its beginning.
class ObjectReader {
 public:
  explicit ObjectReader(std::string_view object) : object_(object) {}

  void header(std::string_view kind);
  std::pair<std::string, GitEntry> entry(HashAlgorithm algorithm);

  bool is_done() const { return offset_ == object_.size(); }

  std::string_view rest() const { return object_.substr(offset_); }

  [[noreturn]] void fail(std::size_t offset, std::string_view expected) const {
    throw Error(Kind::invalid,
                fmt::format("Git object: expected {} at offset {}", expected, offset));
  }

  std::size_t offset() const { return offset_; }

 private:
  std::string_view until(char end, std::string_view expected);
  template <class Number>
  Number number(std::string_view digits, int base, std::string_view expected) const;

  std::string_view object_;
  std::size_t offset_ = 0;
};

std::string_view ObjectReader::until(char end, std::string_view expected) {
  const std::size_t found = object_.find(end, offset_);
  if (found == std::string_view::npos) fail(offset_, expected);
  const std::string_view text = object_.substr(offset_, found - offset_);
  offset_ = found + 1;
  return text;
}

template <class Number>
Number ObjectReader::number(std::string_view digits, int base, std::string_view expected) const {
  Number value = 0;
  const char* begin = digits.data();
  const char* end = begin + digits.size();
  const auto [stop, error] = std::from_chars(begin, end, value, base);
  if (error != std::errc() || stop != end) {
    fail(static_cast<std::size_t>(digits.data() - object_.data()), expected);
  }
  return value;
}

void ObjectReader::header(std::string_view kind) {
  if (!object_.starts_with(kind)) fail(0, in_quotes(kind));
  offset_ = kind.size();
  const std::string_view digits = until('\0', "a size and a zero byte");
  const auto size = number<std::uint64_t>(digits, 10, "a size");
  if (size != rest().size()) {
    fail(offset_, fmt::format("{} bytes to the end, not {},", size, rest().size()));
  }
}

std::pair<std::string, GitEntry> ObjectReader::entry(HashAlgorithm algorithm) {
  constexpr std::string_view kModes = "a mode: 40000, 100644, 100755 or 120000,";
  const std::size_t begin = offset_;
  const auto mode = static_cast<GitMode>(number<std::uint32_t>(until(' ', kModes), 8, kModes));
  if (mode != GitMode::directory && mode != GitMode::regular && mode != GitMode::executable &&
      mode != GitMode::symlink) {
    fail(begin, kModes);
  }
  const std::size_t name_begin = offset_;
  const std::string_view name = until('\0', "a name and a zero byte");
  if (!is_nar_name(name)) fail(name_begin, "the name of a file");
  const std::string_view digest = rest().substr(0, digest_size(algorithm));
  if (digest.size() < digest_size(algorithm)) {
    fail(offset_, fmt::format("a {} digest", to_string(algorithm)));
  }
  offset_ += digest.size();
  return {std::string(name), {.mode = mode, .hash = Hash(algorithm, as_bytes(digest))}};
}

}  // namespace

std::string git_blob(std::string_view contents) {
  return header(kBlob, contents.size()) + std::string(contents);
}

std::string_view parse_git_blob(std::string_view object) {
  ObjectReader reader(object);
  reader.header(kBlob);
  return reader.rest();
}

std::string git_tree(const GitTree& tree) {
  std::map<std::string, const GitTree::value_type*> sorted;
  for (const auto& item : tree)
    sorted.emplace(sort_key(item.first, item.second.mode), &item);
  std::string body;
  for (const auto& [key, item] : sorted) {
    body += fmt::format("{:o} {}", static_cast<std::uint32_t>(item->second.mode), item->first);
    body += '\0';
    body += as_text(item->second.hash.digest());
  }
  return header(kTree, body.size()) + body;
}

GitTree parse_git_tree(std::string_view object, HashAlgorithm algorithm) {
  check_algorithm(algorithm);
  ObjectReader reader(object);
  reader.header(kTree);
  GitTree tree;
  std::string previous;
  while (!reader.is_done()) {
    const std::size_t begin = reader.offset();
    auto [name, entry] = reader.entry(algorithm);
    std::string key = sort_key(name, entry.mode);
    if (key <= previous || !tree.emplace(std::move(name), entry).second) {
      reader.fail(begin, "a name that sorts after the one before, and is there once,");
    }
    previous = std::move(key);
  }
  return tree;
}

GitHasher::GitHasher(HashAlgorithm algorithm) : algorithm_(algorithm) {
  check_algorithm(algorithm);
}

void GitHasher::begin_directory(std::string_view name) {
  folders_.push_back({.name = std::string(name), .entries = {}});
}

void GitHasher::end_directory() {
  const Folder folder = std::move(folders_.back());
  folders_.pop_back();
  add(folder.name, GitMode::directory, hash_of(algorithm_, git_tree(folder.entries)));
}

void GitHasher::begin_file(std::string_view name, bool executable, std::uint64_t size) {
  file_.emplace(algorithm_);
  file_->update(header(kBlob, size));
  file_name_ = name;
  file_mode_ = executable ? GitMode::executable : GitMode::regular;
}

void GitHasher::file_data(Bytes piece) {
  FIRN_CHECK(file_.has_value());
  file_->update(piece);
}

void GitHasher::end_file() {
  FIRN_CHECK(file_.has_value());
  add(file_name_, file_mode_, file_->finish());
}

void GitHasher::symlink(std::string_view name, std::string_view target) {
  add(name, GitMode::symlink, hash_of(algorithm_, git_blob(target)));
}

void GitHasher::add(std::string_view name, GitMode mode, const Hash& hash) {
  const GitEntry entry{.mode = mode, .hash = hash};
  if (folders_.empty()) {
    root_ = entry;
  } else {
    folders_.back().entries.insert_or_assign(std::string(name), entry);
  }
}

const GitEntry& GitHasher::root() const {
  FIRN_CHECK(root_.has_value());
  return *root_;
}

}  // namespace firn::nix
