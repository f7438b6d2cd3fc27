// SPDX-License-Identifier: Apache-2.0
#include "base/blake3.h"

#include <algorithm>
#include <bit>

namespace firn {

namespace {

constexpr std::uint32_t kChunkStart = 1;
constexpr std::uint32_t kChunkEnd = 2;
constexpr std::uint32_t kParent = 4;
constexpr std::uint32_t kRoot = 8;
constexpr int kRounds = 7;

using State = std::array<std::uint32_t, 16>;

constexpr std::array<std::size_t, 16> kPermutation{
    2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8};

/// Places in the state.
using Quarter = std::array<std::size_t, 4>;

/// Columns, then diagonals.
constexpr std::array<Quarter, 8> kQuarters{{{0, 4, 8, 12},
                                            {1, 5, 9, 13},
                                            {2, 6, 10, 14},
                                            {3, 7, 11, 15},
                                            {0, 5, 10, 15},
                                            {1, 6, 11, 12},
                                            {2, 7, 8, 13},
                                            {3, 4, 9, 14}}};

void mix(State& v, const Quarter& places, std::uint32_t x, std::uint32_t y) {
  const auto [a, b, c, d] = places;
  v[a] += v[b] + x;
  v[d] = std::rotr(v[d] ^ v[a], 16);
  v[c] += v[d];
  v[b] = std::rotr(v[b] ^ v[c], 12);
  v[a] += v[b] + y;
  v[d] = std::rotr(v[d] ^ v[a], 8);
  v[c] += v[d];
  v[b] = std::rotr(v[b] ^ v[c], 7);
}

State permuted(const State& block) {
  State result{};
  for (std::size_t i = 0; i < block.size(); ++i)
    result[i] = block[kPermutation[i]];
  return result;
}

std::uint32_t word_at(Bytes bytes) {
  std::uint32_t word = 0;
  for (std::size_t i = 4; i-- > 0;)
    word = word << 8U | std::to_integer<std::uint32_t>(bytes[i]);
  return word;
}

}  // namespace

Blake3::Words Blake3::Node::compress(std::uint32_t more_flags) const {
  State v{};
  std::copy(chaining.begin(), chaining.end(), v.begin());
  std::copy_n(kInitial.begin(), 4, v.begin() + 8);
  v[12] = static_cast<std::uint32_t>(counter);
  v[13] = static_cast<std::uint32_t>(counter >> 32U);
  v[14] = size;
  v[15] = flags | more_flags;
  State message = block;
  for (int round = 0; round < kRounds; ++round) {
    for (std::size_t i = 0; i < kQuarters.size(); ++i)
      mix(v, kQuarters[i], message[2 * i], message[2 * i + 1]);
    message = permuted(message);
  }
  Words result{};
  for (std::size_t i = 0; i < result.size(); ++i)
    result[i] = v[i] ^ v[i + 8];
  return result;
}

Blake3::Node Blake3::parent(const Words& left, const Words& right) {
  Node node{.chaining = kInitial, .block = {}, .counter = 0, .size = kBlock, .flags = kParent};
  std::copy(left.begin(), left.end(), node.block.begin());
  std::copy(right.begin(), right.end(), node.block.begin() + left.size());
  return node;
}

Blake3::Node Blake3::block_node(std::uint32_t flags) const {
  Node node{.chaining = chaining_,
            .block = {},
            .counter = chunks_,
            .size = static_cast<std::uint32_t>(filled_),
            .flags = flags | (blocks_ == 0 ? kChunkStart : 0)};
  for (std::size_t i = 0; i < node.block.size(); ++i)
    node.block[i] = word_at(Bytes(buffer_).subspan(i * 4, 4));
  return node;
}

void Blake3::end_block() {
  chaining_ = block_node(0).compress();
  ++blocks_;
  filled_ = 0;
  buffer_.fill(std::byte{0});
}

void Blake3::end_chunk() {
  Words chaining = block_node(kChunkEnd).compress();
  ++chunks_;
  for (std::uint64_t chunks = chunks_; chunks % 2 == 0; chunks /= 2) {
    chaining = parent(subtrees_.back(), chaining).compress();
    subtrees_.pop_back();
  }
  subtrees_.push_back(chaining);
  chaining_ = kInitial;
  blocks_ = 0;
  filled_ = 0;
  buffer_.fill(std::byte{0});
}

void Blake3::update(Bytes bytes) {
  while (!bytes.empty()) {
    // Only when more follows is it known that the block or chunk was not the last.
    if (size_of_chunk() == kChunk) {
      end_chunk();
    } else if (filled_ == kBlock) {
      end_block();
    }
    const std::size_t size = std::min(kBlock - filled_, bytes.size());
    std::copy_n(bytes.begin(), size, buffer_.begin() + static_cast<std::ptrdiff_t>(filled_));
    filled_ += size;
    bytes = bytes.subspan(size);
  }
}

std::array<std::byte, 32> Blake3::digest() const {
  Node node = block_node(kChunkEnd);
  for (std::size_t i = subtrees_.size(); i-- > 0;)
    node = parent(subtrees_[i], node.compress());
  const Words words = node.compress(kRoot);
  std::array<std::byte, 32> digest{};
  for (std::size_t i = 0; i < digest.size(); ++i)
    digest[i] = static_cast<std::byte>(words[i / 4] >> (i % 4 * 8) & 0xffU);
  return digest;
}

}  // namespace firn
