// SPDX-License-Identifier: Apache-2.0
#include "wire/nar_summary.h"

#include "base/hash.h"
#include "nix/nar_parser.h"

#include <algorithm>

#include <fmt/format.h>

namespace firn::wire {

namespace {

/// Looks at the root, and counts files.
class Counter final : public nix::NarVisitor {
 public:
  void begin_directory(std::string_view /*name*/) override { note("directory"); }

  void begin_file(std::string_view /*name*/, bool /*executable*/, std::uint64_t /*size*/) override {
    note("regular");
    ++files_;
  }

  void symlink(std::string_view /*name*/, std::string_view /*target*/) override { note("symlink"); }

  std::string_view type() const { return type_; }

  std::uint64_t files() const { return files_; }

 private:
  void note(std::string_view type) {
    if (type_.empty()) type_ = type;
  }

  std::string_view type_;
  std::uint64_t files_ = 0;
};

}  // namespace

nlohmann::json take_nar(Replay& stream) {
  Counter counter;
  nix::NarParser parser(counter);
  Hasher hasher(HashAlgorithm::sha256);
  const auto start = stream.offset();
  while (!parser.is_done()) {
    if (stream.view().empty() && !stream.fetch(1)) stream.fail_at_end(1);
    const auto bytes = as_bytes(stream.view());
    std::size_t consumed = 0;
    try {
      consumed = parser.feed(bytes);
    } catch (const Error& error) {
      throw Error(Kind::protocol,
                  fmt::format("in the NAR at byte {} of the stream: {}", start, error.message()));
    }
    hasher.update(bytes.first(consumed));
    stream.drop(consumed);
  }
  return {{"type", counter.type()},
          {"narSize", parser.offset()},
          {"narHash", hasher.finish().sri()},
          {"files", counter.files()}};
}

}  // namespace firn::wire
