// SPDX-License-Identifier: Apache-2.0
// BLAKE3, which Nix takes for content addresses since 2.27 (experimental) and OpenSSL does not
// have. Plain code, one block at a time: correct, not fast.
#pragma once

#include "base/bytes.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace firn {

/// A running digest of 32 bytes, without a key.
class Blake3 {
 public:
  void update(Bytes bytes);

  /// The digest of all so far; leaves the state as it was.
  std::array<std::byte, 32> digest() const;

 private:
  using Words = std::array<std::uint32_t, 8>;

  static constexpr std::size_t kBlock = 64;
  static constexpr std::size_t kChunk = 1024;
  static constexpr Words kInitial{0x6a09e667,
                                  0xbb67ae85,
                                  0x3c6ef372,
                                  0xa54ff53a,
                                  0x510e527f,
                                  0x9b05688c,
                                  0x1f83d9ab,
                                  0x5be0cd19};

  /// What a compression takes. The last one of all is made once more, as the root.
  struct Node {
    Words chaining;
    std::array<std::uint32_t, 16> block;
    std::uint64_t counter;
    std::uint32_t size;
    std::uint32_t flags;

    Words compress(std::uint32_t more_flags = 0) const;
  };

  static Node parent(const Words& left, const Words& right);

  std::size_t size_of_chunk() const { return blocks_ * kBlock + filled_; }

  /// The block that is being filled, as it would be compressed.
  Node block_node(std::uint32_t flags) const;
  void end_block();
  void end_chunk();

  std::array<std::byte, kBlock> buffer_{};
  std::size_t filled_ = 0;
  /// Of the current chunk: how many blocks were compressed, and to what.
  std::size_t blocks_ = 0;
  Words chaining_ = kInitial;
  std::uint64_t chunks_ = 0;
  /// Of complete subtrees, the largest first.
  std::vector<Words> subtrees_;
};

}  // namespace firn
