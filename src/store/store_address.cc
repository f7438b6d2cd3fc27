// SPDX-License-Identifier: Apache-2.0
#include "store/store_address.h"

#include "base/error.h"
#include "nix/store_uri.h"
#include "store/daemon_store.h"
#include "transport/process_link.h"
#include "transport/unix_link.h"

#include <cstdlib>
#include <optional>
#include <utility>

#include <fmt/format.h>

namespace firn::store {

namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

std::string default_socket() {
  std::string socket = variable("NIX_DAEMON_SOCKET_PATH");
  if (!socket.empty()) return socket;
  const std::string state = variable("NIX_STATE_DIR");
  return (state.empty() ? "/nix/var/nix" : state) + "/daemon-socket/socket";
}

std::optional<StoreAddress> find_address(std::string_view text) {
  const nix::StoreUri uri = nix::parse_store_uri(text);
  if (!uri.host.empty() || !uri.parameters.empty()) return std::nullopt;
  if (uri.scheme == "unix") {
    return StoreAddress{.access = StoreAccess::daemon,
                        .socket = uri.path.empty() ? default_socket() : uri.path};
  }
  if (!uri.path.empty()) return std::nullopt;
  StoreAddress address{.access = StoreAccess::nearest, .socket = default_socket()};
  if (uri.scheme == "auto") return address;
  address.access = uri.scheme == "local" ? StoreAccess::direct : StoreAccess::daemon;
  if (uri.scheme == "local" || uri.scheme == "daemon") return address;
  return std::nullopt;
}

StoreAddress parse_named(std::string_view name, std::string_view text) {
  std::optional<StoreAddress> address;
  try {
    address = find_address(text);
  } catch (const Error& e) {
    if (e.kind() != Kind::invalid) throw;
  }
  if (address) return *std::move(address);
  throw Error(Kind::invalid,
              fmt::format("{} takes a store of this machine (auto, daemon, unix://PATH or local), "
                          "not '{}'",
                          name,
                          text));
}

Error not_reached(const Error& why) {
  return {why.kind(),
          fmt::format("the local store cannot be reached: {}; --store local opens it without its "
                      "daemon",
                      why.message())};
}

class WorkerConnector final : public transport::Connector {
 public:
  WorkerConnector(aio::Loop& loop, StoreAddress address)
      : loop_(loop),
        address_(std::move(address)),
        own_daemon_(loop,
                    aio::Command{.argv = {"nix-daemon", "--stdio", "--store", "local"},
                                 .environment = {}}) {}

  aio::Task<std::unique_ptr<transport::Link>> open() override {
    if (address_.access != StoreAccess::direct) {
      try {
        auto link = co_await transport::connect(loop_, {address_.socket});
        address_.access = StoreAccess::daemon;
        co_return link;
      } catch (const Error& e) {
        if (e.kind() == Kind::cancelled) throw;
        if (address_.access == StoreAccess::daemon) throw not_reached(e);
      }
    }
    address_.access = StoreAccess::direct;
    co_return co_await own_daemon_.open();
  }

  bool learn_refusal(const transport::Link& /*link*/, std::string_view /*words*/) override {
    return false;
  }

  aio::Task<void> close() override { return own_daemon_.close(); }

 private:
  aio::Loop& loop_;
  StoreAddress address_;
  transport::LocalConnector own_daemon_;
};

}  // namespace

std::string StoreAddress::str() const {
  switch (access) {
    case StoreAccess::nearest:
      return "auto";
    case StoreAccess::daemon:
      return "unix://" + socket;
    case StoreAccess::direct:
      break;
  }
  return "local";
}

StoreAddress parse_store_address(std::string_view text) {
  return parse_named("--store", text);
}

StoreAddress store_address_of_environment() {
  const std::string remote = variable("NIX_REMOTE");
  return remote.empty() ? parse_named("--store", "auto") : parse_named("NIX_REMOTE", remote);
}

std::unique_ptr<transport::Connector> worker_connector(aio::Loop& loop, StoreAddress address) {
  return std::make_unique<WorkerConnector>(loop, std::move(address));
}

std::unique_ptr<Store> open_store(aio::Loop& loop, const StoreAddress& address) {
  return std::make_unique<DaemonStore>(loop, worker_connector(loop, address));
}

}  // namespace firn::store
