// SPDX-License-Identifier: Apache-2.0
// Store paths, NARs and path infos with made-up contents, for tests that move them about.
#pragma once

#include "base/hash.h"
#include "nix/nar_writer.h"
#include "nix/path_info.h"
#include "store/nar_stream.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace firn::testing {

/// The same path for the same name.
inline nix::StorePath store_path(std::string_view name) {
  const std::string digits = hash_of(HashAlgorithm::sha256, name).encode(HashForm::nix32);
  return nix::StorePath::from_base_name(digits.substr(0, 32) + "-" + std::string(name));
}

inline nix::DrvPath drv_path(std::string_view name) {
  return nix::DrvPath(store_path(std::string(name) + ".drv"));
}

/// The NAR of a file that holds `text`.
inline std::string nar_of(std::string_view text) {
  return nix::nar_of_file(text);
}

/// A path as a store holds it: what is known of it, and its bytes.
struct StoredPath {
  nix::PathInfo info;
  std::string nar;
};

/// What `nar` is worth as `path`: everything that it promises is true.
inline StoredPath stored(nix::StorePath path, std::string nar, nix::StorePathSet references = {}) {
  nix::PathInfo info{.path = std::move(path),
                     .deriver = {},
                     .references = std::move(references),
                     .nar_hash = hash_of(HashAlgorithm::sha256, nar),
                     .nar_size = ByteCount(nar.size()),
                     .ca = {},
                     .signatures = {},
                     .registration_time = {},
                     .ultimate = false};
  return {.info = std::move(info), .nar = std::move(nar)};
}

/// A file that holds its own name.
inline StoredPath stored(std::string_view name, nix::StorePathSet references = {}) {
  return stored(store_path(name), nar_of(name), std::move(references));
}

/// A NAR in memory, in blocks of `step` bytes.
class TextNar final : public store::NarStream {
 public:
  explicit TextNar(std::string bytes, std::size_t step = 64)
      : bytes_(std::move(bytes)), step_(step) {}

  aio::Task<Bytes> next() override {
    const Bytes block = as_bytes(std::string_view(bytes_).substr(given_, step_));
    given_ += block.size();
    co_return block;
  }

 private:
  std::string bytes_;
  std::size_t step_;
  std::size_t given_ = 0;
};

/// Everything that `nar` yields, into `out`.
inline aio::Task<void> read_into(store::NarStream& nar, std::string& out) {
  while (true) {
    const Bytes block = co_await nar.next();
    if (block.empty()) break;
    out += as_text(block);
  }
}

}  // namespace firn::testing
