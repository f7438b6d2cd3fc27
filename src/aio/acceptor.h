// SPDX-License-Identifier: Apache-2.0
// Connections that others open to us, each served by a task of its own.
#pragma once

#include "aio/loop.h"
#include "aio/pipe.h"
#include "aio/scope.h"
#include "aio/semaphore.h"
#include "base/fd.h"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace firn::aio {

/// Whoever talks to those who connect.
class Host {
 public:
  Host() = default;
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;
  virtual ~Host() = default;

  /// One conversation, within limits of its own. An Error ends it, and nothing else.
  virtual Task<void> talk(PipeEnd& peer) = 0;
};

class Acceptor {
 public:
  /// Borrows loop and host. At most `at_once` conversations go on; who comes meanwhile waits in the
  /// system's queue.
  Acceptor(Loop& loop, Fd listening, Host& host, std::size_t at_once);
  ~Acceptor();

  /// Until it is cancelled; then all conversations have ended.
  Task<void> run();

 private:
  struct Socket;

  Task<Fd> accept();
  Task<void> serve();
  Task<void> talk(Fd peer, Semaphore::Permit turn);

  Loop& loop_;
  Host& host_;
  std::unique_ptr<Socket> socket_;
  Semaphore turns_;
  Scope talks_;
};

/// Reads on until `end`, which is taken off with what stands before it; what follows stays in
/// `buffer`. Nothing where the peer has closed its side. Throws Error{resource} where more than
/// `limit` bytes come without it.
Task<std::optional<std::string>> read_until(PipeEnd& peer,
                                            std::string& buffer,
                                            std::string_view end,
                                            std::size_t limit);

Task<void> write_all(PipeEnd& peer, std::string_view text);

}  // namespace firn::aio
