// SPDX-License-Identifier: Apache-2.0
#include "cli/serve_store.h"

#include "aio/errors.h"
#include "aio/loop.h"
#include "aio/pipe_stream.h"
#include "aio/scope.h"
#include "aio/signals.h"
#include "nix/build_result.h"
#include "store/serve_server.h"
#include "store/store_address.h"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <memory>
#include <optional>
#include <poll.h>
#include <string>
#include <unistd.h>

#include <fmt/format.h>

namespace firn::cli {

using namespace std::chrono_literals;

namespace {

constexpr Duration kStoreCloseLimit = 10s;
/// How long a client may leave its log unread, in milliseconds, before it gets no more of it.
constexpr int kLogStall = 10 * 60 * 1000;

/// stderr, which is the client's. Writing to it waits: whoever prints faster than the client reads
/// is slowed down, and no log is ever held in memory.
class ClientLog {
 public:
  void write(std::string_view text) {
    while (!text.empty() && !is_deaf_) {
      const ssize_t put = ::write(STDERR_FILENO, text.data(), text.size());
      if (put >= 0) {
        text.remove_prefix(static_cast<std::size_t>(put));
      } else if (errno == EAGAIN) {
        pollfd room{.fd = STDERR_FILENO, .events = POLLOUT, .revents = 0};
        is_deaf_ = ::poll(&room, 1, kLogStall) == 0;
      } else if (errno != EINTR) {
        is_deaf_ = true;
      }
    }
  }

 private:
  bool is_deaf_ = false;
};

/// One client: its objects, in the order in which they need each other.
class ServeStore {
 public:
  explicit ServeStore(const ServeStoreOptions& options)
      : options_(options),
        store_(store::open_store(loop_, options.store)),
        stream_(aio::take_standard_streams(loop_)),
        signals_(loop_, {SIGINT, SIGTERM, SIGHUP}) {}

  int run() {
    loop_.run(main());
    return status_;
  }

 private:
  aio::Task<void> main();
  aio::Task<void> serve(aio::Scope* siblings);
  aio::Task<void> end_on_signal();

  const ServeStoreOptions& options_;
  aio::Loop loop_;
  std::unique_ptr<store::Store> store_;
  aio::PipeStream stream_;
  aio::Signals signals_;
  ClientLog log_;
  int status_ = 0;
};

aio::Task<void> ServeStore::main() {
  std::optional<Error> error;
  aio::Scope scope(loop_);
  scope.spawn(&ServeStore::end_on_signal, *this);
  scope.spawn(&ServeStore::serve, *this, &scope);
  try {
    co_await scope.join();
  } catch (...) {
    error = aio::to_error(std::current_exception());
  }
  co_await aio::shielded(loop_, "closing the store", kStoreCloseLimit, store_->close());
  if (!error) co_return;
  log_.write(fmt::format("error: {}\n", nix::strip_ansi(error->what())));
  status_ = 1;
}

aio::Task<void> ServeStore::serve(aio::Scope* siblings) {
  store::ServeServer server(
      loop_, *store_, stream_, {.access = options_.access}, [this](std::string_view text) {
        log_.write(text);
      });
  co_await server.serve();
  siblings->cancel();
}

aio::Task<void> ServeStore::end_on_signal() {
  co_await signals_.next();
  throw Error(Kind::cancelled, "interrupted by a signal");
}

}  // namespace

int run_serve_store(const ServeStoreOptions& options) {
  ServeStore command(options);
  return command.run();
}

}  // namespace firn::cli
