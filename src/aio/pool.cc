// SPDX-License-Identifier: Apache-2.0
#include "aio/pool.h"

#include "aio/context.h"

#include <boost/asio/post.hpp>

namespace firn::aio {

Pool::Pool(Loop& loop, std::size_t threads) : loop_(loop), size_(threads) {
  shared_->loop = &loop;
}

Pool::~Pool() {
  bool is_idle = false;
  std::deque<std::shared_ptr<Job>> unwanted;
  {
    const std::scoped_lock lock(shared_->mutex);
    shared_->loop = nullptr;
    unwanted.swap(shared_->queue);
    is_idle = shared_->busy_threads == 0;
  }
  shared_->ready.notify_all();
  for (auto& thread : threads_) {
    if (is_idle) {
      thread.join();
    } else {
      thread.detach();
    }
  }
}

void Pool::submit(std::shared_ptr<Job> job) {
  ++loop_.pool_work_;
  {
    const std::scoped_lock lock(shared_->mutex);
    shared_->queue.push_back(std::move(job));
  }
  shared_->ready.notify_one();
  while (threads_.size() < size_)
    threads_.emplace_back([shared = shared_] { serve(*shared); });
}

Task<void> Pool::finish(std::shared_ptr<Job> job) {
  submit(job);
  if (!job->done) co_await job->waiter.wait();
  if (job->error) std::rethrow_exception(job->error);
}

void Pool::serve(Shared& shared) {
  std::unique_lock lock(shared.mutex);
  while (true) {
    shared.ready.wait(lock, [&] { return !shared.queue.empty() || shared.loop == nullptr; });
    if (shared.loop == nullptr) return;
    auto job = std::move(shared.queue.front());
    shared.queue.pop_front();
    ++shared.busy_threads;
    lock.unlock();
    try {
      job->execute();
    } catch (...) {
      job->error = std::current_exception();
    }
    lock.lock();
    --shared.busy_threads;
    if (shared.loop == nullptr) return;
    boost::asio::post(shared.loop->context().io, [loop = shared.loop, job = std::move(job)] {
      --loop->pool_work_;
      job->done = true;
      job->waiter.notify_all();
    });
  }
}

}  // namespace firn::aio
