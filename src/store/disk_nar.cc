// SPDX-License-Identifier: Apache-2.0
#include "store/disk_nar.h"

#include "aio/pool.h"
#include "aio/scope.h"
#include "base/error.h"
#include "nix/nar_source.h"

#include <cstddef>
#include <optional>
#include <utility>

namespace firn::store {

namespace {

constexpr std::size_t kFirstBlock = std::size_t{64} << 10U;
constexpr std::size_t kBlock = std::size_t{512} << 10U;

}  // namespace

/// What a pool thread uses. One read at a time.
struct DiskNar::Reader {
  explicit Reader(std::string path) : source(std::move(path)) {}

  std::vector<std::byte> read(std::vector<std::byte> block) {
    block.resize(wanted);
    block.resize(source.read(block));
    if (block.size() < wanted) ended = true;
    wanted = kBlock;
    return block;
  }

  nix::NarSource source;
  std::size_t wanted = kFirstBlock;
  bool ended = false;
};

DiskNar::DiskNar(aio::Loop& loop, std::string path)
    : loop_(loop), reader_(std::make_shared<Reader>(std::move(path))) {}

DiskNar::~DiskNar() = default;

aio::Task<Bytes> DiskNar::next() {
  if (reader_->ended) co_return Bytes();
  auto job = [reader = reader_, block = std::move(block_)]() mutable {
    return reader->read(std::move(block));
  };
  block_ = co_await loop_.blocking().run(std::move(job));
  co_return Bytes(block_);
}

}  // namespace firn::store
