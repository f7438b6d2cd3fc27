// SPDX-License-Identifier: Apache-2.0
#include "store/spooled_nar.h"

#include "aio/pool.h"
#include "base/error.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <string>
#include <unistd.h>
#include <utility>

namespace firn::store {

namespace {

Fd open_nameless_file() {
  const char* folder = std::getenv("TMPDIR");
  std::string name = folder != nullptr && *folder == '/' ? folder : "/var/tmp";
  name += "/firn-nar-XXXXXX";
  Fd file(::mkostemp(name.data(), O_CLOEXEC));
  if (!file) throw system_error(errno, "make " + name);
  ::unlink(name.c_str());
  return file;
}

void write_at(int file, std::uint64_t at, Bytes bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::pwrite(file, bytes.data(), bytes.size(), static_cast<off_t>(at));
    if (put < 0) throw system_error(errno, "write a NAR to a temporary file");
    at += static_cast<std::uint64_t>(put);
    bytes = bytes.subspan(static_cast<std::size_t>(put));
  }
}

void read_at(int file, std::uint64_t at, MutableBytes bytes) {
  while (!bytes.empty()) {
    const ssize_t got = ::pread(file, bytes.data(), bytes.size(), static_cast<off_t>(at));
    if (got < 0) throw system_error(errno, "read a NAR from a temporary file");
    if (got == 0) throw Error(Kind::conflict, "a temporary file has been cut off");
    at += static_cast<std::uint64_t>(got);
    bytes = bytes.subspan(static_cast<std::size_t>(got));
  }
}

}  // namespace

SpooledNar::SpooledNar(aio::Loop& loop) : loop_(loop) {}

const Hash& SpooledNar::hash() const {
  FIRN_CHECK(hash_.has_value());
  return *hash_;
}

aio::Task<void> SpooledNar::take(NarStream& nar) {
  Hasher hasher(HashAlgorithm::sha256);
  while (true) {
    const Bytes piece = co_await nar.next();
    if (piece.empty()) break;
    hasher.update(piece);
    size_ += piece.size();
    co_await append(piece);
  }
  if (file_) co_await flush();
  hash_ = hasher.finish();
}

aio::Task<void> SpooledNar::append(Bytes piece) {
  while (!piece.empty()) {
    const auto fitting = piece.first(std::min(piece.size(), kBlock - block_.size()));
    block_.insert(block_.end(), fitting.begin(), fitting.end());
    piece = piece.subspan(fitting.size());
    if (block_.size() == kBlock) co_await flush();
  }
}

aio::Task<void> SpooledNar::flush() {
  if (!file_) file_ = std::make_shared<Fd>();
  const auto count = block_.size();
  block_ = co_await loop_.blocking().run(
      [file = file_, block = std::move(block_), at = written_]() mutable {
        if (!*file) *file = open_nameless_file();
        write_at(file->get(), at, block);
        block.clear();
        return std::move(block);
      });
  written_ += count;
}

aio::Task<Bytes> SpooledNar::next() {
  if (!file_) {
    if (given_ == size_) co_return Bytes();
    given_ = size_;
    co_return Bytes(block_);
  }
  const auto count = std::min<std::uint64_t>(kBlock, written_ - given_);
  block_ = co_await loop_.blocking().run(
      [file = file_, block = std::move(block_), at = given_, count]() mutable {
        block.resize(count);
        read_at(file->get(), at, block);
        return std::move(block);
      });
  given_ += count;
  co_return Bytes(block_);
}

}  // namespace firn::store
