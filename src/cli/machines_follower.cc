// SPDX-License-Identifier: Apache-2.0
#include "cli/machines_follower.h"

#include "aio/phase.h"
#include "aio/pool.h"
#include "base/error.h"
#include "cli/machines.h"

#include <chrono>
#include <utility>

namespace firn::cli {

using namespace std::chrono_literals;

namespace {

constexpr Duration kReadLimit = 1min;

}  // namespace

MachinesFollower::MachinesFollower(aio::Loop& loop,
                                   std::string builders,
                                   std::uint32_t own_jobs,
                                   const std::vector<std::string>& files)
    : loop_(loop), builders_(std::move(builders)), own_jobs_(own_jobs) {
  if (files.empty()) return;
  try {
    files_.emplace(loop, files);
  } catch (const Error& e) {
    blindness_ = e.what();
  }
}

aio::Task<void> MachinesFollower::watch() {
  while (files_) {
    co_await files_->changed();
    ask();
  }
}

void MachinesFollower::ask() {
  is_asked_ = true;
  asked_.notify_all();
}

aio::Task<std::vector<nix::Machine>> MachinesFollower::next() {
  while (!is_asked_)
    co_await asked_.wait();
  is_asked_ = false;
  co_return co_await aio::within(loop_,
                                 "reading the machines file",
                                 kReadLimit,
                                 loop_.blocking().run([builders = builders_, jobs = own_jobs_] {
                                   return reread_machines(builders, jobs);
                                 }));
}

}  // namespace firn::cli
