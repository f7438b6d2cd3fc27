// SPDX-License-Identifier: Apache-2.0
#include "store/peer.h"

#include "nix/build_result.h"

#include <algorithm>
#include <chrono>
#include <optional>

#include <fmt/format.h>

namespace firn::store {

using namespace std::chrono_literals;

namespace {

constexpr Duration kCloseGrace = 500ms;

}  // namespace

Peer::Peer(std::unique_ptr<transport::Link> link, std::string name)
    : link_(std::move(link)), name_(std::move(name)) {}

Peer::Conversation::Conversation(Peer& peer) : peer_(&peer) {
  if (peer.broken_ || peer.busy_) {
    throw Bug(fmt::format("a request to {} on a connection whose last conversation did not end",
                          peer.name_));
  }
  if (!peer.buffer_.view().empty()) {
    peer.broken_ = true;
    throw Error(Kind::protocol, fmt::format("{} has sent what nobody asked for", peer.name_));
  }
  peer.busy_ = true;
}

Peer::Conversation::~Conversation() {
  if (peer_ == nullptr) return;
  peer_->busy_ = false;
  peer_->broken_ = true;
}

aio::Task<Error> Peer::gone() {
  const std::string words = co_await link_->last_words();
  co_return Error(
      Kind::unavailable,
      words.empty() ? fmt::format("{} ended the conversation", name_)
                    : fmt::format("{} ended the conversation: {}", name_, nix::strip_ansi(words)));
}

aio::Task<void> Peer::fill(std::size_t missing) {
  while (missing > 0) {
    std::size_t got = 0;
    try {
      got = co_await link_->read_some(buffer_.room(missing));
    } catch (const Error& e) {
      // Reset by a peer that has left something unread: an end like any other.
      if (e.kind() != Kind::unavailable) throw;
    }
    if (got == 0) throw co_await gone();
    buffer_.filled(got);
    missing -= std::min(missing, got);
  }
}

aio::Task<void> Peer::write(std::string_view bytes) {
  std::optional<Error> failure;
  try {
    co_await link_->write(as_bytes(bytes));
  } catch (const Error& e) {
    if (e.kind() != Kind::unavailable) throw;
    failure = e;
  }
  // A broken pipe says nothing; the peer's last words do.
  if (failure) throw co_await gone();
}

aio::Task<void> Peer::close() {
  broken_ = true;
  co_await link_->stop(kCloseGrace);
}

}  // namespace firn::store
