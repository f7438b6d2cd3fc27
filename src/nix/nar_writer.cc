// SPDX-License-Identifier: Apache-2.0
#include "nix/nar_writer.h"

#include <array>

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

}  // namespace

NarWriter::NarWriter(std::string& out) : out_(out) {}

void NarWriter::token(std::string_view text) {
  append_word(out_, text.size());
  out_ += text;
  out_.append(padding_of(text.size()), '\0');
}

void NarWriter::begin_archive() {
  token("nix-archive-1");
}

void NarWriter::begin_entry(std::string_view name) {
  token("entry");
  token("(");
  token("name");
  token(name);
  token("node");
}

void NarWriter::end_entry() {
  token(")");
}

void NarWriter::begin_directory() {
  token("(");
  token("type");
  token("directory");
}

void NarWriter::end_directory() {
  token(")");
}

void NarWriter::symlink(std::string_view target) {
  token("(");
  token("type");
  token("symlink");
  token("target");
  token(target);
  token(")");
}

void NarWriter::begin_file(bool executable, std::uint64_t size) {
  token("(");
  token("type");
  token("regular");
  if (executable) {
    token("executable");
    token("");
  }
  token("contents");
  append_word(out_, size);
}

void NarWriter::data(std::string_view piece) {
  out_ += piece;
}

void NarWriter::end_file(std::uint64_t size) {
  out_.append(padding_of(size), '\0');
  token(")");
}

}  // namespace firn::nix
