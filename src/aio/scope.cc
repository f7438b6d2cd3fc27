// SPDX-License-Identifier: Apache-2.0
#include "aio/scope.h"

#include "aio/cancellation.h"
#include "aio/context.h"

#include <cstdio>
#include <cstdlib>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

namespace firn::aio {

namespace asio = boost::asio;

struct Scope::Child {
  asio::cancellation_signal signal;
  bool is_cancelled = false;
};

Scope::Scope(Loop& loop) : loop_(loop) {}

Scope::~Scope() {
  if (children_.empty()) return;
  std::fputs("bug in firn: a scope was left while its tasks were running\n", stderr);
  std::abort();
}

void Scope::start(Task<void> task) {
  const auto child = children_.insert(children_.end(), std::make_unique<Child>());
  auto& io = loop_.context().io;
  // The end is posted: a child's signal must not die below the coroutine that still leaves it.
  asio::co_spawn(
      io,
      without_throwing(std::move(task)),
      asio::bind_cancellation_slot((*child)->signal.slot(), [this, child](std::exception_ptr e) {
        asio::post(loop_.context().io,
                   [this, child, error = std::move(e)] { ended(child, error); });
      }));
}

void Scope::ended(std::list<std::unique_ptr<Child>>::iterator child,
                  const std::exception_ptr& error) {
  const bool was_told_to_stop = (*child)->is_cancelled;
  children_.erase(child);
  if (error && !was_told_to_stop && !first_error_) {
    first_error_ = error;
    cancel();
  }
  if (children_.empty()) emptied_.notify_all();
}

void Scope::cancel() {
  for (auto& child : children_) {
    child->is_cancelled = true;
    child->signal.emit(asio::cancellation_type::terminal);
  }
}

Task<void> Scope::join() {
  std::exception_ptr interrupted;
  try {
    while (!children_.empty())
      co_await emptied_.wait();
  } catch (...) {
    interrupted = std::current_exception();
  }
  if (interrupted) {
    co_await close();
    std::rethrow_exception(interrupted);
  }
  if (first_error_) std::rethrow_exception(std::exchange(first_error_, nullptr));
}

Task<void> Scope::close() {
  cancel();
  while (!children_.empty())
    co_await emptied_.wait_uncancelled();
}

}  // namespace firn::aio
