// SPDX-License-Identifier: Apache-2.0
#include "store/verified_nar.h"

#include "aio/pool.h"
#include "base/error.h"

#include <fmt/format.h>

namespace firn::store {

namespace {

/// Below this a trip to another thread costs more than it saves.
constexpr std::size_t kWorthAThread = std::size_t{64} << 10U;

}  // namespace

VerifiedNar::VerifiedNar(aio::Loop& loop, NarStream& source, const nix::PathInfo& info)
    : loop_(loop), source_(source), info_(info), hasher_(HashAlgorithm::sha256) {
  FIRN_CHECK(info.nar_hash.has_value());
}

aio::Task<Bytes> VerifiedNar::next() {
  const Bytes block = co_await source_.next();
  passed_ += block.size();
  if (passed_ > info_.nar_size.value()) {
    throw Error(Kind::protocol,
                fmt::format("the NAR of {} is longer than the promised {} bytes",
                            info_.path.str(),
                            info_.nar_size.value()));
  }
  if (ended_) co_return Bytes();

  if (block.size() < kWorthAThread) {
    hasher_.update(block);
  } else {
    co_await loop_.cpu().run_to_end([this, block] { hasher_.update(block); });
  }
  if (block.empty() || passed_ == info_.nar_size.value()) check_end();
  co_return block;
}

void VerifiedNar::check_end() {
  ended_ = true;
  if (passed_ != info_.nar_size.value()) {
    throw Error(Kind::protocol,
                fmt::format("the NAR of {} has {} bytes, {} were promised",
                            info_.path.str(),
                            passed_,
                            info_.nar_size.value()));
  }
  const Hash found = hasher_.finish();
  const auto& promised = info_.nar_hash;
  FIRN_CHECK(promised.has_value());
  if (found != *promised) {
    throw Error(Kind::protocol,
                fmt::format("the NAR of {} has the hash {}, {} was promised",
                            info_.path.str(),
                            found.prefixed(HashForm::nix32),
                            promised->prefixed(HashForm::nix32)));
  }
}

}  // namespace firn::store
