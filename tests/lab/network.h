// SPDX-License-Identifier: Apache-2.0
// Networks of hosts that share none with this machine: cables between them, packets that vanish,
// and programs of the test that listen there.
#pragma once

#include "base/fd.h"
#include "lab/host.h"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace firn::lab {

/// Runs `work` in the network of `host`: sockets that it makes stay there.
void in_network_of(const Host& host, const std::function<void()>& work);

/// A pair of network cards, one in each of two hosts with networks of their own. It goes with
/// either host.
class Cable {
 public:
  Cable(const Host& near, const Host& far);

  /// The far host's, such as "10.77.0.2".
  const std::string& far_address() const { return far_address_; }

 private:
  std::string far_address_;
};

/// A socket on 127.0.0.1 of a host, on a free port.
class Listener {
 public:
  explicit Listener(const Host& host);

  std::uint16_t port() const { return port_; }

  int get() const { return socket_.get(); }

 private:
  Fd socket_;
  std::uint16_t port_ = 0;
};

/// What a slow link does to bytes: as many a second each way, each so much later.
struct Slowness {
  std::uint64_t bytes_a_second = 0;
  std::chrono::milliseconds delay{};
};

/// A link with the pace of another one: it passes bytes between a port of `near` and a server that
/// `near` can reach. The kernel's own means for this (netem) is seldom there.
class SlowLink {
 public:
  SlowLink(const Host& near, std::string address, std::uint16_t port, Slowness slowness);
  ~SlowLink();
  SlowLink(const SlowLink&) = delete;
  SlowLink& operator=(const SlowLink&) = delete;

  /// On 127.0.0.1 of `near`.
  std::uint16_t port() const { return listener_.port(); }

 private:
  class Direction;

  void serve();
  void pass(Fd client) const;
  Fd dial() const;

  const Host& near_;
  std::string address_;
  std::uint16_t server_port_;
  Slowness slowness_;
  Listener listener_;
  std::atomic<bool> is_over_ = false;
  std::vector<std::jthread> connections_;
  std::jthread server_;
};

}  // namespace firn::lab
