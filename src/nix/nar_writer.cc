// SPDX-License-Identifier: Apache-2.0
#include "nix/nar_writer.h"

#include <array>
#include <initializer_list>

namespace firn::nix {

namespace {

constexpr std::size_t kWord = 8;

std::size_t padding_of(std::uint64_t size) {
  return (kWord - size % kWord) % kWord;
}

void append_word(std::string& out, std::uint64_t value) {
  std::array<char, kWord> bytes{};
  for (char& byte : bytes) {
    byte = static_cast<char>(value & 0xffU);
    value >>= 8U;
  }
  out.append(bytes.data(), bytes.size());
}

void append_token(std::string& out, std::string_view text) {
  append_word(out, text.size());
  out += text;
  out.append(padding_of(text.size()), '\0');
}

std::string tokens(std::initializer_list<std::string_view> texts) {
  std::string out;
  for (const std::string_view text : texts)
    append_token(out, text);
  return out;
}

/// What always stands together is made once: small files are mostly tokens.
const std::string magic_tokens = tokens({"nix-archive-1"});
const std::string close_tokens = tokens({")"});
const std::string entry_tokens = tokens({"entry", "(", "name"});
const std::string node_token = tokens({"node"});
const std::string directory_tokens = tokens({"(", "type", "directory"});
const std::string link_tokens = tokens({"(", "type", "symlink", "target"});
const std::string file_tokens = tokens({"(", "type", "regular", "contents"});
const std::string executable_tokens =
    tokens({"(", "type", "regular", "executable", "", "contents"});

}  // namespace

NarWriter::NarWriter(std::string& out) : out_(out) {}

void NarWriter::begin_archive() {
  out_ += magic_tokens;
}

void NarWriter::begin_entry(std::string_view name) {
  out_ += entry_tokens;
  append_token(out_, name);
  out_ += node_token;
}

void NarWriter::end_entry() {
  out_ += close_tokens;
}

void NarWriter::begin_directory() {
  out_ += directory_tokens;
}

void NarWriter::end_directory() {
  out_ += close_tokens;
}

void NarWriter::symlink(std::string_view target) {
  out_ += link_tokens;
  append_token(out_, target);
  out_ += close_tokens;
}

void NarWriter::begin_file(bool executable, std::uint64_t size) {
  out_ += executable ? executable_tokens : file_tokens;
  append_word(out_, size);
}

void NarWriter::data(std::string_view piece) {
  out_ += piece;
}

void NarWriter::end_file(std::uint64_t size) {
  out_.append(padding_of(size), '\0');
  out_ += close_tokens;
}

std::string nar_of_file(std::string_view contents) {
  std::string nar;
  NarWriter writer(nar);
  writer.begin_archive();
  writer.begin_file(false, contents.size());
  writer.data(contents);
  writer.end_file(contents.size());
  return nar;
}

}  // namespace firn::nix
