// SPDX-License-Identifier: Apache-2.0
// A counted permission, handed out in order of arrival and given back by leaving scope.
#pragma once

#include "aio/task.h"
#include "aio/wait_queue.h"

#include <cstddef>
#include <utility>

namespace firn::aio {

/// Must outlive its permits.
class Semaphore {
 public:
  explicit Semaphore(std::size_t permits) : free_(permits) {}

  class [[nodiscard]] Permit {
   public:
    Permit() = default;

    Permit(Permit&& other) noexcept : semaphore_(std::exchange(other.semaphore_, nullptr)) {}

    Permit& operator=(Permit&& other) noexcept {
      if (this != &other) {
        release();
        semaphore_ = std::exchange(other.semaphore_, nullptr);
      }
      return *this;
    }

    ~Permit() { release(); }

    void release() {
      if (semaphore_ != nullptr) std::exchange(semaphore_, nullptr)->give_back();
    }

   private:
    friend class Semaphore;

    explicit Permit(Semaphore& semaphore) : semaphore_(&semaphore) {}

    Semaphore* semaphore_ = nullptr;
  };

  Task<Permit> acquire() {
    while (free_ == 0)
      co_await waiting_.wait();
    --free_;
    co_return Permit(*this);
  }

 private:
  void give_back() {
    ++free_;
    waiting_.notify_one();
  }

  std::size_t free_;
  WaitQueue waiting_;
};

}  // namespace firn::aio
