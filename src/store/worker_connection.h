// SPDX-License-Identifier: Apache-2.0
// The client half of the worker protocol on one connection: what nix-daemon speaks on its socket
// and with --stdio. The stream is private: a request returns its reply, which is read exactly once,
// by the request itself. A conversation that ends in the middle leaves the connection unusable
// (peer.h). A request that the daemon refuses throws Error{unavailable} in its words; then the
// connection goes on, unless the daemon could not read what it was asked: it leaves after that.
#pragma once

#include "aio/loop.h"
#include "nix/path_info.h"
#include "store/limits.h"
#include "store/nar_stream.h"
#include "store/peer.h"
#include "transport/link.h"
#include "wire/worker_handshake.h"
#include "wire/worker_messages.h"
#include "wire/worker_version.h"

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace firn::store {

/// Hears what a daemon says while it works, all but how the work ended: lines for people, and
/// activities with their results. Must not throw.
using MessageSink = std::function<void(const wire::worker::Message&)>;

/// How a request ended: with its reply, or with the daemon's refusal.
template <class Request>
using Answer = std::variant<typename Request::Reply, wire::worker::Failure>;

/// One connection. Its temporary roots live as long as it does.
class WorkerConnection {
 public:
  static constexpr std::string_view kProgram = "nix-daemon";

  /// `name` is what messages call the daemon.
  WorkerConnection(aio::Loop& loop,
                   std::unique_ptr<transport::Link> link,
                   std::string name,
                   Patience adding_answer = {});
  ~WorkerConnection();
  WorkerConnection(const WorkerConnection&) = delete;
  WorkerConnection& operator=(const WorkerConnection&) = delete;

  /// To be awaited first. Throws Error{unavailable}, or Error{protocol} for what is no daemon or
  /// one older than Nix 2.1.
  aio::Task<void> greet();

  const wire::worker::Protocol& protocol() const { return protocol_; }

  /// What it said of itself.
  const wire::worker::DaemonInfo& daemon() const { return daemon_; }

  /// From the start of the connection to the end of its greeting.
  Duration greeting_took() const { return greeting_took_; }

  /// From now on; an empty one hears nothing.
  void listen(MessageSink sink) { sink_ = std::move(sink); }

  /// Asks, and reads the answer. For every request that carries no stream.
  template <class Request>
  aio::Task<Answer<Request>> ask(const Request& request);

  /// The same for whom a refusal is an error.
  template <class Request>
  aio::Task<typename Request::Reply> call(const Request& request);

  /// Asks many of a kind, a bounded number ahead of their answers: a daemon that answers from its
  /// memory is asked four times as many in the same time. A refusal ends the connection.
  template <class Request>
  aio::Task<std::vector<typename Request::Reply>> call_each(std::span<const Request> requests);

  /// Adds a path whose references are valid, unsigned where the daemon trusts us. `nar` must yield
  /// `info.nar_size` bytes.
  aio::Task<void> add_path(const nix::PathInfo& info, NarStream& nar);

  /// The same for whom a refusal is an ordinary answer.
  aio::Task<std::optional<wire::worker::Failure>> offer_path(const nix::PathInfo& info,
                                                             NarStream& nar);

  /// The NAR of a valid path. To be read to its end: dropped before, it takes the connection with
  /// it.
  std::unique_ptr<NarStream> dump(const nix::StorePath& path);

  /// A refusal in the daemon's words.
  Error refusal(const wire::worker::Failure& failure) const;

  /// Whether another request may follow.
  bool is_usable() const { return peer_.is_usable(); }

  transport::Link& link() const { return peer_.link(); }

  /// What messages call the daemon.
  const std::string& name() const { return peer_.name(); }

  /// What has moved, both ways.
  const aio::Progress& progress() const { return link().progress(); }

  /// Closes the connection and waits for the daemon's end of it, a moment at most.
  aio::Task<void> close() { return peer_.close(); }

 private:
  class Pieces;
  struct Upload;

  template <class Request>
  void append(std::string& out, const Request& request) const;
  template <class Request>
  aio::Task<typename Request::Reply> read_reply();

  aio::Task<void> say(std::string bytes);
  aio::Task<std::optional<wire::worker::Failure>> outcome(Pieces* pieces = nullptr);
  aio::Task<void> ask_for_nar(nix::StorePath path);
  aio::Task<void> upload(Upload& upload);
  aio::Task<bool> end_frames(const Upload& upload);
  aio::Task<void> send_frames(Upload* upload);
  aio::Task<void> hear(Upload* upload);

  aio::Loop& loop_;
  Peer peer_;
  Patience adding_answer_;
  wire::worker::Protocol protocol_;
  wire::worker::DaemonInfo daemon_;
  MessageSink sink_;
  TimePoint opened_at_;
  Duration greeting_took_{};
};

/// Opens a link and greets.
aio::Task<std::unique_ptr<WorkerConnection>> open_worker(aio::Loop& loop,
                                                         transport::Connector& connector,
                                                         std::string name,
                                                         Patience adding_answer = {});

}  // namespace firn::store
