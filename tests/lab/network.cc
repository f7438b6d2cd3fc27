// SPDX-License-Identifier: Apache-2.0
#include "lab/network.h"

#include "base/error.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <deque>
#include <exception>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <utility>

#include <fmt/format.h>

namespace firn::lab {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kLook{50};

sockaddr_in internet_address(const std::string& address, std::uint16_t port) {
  sockaddr_in result{};
  result.sin_family = AF_INET;
  result.sin_port = htons(port);
  ::inet_pton(AF_INET, address.c_str(), &result.sin_addr);
  return result;
}

bool is_ready(int descriptor, short events, milliseconds limit) {
  pollfd wanted{.fd = descriptor, .events = events, .revents = 0};
  return ::poll(&wanted, 1, static_cast<int>(limit.count())) == 1;
}

}  // namespace

void in_network_of(const Host& host, const std::function<void()>& work) {
  if (!host.has_own_network()) return work();
  std::exception_ptr failure;
  // A network belongs to a thread: this one ends with it.
  std::thread([&] {
    try {
      const auto name = fmt::format("/proc/{}/ns/net", host.init());
      const Fd space(::open(name.c_str(), O_RDONLY | O_CLOEXEC));
      if (!space || ::setns(space.get(), CLONE_NEWNET) != 0)
        throw system_error(errno, "enter " + name);
      work();
    } catch (...) {
      failure = std::current_exception();
    }
  }).join();
  if (failure) std::rethrow_exception(failure);
}

Cable::Cable(const Host& near, const Host& far) {
  static std::atomic<unsigned> made = 0;
  const unsigned number = made++;
  const auto card = fmt::format("firn{}", number);
  const auto address = [number](unsigned end) {
    return fmt::format("10.77.{}.{}", number / 64 % 256, number % 64 * 4 + end);
  };
  near.adjust({"ip",
               "link",
               "add",
               card,
               "type",
               "veth",
               "peer",
               "name",
               card,
               "netns",
               std::to_string(far.init())});
  for (const auto* host : {&near, &far}) {
    const auto own = address(host == &near ? 1 : 2);
    host->adjust({"ip", "address", "add", own + "/30", "dev", card});
    host->adjust({"ip", "link", "set", card, "up"});
  }
  far_address_ = address(2);
}

Listener::Listener(const Host& host) {
  in_network_of(host, [this] {
    socket_ = Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    auto address = internet_address("127.0.0.1", 0);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (!socket_ || ::bind(socket_.get(), generic, size) != 0 ||
        ::listen(socket_.get(), SOMAXCONN) != 0 ||
        ::getsockname(socket_.get(), generic, &size) != 0) {
      throw system_error(errno, "listen on 127.0.0.1");
    }
    port_ = ntohs(address.sin_port);
  });
}

/// One way: what has been read, and when it may go on.
class SlowLink::Direction {
 public:
  Direction(int from, int to, const Slowness& slowness) : from_(from), to_(to), pace_(slowness) {}

  bool is_over() const { return has_ended_ && waiting_.empty(); }

  /// Takes and gives what is due. False where an end has gone.
  bool step() {
    const auto now = steady_clock::now();
    if (!has_ended_ && waiting_.size() < kMostWaiting && is_ready(from_, POLLIN, milliseconds(0)))
      take(now);
    while (!waiting_.empty() && waiting_.front().due <= now) {
      if (!is_ready(to_, POLLOUT, milliseconds(0))) return true;
      auto& bytes = waiting_.front().bytes;
      const auto sent = ::send(to_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent < 0) return false;
      bytes.erase(bytes.begin(), bytes.begin() + sent);
      if (!bytes.empty()) return true;
      waiting_.pop_front();
    }
    if (is_over()) ::shutdown(to_, SHUT_WR);
    return true;
  }

 private:
  static constexpr std::size_t kMostWaiting = 64;
  static constexpr std::size_t kPiece = 1400;

  struct Piece {
    std::vector<char> bytes;
    steady_clock::time_point due;
  };

  void take(steady_clock::time_point now) {
    Piece piece{.bytes = std::vector<char>(kPiece), .due = {}};
    const auto got = ::recv(from_, piece.bytes.data(), piece.bytes.size(), MSG_DONTWAIT);
    if (got <= 0) {
      has_ended_ = true;
      return;
    }
    piece.bytes.resize(static_cast<std::size_t>(got));
    free_at_ = std::max(free_at_, now) +
               std::chrono::microseconds(1'000'000 * piece.bytes.size() / pace_.bytes_a_second);
    piece.due = free_at_ + pace_.delay;
    waiting_.push_back(std::move(piece));
  }

  int from_;
  int to_;
  const Slowness& pace_;
  std::deque<Piece> waiting_;
  steady_clock::time_point free_at_;
  bool has_ended_ = false;
};

SlowLink::SlowLink(const Host& near, std::string address, std::uint16_t port, Slowness slowness)
    : near_(near),
      address_(std::move(address)),
      server_port_(port),
      slowness_(slowness),
      listener_(near),
      server_([this] { serve(); }) {}

SlowLink::~SlowLink() {
  is_over_ = true;
}

void SlowLink::serve() {
  while (!is_over_) {
    if (!is_ready(listener_.get(), POLLIN, kLook)) continue;
    Fd client(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (client)
      connections_.emplace_back(
          [this, end = std::move(client)]() mutable { pass(std::move(end)); });
  }
}

Fd SlowLink::dial() const {
  Fd server;
  in_network_of(near_, [&] {
    server = Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const auto address = internet_address(address_, server_port_);
    if (::connect(server.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
      server.reset();
  });
  return server;
}

void SlowLink::pass(Fd client) const {
  const Fd server = dial();
  if (!server) return;
  Direction there(client.get(), server.get(), slowness_);
  Direction back(server.get(), client.get(), slowness_);
  while (!is_over_ && there.step() && back.step()) {
    if (there.is_over() && back.is_over()) break;
    std::this_thread::sleep_for(milliseconds(1));
  }
}

}  // namespace firn::lab
