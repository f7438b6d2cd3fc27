// SPDX-License-Identifier: Apache-2.0
// Every task that is not awaited by its caller belongs to a Scope, which awaits it: nothing of firn
// runs detached.
#pragma once

#include "aio/task.h"
#include "aio/wait_queue.h"

#include <cstddef>
#include <exception>
#include <list>
#include <memory>
#include <type_traits>
#include <utility>

namespace firn::aio {

class Loop;

/// Owns running children. Before it dies it must be empty: `co_await join()` or `co_await close()`;
/// dying with children ends the process, for their frames would outlive what they borrow. A child
/// that throws cancels its siblings; `join` reports the first error.
class Scope {
 public:
  explicit Scope(Loop& loop);
  ~Scope();
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

  /// Starts `function(arguments…)`. The child owns its arguments: parameters that are references do
  /// not compile.
  template <class... Parameters, class... Arguments>
  void spawn(Task<void> (*function)(Parameters...), Arguments&&... arguments) {
    static_assert((!std::is_reference_v<Parameters> && ...),
                  "a spawned coroutine owns its arguments");
    start(function(std::forward<Arguments>(arguments)...));
  }

  /// Starts a member function. `object` must outlive the scope.
  template <class Object, class... Parameters, class... Arguments>
  void spawn(Task<void> (Object::*function)(Parameters...),
             Object& object,
             Arguments&&... arguments) {
    static_assert((!std::is_reference_v<Parameters> && ...),
                  "a spawned coroutine owns its arguments");
    start((object.*function)(std::forward<Arguments>(arguments)...));
  }

  /// Asks every child to stop. They are still to be joined.
  void cancel();

  /// Waits until no child is left; throws the first error of a child. When the wait itself is
  /// cancelled, cancels the children, waits for their end and throws.
  Task<void> join();

  /// Cancels and waits, also in a coroutine that has been cancelled itself. Throws nothing:
  /// children that are told to stop may fail.
  Task<void> close();

  std::size_t size() const { return children_.size(); }

 private:
  struct Child;

  void start(Task<void> task);
  void ended(std::list<std::unique_ptr<Child>>::iterator child, const std::exception_ptr& error);

  Loop& loop_;
  std::list<std::unique_ptr<Child>> children_;
  std::exception_ptr first_error_;
  WaitQueue emptied_;
};

}  // namespace firn::aio
