// SPDX-License-Identifier: Apache-2.0
// Threads for work that would stop the loop. Values go in, values come out; a caller that is
// cancelled leaves the work behind with everything it owns, and the result is dropped.
#pragma once

#include "aio/loop.h"
#include "aio/task.h"
#include "aio/wait_queue.h"
#include "base/error.h"

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace firn::aio {

/// A fixed number of threads with one queue. Started at the first piece of work.
class Pool {
 public:
  Pool(Loop& loop, std::size_t threads);
  /// Work that is still under way is left behind, with its thread: it may hang for ever.
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  /// Runs `work` on a thread and resumes here with its result or its error. `work` owns what it
  /// uses: it may outlive this call.
  template <class Work>
  Task<std::invoke_result_t<Work>> run(Work work) {
    using Result = std::invoke_result_t<Work>;
    auto job = std::make_shared<JobOf<Work, Result>>(std::move(work));
    co_await finish(job);
    if constexpr (!std::is_void_v<Result>) co_return take(job->result);
  }

  /// As `run`, but waits for the end of the work even when cancelled, so that it may borrow from
  /// the caller. For work of at most a few milliseconds.
  template <class Work>
  Task<std::invoke_result_t<Work>> run_to_end(Work work) {
    using Result = std::invoke_result_t<Work>;
    auto job = std::make_shared<JobOf<Work, Result>>(std::move(work));
    submit(job);
    while (!job->done)
      co_await job->waiter.wait_uncancelled();
    if (job->error) std::rethrow_exception(job->error);
    if constexpr (!std::is_void_v<Result>) co_return take(job->result);
  }

 private:
  template <class Result>
  static Result take(std::optional<Result>& result) {
    FIRN_CHECK(result.has_value());
    return std::move(*result);
  }

  struct Job {
    virtual ~Job() = default;
    virtual void execute() = 0;

    std::exception_ptr error;
    bool done = false;
    WaitQueue waiter;
  };

  template <class Work, class Result>
  struct JobOf final : Job {
    explicit JobOf(Work w) : work(std::move(w)) {}

    void execute() override { result.emplace(work()); }

    Work work;
    std::optional<Result> result;
  };

  template <class Work>
  struct JobOf<Work, void> final : Job {
    explicit JobOf(Work w) : work(std::move(w)) {}

    void execute() override { work(); }

    Work work;
  };

  /// What the threads need, which may outlive the pool.
  struct Shared {
    std::mutex mutex;
    std::condition_variable ready;
    std::deque<std::shared_ptr<Job>> queue;
    std::size_t busy_threads = 0;
    /// None once the pool has died.
    Loop* loop = nullptr;
  };

  void submit(std::shared_ptr<Job> job);
  Task<void> finish(std::shared_ptr<Job> job);
  static void serve(Shared& shared);

  Loop& loop_;
  std::size_t size_;
  std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
  std::vector<std::thread> threads_;
};

}  // namespace firn::aio
