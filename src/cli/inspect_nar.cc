// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"
#include "cli/inspect.h"
#include "nix/nar_listing.h"
#include "nix/nar_parser.h"

#include <array>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace firn::cli {

namespace {

/// One line for each entry, as `nix nar ls -lR` prints them.
class Lister final : public nix::NarVisitor {
 public:
  explicit Lister(std::ostream& out) : out_(out) {}

  void begin_directory(std::string_view name) override {
    path_.emplace_back(name);
    line("dr-xr-xr-x", 0);
  }

  void end_directory() override { path_.pop_back(); }

  void begin_file(std::string_view name, bool executable, std::uint64_t size) override {
    path_.emplace_back(name);
    line(executable ? "-r-xr-xr-x" : "-r--r--r--", size);
    path_.pop_back();
  }

  void symlink(std::string_view name, std::string_view target) override {
    path_.emplace_back(name);
    line("lrwxrwxrwx", 0, fmt::format(" -> {}", printable(target)));
    path_.pop_back();
  }

 private:
  void line(std::string_view mode, std::uint64_t size, std::string_view rest = "") {
    std::string path = ".";
    for (std::size_t i = 1; i < path_.size(); ++i)
      path += "/" + path_[i];
    out_ << fmt::format("{} {:9} {}{}\n", mode, size, printable(path), rest);
  }

  std::ostream& out_;
  std::vector<std::string> path_;
};

/// A compressed file is the likeliest thing that is given instead of a NAR.
struct Compression {
  std::string_view magic;
  std::string_view unpack;
};

constexpr auto kCompressions = std::to_array<Compression>({
    {.magic = "\xfd\x37zXZ", .unpack = "xz -dc"},
    {.magic = "\x28\xb5\x2f\xfd", .unpack = "zstd -dc"},
    {.magic = "\x1f\x8b", .unpack = "gzip -dc"},
    {.magic = "BZh", .unpack = "bzip2 -dc"},
});

void refuse_compressed(std::string_view start, const std::string& file) {
  for (const auto& compression : kCompressions) {
    if (start.starts_with(compression.magic)) {
      throw Error(Kind::invalid,
                  fmt::format("it is compressed; unpack it first: {} {} | firn inspect nar -",
                              compression.unpack,
                              file));
    }
  }
}

/// A NAR on its way: parsed, hashed, and nothing may follow it.
class Reading {
 public:
  Reading(nix::NarVisitor& visitor, const std::string& file) : parser_(visitor), file_(file) {}

  void feed(std::string_view block) {
    if (parser_.offset() == 0) refuse_compressed(block, file_);
    const auto bytes = as_bytes(block);
    const std::size_t consumed = parser_.feed(bytes);
    hasher_.update(bytes.first(consumed));
    trailing_ += block.size() - consumed;
  }

  std::uint64_t size() const { return parser_.offset(); }

  /// Call once.
  Hash finish() {
    parser_.check_done();
    if (trailing_ > 0) {
      throw Error(Kind::invalid,
                  fmt::format("the NAR ends at byte {}; {} bytes follow", size(), trailing_));
    }
    return hasher_.finish();
  }

 private:
  nix::NarParser parser_;
  Hasher hasher_{HashAlgorithm::sha256};
  const std::string& file_;
  std::uint64_t trailing_ = 0;
};

void verify(const InspectNar& options, const Hash& hash, std::uint64_t size) {
  if (options.size && *options.size != size)
    throw Error(Kind::invalid, fmt::format("expected {} bytes, got {}", *options.size, size));
  if (options.hash && *options.hash != hash) {
    throw Error(Kind::invalid,
                fmt::format("expected the hash {}, got {}",
                            options.hash->prefixed(HashForm::nix32),
                            hash.prefixed(HashForm::nix32)));
  }
}

}  // namespace

namespace {

/// Reads all of the file into `visitor`; returns hash and size.
std::pair<Hash, std::uint64_t> read_nar(const std::string& file, nix::NarVisitor& visitor) {
  Reading reading(visitor, file);
  read_blocks(file, [&](std::string_view block) {
    reading.feed(block);
    return true;
  });
  const Hash hash = reading.finish();
  return {hash, reading.size()};
}

std::pair<Hash, std::uint64_t> print_listing(const std::string& file, std::ostream& out) {
  nix::NarListingBuilder builder;
  const auto facts = read_nar(file, builder);
  const auto text = nix::listing_file(builder.take(), nix::ListingForm::since_2_35);
  if (!text)
    throw Error(Kind::invalid, "it has a name or a target that is not UTF-8: no listing in JSON");
  out << *text << "\n";
  return facts;
}

std::pair<Hash, std::uint64_t> print_entries(const std::string& file, std::ostream& out) {
  Lister lister(out);
  const auto facts = read_nar(file, lister);
  out << fmt::format("\n{} bytes, {}\n", facts.second, facts.first.prefixed(HashForm::nix32));
  return facts;
}

}  // namespace

ExitCode inspect(const InspectNar& options, Streams streams) {
  try {
    const auto [hash, size] = options.json ? print_listing(options.file, streams.out)
                                           : print_entries(options.file, streams.out);
    verify(options, hash, size);
  } catch (Error& error) {
    error.add_context("reading " + options.file);
    throw;
  }
  return ExitCode::success;
}

}  // namespace firn::cli
