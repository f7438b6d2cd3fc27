// SPDX-License-Identifier: Apache-2.0
// The client half of the serve protocol on one connection. The stream is private: a request returns
// its reply, which is read exactly once, by the request itself. A conversation that ends in the
// middle leaves the connection unusable (peer.h).
#pragma once

#include "aio/loop.h"
#include "nix/path_info.h"
#include "store/builder_connection.h"
#include "store/limits.h"
#include "store/nar_stream.h"
#include "store/peer.h"
#include "transport/link.h"
#include "wire/serve_commands.h"
#include "wire/version.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace firn::store {

/// One serve session.
class ServeConnection {
 public:
  static constexpr std::string_view kProgram = "nix-store";

  /// `machine` names the server in messages.
  ServeConnection(aio::Loop& loop,
                  std::unique_ptr<transport::Link> link,
                  std::string machine,
                  Patience import_answer = {});
  ~ServeConnection();
  ServeConnection(const ServeConnection&) = delete;
  ServeConnection& operator=(const ServeConnection&) = delete;

  /// To be awaited first. Throws Error{unavailable} or Error{protocol} with the server's own words.
  aio::Task<void> greet();

  /// The lower one of both sides.
  wire::ServeVersion version() const { return version_; }

  /// What the server announced.
  wire::ServeVersion announced() const { return announced_; }

  /// From the start of the session to its greeting: what the login's shell and Nix need to start.
  Duration greeting_took() const { return greeting_took_; }

  /// Asks, and reads the answer. For every request that carries no NAR.
  template <class Request>
  aio::Task<typename Request::Reply> call(const Request& request);

  /// The NAR of a valid path. To be read to its end: dropped before, it takes the connection with
  /// it.
  std::unique_ptr<NarStream> dump(const nix::StorePath& path);

  /// Adds every path of `source`: with AddToStoreNar, acknowledgements being read while more is
  /// sent, or with ImportPaths where the server is older than 2.5. Throws Error; what was
  /// acknowledged before stays.
  aio::Task<void> add_paths(PathSource& source);

  /// Adds one path. `nar` must yield `info.nar_size` bytes.
  aio::Task<void> add_path(const nix::PathInfo& info, NarStream& nar);

  /// Whether another request may follow.
  bool is_usable() const { return peer_.is_usable(); }

  transport::Link& link() const { return peer_.link(); }

  const std::string& machine() const { return peer_.name(); }

  /// What has moved, both ways.
  const aio::Progress& progress() const { return link().progress(); }

  /// Closes the input and waits for the end of the server; a moment at most, then it is killed.
  aio::Task<void> close();

 private:
  struct Window;

  template <class Request>
  std::string encode(const Request& request) const;
  template <class Request>
  aio::Task<typename Request::Reply> read_reply();

  aio::Task<void> send_nar(const nix::PathInfo& info, NarStream& nar);
  aio::Task<void> add_pipelined(PathSource& source);
  aio::Task<void> send_within(PathSource* source, Window* window);
  aio::Task<void> read_acknowledgements(PathSource* source, Window* window);
  aio::Task<void> import(PathSource& source);
  aio::Task<void> explain_greeting();

  aio::Loop& loop_;
  Peer peer_;
  Patience import_answer_;
  wire::ServeVersion version_ = wire::kOldestServe;
  wire::ServeVersion announced_ = wire::kOldestServe;
  TimePoint opened_at_;
  Duration greeting_took_{};
};

/// Opens a link and greets, as greeting.h says.
aio::Task<std::unique_ptr<ServeConnection>> connect(aio::Loop& loop,
                                                    transport::Connector& connector,
                                                    std::string machine,
                                                    SessionLimits limits = {});

}  // namespace firn::store
