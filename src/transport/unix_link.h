// SPDX-License-Identifier: Apache-2.0
// A link to a program that listens on a socket of this machine's file system.
#pragma once

#include "aio/loop.h"
#include "aio/pipe.h"
#include "transport/link.h"

#include <memory>
#include <optional>
#include <string>

namespace firn::transport {

/// Where a program listens. The path may be longer than a socket address is.
struct UnixAddress {
  std::string path;
};

/// A socket has no stderr and no exit status: all that the program has to say is in the stream.
class UnixLink final : public Link {
 public:
  /// `socket` is connected.
  UnixLink(aio::Loop& loop, Fd socket);

  aio::Task<std::size_t> read_some(MutableBytes buffer) override;
  aio::Task<void> write(Bytes bytes) override;
  void close_write() override;

  void listen(Listener) override {}

  aio::Task<std::string> last_words() override;
  aio::Task<void> diagnostics_ended() override;
  /// Waits for the program to close its side, for `grace` at most.
  aio::Task<void> stop(Duration grace) override;

 private:
  aio::Task<void> read_to_end();
  aio::PipeEnd& open_end();

  aio::Loop& loop_;
  int descriptor_;
  std::optional<aio::PipeEnd> end_;
};

/// Waits while the program's queue of connections is full. Throws Error{unavailable} where nobody
/// listens, Error{permission} where we may not connect.
aio::Task<std::unique_ptr<Link>> connect(aio::Loop& loop, UnixAddress address);

/// Connects to the same address again and again.
class UnixConnector final : public Connector {
 public:
  UnixConnector(aio::Loop& loop, UnixAddress address);

  aio::Task<std::unique_ptr<Link>> open() override;

  bool learn_refusal(const Link&, std::string_view) override { return false; }

  aio::Task<void> close() override;

 private:
  aio::Loop& loop_;
  UnixAddress address_;
};

}  // namespace firn::transport
