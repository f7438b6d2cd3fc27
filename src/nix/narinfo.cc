// SPDX-License-Identifier: Apache-2.0
#include "nix/narinfo.h"

#include "base/encoding.h"
#include "base/error.h"
#include "nix/content_address.h"
#include "nix/signature.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace firn::nix {

namespace {

constexpr std::string_view kDefaultCompression = "bzip2";
constexpr std::string_view kUnknownDeriver = "unknown-deriver";

/// Reads one file. `pos_` is the beginning of the field that is being read.
class NarInfoReader {
 public:
  explicit NarInfoReader(std::string_view text) : text_(text) {}

  NarInfo read();

 private:
  struct Field {
    std::string_view key;
    void (NarInfoReader::*set)(std::string_view value);
  };

  static const std::array<Field, 11> known_fields;

  void read_field();

  void store_path(std::string_view value) { path_ = parse_store_path(value); }

  void url(std::string_view value) { url_ = value; }

  void compression(std::string_view value) {
    compression_ = value.empty() ? kDefaultCompression : value;
  }

  void file_hash(std::string_view value) { file_hash_ = parse_hash(value); }

  void file_size(std::string_view value) { file_size_ = number(value); }

  void nar_hash(std::string_view value) { nar_hash_ = parse_hash(value); }

  void nar_size(std::string_view value) { nar_size_ = number(value); }

  void references(std::string_view value);
  void deriver(std::string_view value);

  void signature(std::string_view value) { signatures_.emplace_back(value); }

  void content_address(std::string_view value);

  static ByteCount number(std::string_view value);

  [[noreturn]] void fail(std::size_t offset, std::string_view expected) const;
  std::string place(std::size_t offset) const;

  std::string_view text_;
  std::size_t pos_ = 0;

  std::optional<StorePath> path_;
  std::string_view url_;
  std::string_view compression_ = kDefaultCompression;
  std::optional<Hash> file_hash_;
  ByteCount file_size_;
  std::optional<Hash> nar_hash_;
  ByteCount nar_size_;
  StorePathSet references_;
  std::optional<StorePath> deriver_;
  std::vector<std::string> signatures_;
  std::string content_address_;
};

const std::array<NarInfoReader::Field, 11> NarInfoReader::known_fields{{
    {.key = "StorePath", .set = &NarInfoReader::store_path},
    {.key = "URL", .set = &NarInfoReader::url},
    {.key = "Compression", .set = &NarInfoReader::compression},
    {.key = "FileHash", .set = &NarInfoReader::file_hash},
    {.key = "FileSize", .set = &NarInfoReader::file_size},
    {.key = "NarHash", .set = &NarInfoReader::nar_hash},
    {.key = "NarSize", .set = &NarInfoReader::nar_size},
    {.key = "References", .set = &NarInfoReader::references},
    {.key = "Deriver", .set = &NarInfoReader::deriver},
    {.key = "Sig", .set = &NarInfoReader::signature},
    {.key = "CA", .set = &NarInfoReader::content_address},
}};

std::string NarInfoReader::place(std::size_t offset) const {
  const auto line =
      1 + std::count(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(offset), '\n');
  return fmt::format("line {} (offset {})", line, offset);
}

void NarInfoReader::fail(std::size_t offset, std::string_view expected) const {
  throw Error(Kind::invalid, fmt::format("narinfo: expected {} in {}", expected, place(offset)));
}

ByteCount NarInfoReader::number(std::string_view value) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc() || end != value.data() + value.size()) {
    throw Error(Kind::invalid, fmt::format("{} is no number of bytes", in_quotes(value)));
  }
  return ByteCount(number);
}

void NarInfoReader::references(std::string_view value) {
  if (!references_.empty()) throw Error(Kind::invalid, "there are references already");
  while (!value.empty()) {
    const std::string_view word = value.substr(0, value.find(' '));
    value.remove_prefix(std::min(value.size(), word.size() + 1));
    if (!word.empty()) references_.insert(StorePath::from_base_name(word));
  }
}

void NarInfoReader::deriver(std::string_view value) {
  if (value != kUnknownDeriver) deriver_ = StorePath::from_base_name(value);
}

void NarInfoReader::content_address(std::string_view value) {
  if (!content_address_.empty()) {
    throw Error(Kind::invalid, "there is a content address already");
  }
  if (!value.empty()) content_address_ = to_string(parse_content_address(value));
}

void NarInfoReader::read_field() {
  constexpr std::size_t kColonAndBlank = 2;
  const std::size_t colon = text_.find(':', pos_);
  if (colon == std::string_view::npos) fail(pos_, "a key and ':'");
  const std::size_t begin = colon + kColonAndBlank;
  const std::size_t end = text_.find('\n', begin);
  if (end == std::string_view::npos) fail(pos_, "a line end");
  const std::string_view key = text_.substr(pos_, colon - pos_);
  const auto* field = std::find_if(known_fields.begin(),
                                   known_fields.end(),
                                   [&](const Field& known) { return known.key == key; });
  if (field != known_fields.end()) {
    try {
      (this->*field->set)(text_.substr(begin, end - begin));
    } catch (Error& error) {
      error.add_context(fmt::format("reading the narinfo's {} in {}", key, place(pos_)));
      throw;
    }
  }
  pos_ = end + 1;
}

NarInfo NarInfoReader::read() {
  while (pos_ < text_.size())
    read_field();
  if (!path_) fail(pos_, "StorePath before the end");
  if (!nar_hash_) fail(pos_, "NarHash before the end");
  if (url_.empty()) fail(pos_, "URL before the end");
  if (nar_size_ == ByteCount(0)) fail(pos_, "NarSize, not 0, before the end");
  sort_signatures(signatures_);
  return {.info = {.path = *std::move(path_),
                   .deriver = std::move(deriver_),
                   .references = std::move(references_),
                   .nar_hash = nar_hash_,
                   .nar_size = nar_size_,
                   .ca = std::move(content_address_),
                   .signatures = std::move(signatures_),
                   .registration_time = {}},
          .url = std::string(url_),
          .compression = std::string(compression_),
          .file_hash = file_hash_,
          .file_size = file_size_};
}

void line(std::string& text, std::string_view key, std::string_view value) {
  text += key;
  text += ": ";
  text += value;
  text += '\n';
}

std::string base_names(const StorePathSet& paths) {
  std::string words;
  for (const StorePath& path : paths) {
    if (!words.empty()) words += ' ';
    words += path.base_name();
  }
  return words;
}

}  // namespace

NarInfo parse_narinfo(std::string_view text) {
  return NarInfoReader(text).read();
}

std::string to_text(const NarInfo& narinfo) {
  const PathInfo& info = narinfo.info;
  FIRN_CHECK(info.nar_hash.has_value());
  std::string text;
  line(text, "StorePath", info.path.str());
  line(text, "URL", narinfo.url);
  line(text, "Compression", narinfo.compression);
  if (narinfo.file_hash) line(text, "FileHash", narinfo.file_hash->prefixed(HashForm::nix32));
  if (narinfo.file_size != ByteCount(0)) {
    line(text, "FileSize", std::to_string(narinfo.file_size.value()));
  }
  line(text, "NarHash", info.nar_hash->prefixed(HashForm::nix32));
  line(text, "NarSize", std::to_string(info.nar_size.value()));
  line(text, "References", base_names(info.references));
  if (info.deriver) line(text, "Deriver", info.deriver->base_name());
  for (const std::string& signature : info.signatures)
    line(text, "Sig", signature);
  if (!info.ca.empty()) line(text, "CA", info.ca);
  return text;
}

Json to_json(const NarInfo& narinfo, PathInfoFormat format, PathInfoPart part) {
  Json json = to_json(narinfo.info, format, part);
  if (part == PathInfoPart::pure) return json;
  if (!narinfo.url.empty()) json["url"] = narinfo.url;
  if (!narinfo.compression.empty()) json["compression"] = narinfo.compression;
  if (narinfo.file_hash) json["downloadHash"] = narinfo.file_hash->sri();
  if (narinfo.file_size != ByteCount(0)) json["downloadSize"] = narinfo.file_size.value();
  return json;
}

NarInfo narinfo_from(const JsonPlace& place, StorePath path) {
  NarInfo narinfo{.info = path_info_from(place, std::move(path)),
                  .url = {},
                  .compression = {},
                  .file_hash = std::nullopt,
                  .file_size = {}};
  if (const auto url = place.find("url")) narinfo.url = url->string();
  if (const auto compression = place.find("compression")) {
    narinfo.compression = compression->string();
  }
  if (const auto hash = place.find("downloadHash")) narinfo.file_hash = hash->hash();
  if (const auto size = place.find("downloadSize")) narinfo.file_size = ByteCount(size->number());
  return narinfo;
}

}  // namespace firn::nix
