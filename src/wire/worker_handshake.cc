// SPDX-License-Identifier: Apache-2.0
#include "wire/worker_handshake.h"

#include "base/error.h"
#include "wire/quote.h"
#include "wire/worker_handshake_fields.h"

#include <utility>

#include <fmt/format.h>

namespace firn::wire::worker {

namespace {

constexpr std::size_t kMagicSize = 8;
constexpr std::size_t kShownGreeting = 1000;

std::string hello(std::uint64_t magic, WorkerVersion announced) {
  std::string out;
  Encoder io(out);
  hello_fields(io, magic, announced.number());
  return out;
}

void check_magic(std::string_view available, std::uint64_t magic, std::string_view whose) {
  std::string expected;
  Encoder(expected).u64(magic);
  const auto start = available.substr(0, kMagicSize);
  if (std::string_view(expected).starts_with(start)) return;
  throw Error(
      Kind::protocol,
      fmt::format(
          "expected the greeting of {}, got: {}", whose, in_quotes(available, kShownGreeting)));
}

WorkerVersion agreed_version(WorkerVersion ours, std::uint32_t theirs, std::string_view whose) {
  const auto version = agree(ours, parse_worker_version(theirs));
  if (version >= kOldestWorker) return version;
  throw Error(Kind::protocol,
              fmt::format("{} speaks version {} of the worker protocol: it needs Nix 2.1 or newer",
                          whose,
                          version.str()));
}

/// Feeds record after record to `read` until `is_done` or until one is short.
template <class Read, class IsDone>
Progress feed_records(std::string_view available,
                      std::uint64_t& offset,
                      Read read,
                      IsDone is_done) {
  Progress progress;
  while (!is_done()) {
    const auto rest = available.substr(progress.consumed);
    Decoder io(rest, offset);
    read(io, rest);
    progress.missing = io.missing();
    if (io.is_short()) return progress;
    progress.consumed += io.consumed();
    offset += io.consumed();
  }
  progress.done = true;
  return progress;
}

}  // namespace

void trust(Encoder& io, Trust value) {
  io.u8(static_cast<std::uint8_t>(value));
}

void trust(Decoder& io, Trust& value) {
  std::uint8_t number = 0;
  io.u8(number);
  if (number > static_cast<std::uint8_t>(Trust::not_trusted)) {
    io.fail("trust as 0, 1 or 2", fmt::to_string(number));
  }
  value = static_cast<Trust>(number);
}

ClientHandshake::ClientHandshake(WorkerVersion announced, FeatureSet offered)
    : offered_(offered), output_(hello(kClientMagic, announced)) {
  protocol_.version = announced;
}

std::string ClientHandshake::take_output() {
  return std::exchange(output_, {});
}

Progress ClientHandshake::feed(std::string_view available) {
  return feed_records(
      available,
      offset_,
      [&](Decoder& io, std::string_view rest) { read(io, rest); },
      [&] { return state_ == State::done; });
}

void ClientHandshake::read(Decoder& io, std::string_view available) {
  if (state_ == State::hello) return read_hello(io, available);
  if (state_ == State::features) {
    FeatureSet theirs;
    fields(io, theirs);
    if (io.is_short()) return;
    protocol_.features = agree(offered_, theirs);
    state_ = State::info;
  } else {
    DaemonInfo info;
    fields(io, info, protocol_);
    if (io.is_short()) return;
    daemon_ = std::move(info);
    state_ = State::done;
  }
}

void ClientHandshake::read_hello(Decoder& io, std::string_view available) {
  check_magic(available, kDaemonMagic, "nix-daemon");
  std::uint32_t number = protocol_.version.number();
  hello_fields(io, kDaemonMagic, number);
  if (io.is_short()) return;
  protocol_.version = agreed_version(protocol_.version, number, "the daemon");
  state_ = has(protocol_, Since::features) ? State::features : State::info;
  send_rest();
}

void ClientHandshake::send_rest() {
  Encoder io(output_);
  if (has(protocol_, Since::features)) fields(io, offered_);
  io.u64(0);
  io.u64(0);
}

const Protocol& ClientHandshake::protocol() const {
  FIRN_CHECK(state_ == State::done);
  return protocol_;
}

const DaemonInfo& ClientHandshake::daemon() const {
  FIRN_CHECK(state_ == State::done);
  return daemon_;
}

ServerHandshake::ServerHandshake(Protocol ours, DaemonInfo info)
    : ours_(ours), info_(std::move(info)) {}

std::string ServerHandshake::take_output() {
  return std::exchange(output_, {});
}

Progress ServerHandshake::feed(std::string_view available) {
  return feed_records(
      available,
      offset_,
      [&](Decoder& io, std::string_view rest) {
        if (state_ == State::hello) check_magic(rest, kClientMagic, "a Nix client");
        read(io);
      },
      [&] { return state_ == State::done; });
}

void ServerHandshake::read(Decoder& io) {
  Encoder out(output_);
  if (state_ == State::hello) return read_hello(io);
  if (state_ == State::features) {
    FeatureSet theirs;
    fields(io, theirs);
    if (io.is_short()) return;
    protocol_.features = agree(ours_.features, theirs);
    fields(out, ours_.features);
    state_ = State::obsolete;
  } else {
    bool has_processor = false;
    std::uint64_t ignored = 0;
    io.boolean(has_processor);
    if (has_processor) io.u64(ignored);
    io.u64(ignored);
    if (io.is_short()) return;
    fields(out, info_, protocol_);
    state_ = State::done;
  }
}

void ServerHandshake::read_hello(Decoder& io) {
  std::uint32_t number = 0;
  hello_fields(io, kClientMagic, number);
  if (io.is_short()) return;
  protocol_.version = agreed_version(ours_.version, number, "the client");
  output_ += hello(kDaemonMagic, ours_.version);
  state_ = has(protocol_, Since::features) ? State::features : State::obsolete;
}

const Protocol& ServerHandshake::protocol() const {
  FIRN_CHECK(state_ == State::done);
  return protocol_;
}

}  // namespace firn::wire::worker
