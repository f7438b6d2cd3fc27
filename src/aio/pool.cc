// SPDX-License-Identifier: Apache-2.0
#include "aio/pool.h"

#include "aio/context.h"

#include <boost/asio/post.hpp>

namespace firn::aio {

Pool::Pool(Loop& loop, std::size_t threads) : loop_(loop), size_(threads) {}

Pool::~Pool() {
  for (auto& thread : threads_)
    thread.request_stop();
}

void Pool::submit(std::shared_ptr<Job> job) {
  ++loop_.pool_work_;
  {
    const std::scoped_lock lock(mutex_);
    queue_.push_back(std::move(job));
    while (threads_.size() < size_)
      threads_.emplace_back([this](const std::stop_token& stop) { serve(stop); });
  }
  ready_.notify_one();
}

Task<void> Pool::finish(std::shared_ptr<Job> job) {
  submit(job);
  if (!job->done) co_await job->waiter.wait();
  if (job->error) std::rethrow_exception(job->error);
}

void Pool::serve(const std::stop_token& stop) {
  while (true) {
    std::shared_ptr<Job> job;
    {
      std::unique_lock lock(mutex_);
      if (!ready_.wait(lock, stop, [this] { return !queue_.empty(); })) return;
      job = std::move(queue_.front());
      queue_.pop_front();
    }
    try {
      job->execute();
    } catch (...) {
      job->error = std::current_exception();
    }
    boost::asio::post(loop_.context().io, [loop = &loop_, job = std::move(job)] {
      --loop->pool_work_;
      job->done = true;
      job->waiter.notify_all();
    });
  }
}

}  // namespace firn::aio
