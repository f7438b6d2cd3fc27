// SPDX-License-Identifier: Apache-2.0
// NARs on their way between our own store and a builder: who is to blame when they stop, and that
// they do not stop for ever.
#pragma once

#include "aio/loop.h"
#include "aio/phase.h"
#include "base/error.h"
#include "store/nar_stream.h"

#include <memory>
#include <string>
#include <utility>

namespace firn::farm {

/// Our own store and a builder meet in one conversation; this remembers where NARs come from and
/// whether that side failed.
class NarWatch {
 public:
  aio::Task<Bytes> next(store::NarStream& nar) {
    is_reading_ = true;
    Bytes block;
    try {
      block = co_await nar.next();
    } catch (const Error& e) {
      // Whoever is cancelled has not failed: the other side has, or time is up.
      has_failed_ = e.kind() != Kind::cancelled;
      throw;
    }
    is_reading_ = false;
    co_return block;
  }

  /// Whether the side that gives the NARs is to blame for `error` of the whole conversation.
  bool is_to_blame(const Error& error) const {
    return has_failed_ || (is_reading_ && error.kind() == Kind::timeout);
  }

 private:
  bool is_reading_ = false;
  bool has_failed_ = false;
};

class WatchedNar final : public store::NarStream {
 public:
  WatchedNar(std::unique_ptr<store::NarStream> nar, NarWatch& watch)
      : nar_(std::move(nar)), watch_(watch) {}

  aio::Task<Bytes> next() override { return watch_.next(*nar_); }

 private:
  std::unique_ptr<store::NarStream> nar_;
  NarWatch& watch_;
};

/// The NAR of a builder: each of its blocks comes in time, or never.
class TimelyNar final : public store::NarStream {
 public:
  TimelyNar(aio::Loop& loop, std::string phase, Duration stall, store::NarStream& nar)
      : loop_(loop), phase_(std::move(phase)), stall_(stall), nar_(nar) {}

  aio::Task<Bytes> next() override { return aio::within(loop_, phase_, stall_, nar_.next()); }

 private:
  aio::Loop& loop_;
  std::string phase_;
  Duration stall_;
  store::NarStream& nar_;
};

}  // namespace firn::farm
