// SPDX-License-Identifier: Apache-2.0
// A machine with Nix, in memory: the server half of the serve protocol over a MemoryStream, with a
// store of its own, builds that a test writes, and every kind of bad manners.
#pragma once

#include "aio/loop.h"
#include "aio/scope.h"
#include "nix/nar_parser.h"
#include "support/scripted_link.h"
#include "support/store_samples.h"
#include "wire/export_stream.h"
#include "wire/reply_reader.h"
#include "wire/serve_commands.h"
#include "wire/serve_handshake.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace firn::testing {

/// Bytes on their way to the client, and what the server does after them.
struct ScriptedReply {
  enum class Then : std::uint8_t {
    go_on,
    close,
    hang,  ///< neither reads nor writes any more, until the client goes
  };

  std::string bytes;
  Then then = Then::go_on;
};

/// Shared by all sessions of one machine. Everything public may be changed at any time. Dies after
/// the links that it made, and outside of `Loop::run`.
class ScriptedServer {
 public:
  using Build = std::function<aio::Task<nix::BuildResult>(
      ScriptedServer&, ScriptedSession&, const wire::BuildDerivation&)>;
  using Tamper = std::function<void(wire::Command, ScriptedReply&)>;

  explicit ScriptedServer(aio::Loop& loop) : loop_(loop), sessions_(loop) {}

  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  ~ScriptedServer() { loop_.run(sessions_.close()); }

  /// What it announces.
  wire::ServeVersion version = wire::kNewestServe;
  /// Sent instead of the protocol's greeting, unless it is empty.
  std::string greeting;
  ScriptedReply::Then after_greeting = ScriptedReply::Then::close;
  /// Printed when a session ends by anything but the end of its input.
  std::string last_words;
  /// Printed when a session ends, whichever way.
  std::string at_end;
  /// Of each direction of a session.
  std::size_t capacity = 65536;
  /// Its store.
  std::map<nix::StorePath, StoredPath> paths;
  /// Another store whose paths are valid here, too.
  const std::map<nix::StorePath, StoredPath>* shared = nullptr;
  /// What it could fetch.
  std::map<nix::StorePath, StoredPath> substitutes;
  /// How it builds.
  Build build = build_everything;
  /// Commands of which it dies.
  std::set<wire::Command> unknown;
  /// Writes results its own way, where there is one.
  std::function<std::string(const ScriptedSession&, const nix::BuildResult&)> write_result;
  /// May change every reply before it is sent.
  Tamper tamper;
  /// A session dies when so many bytes of NARs have come.
  std::optional<std::uint64_t> dies_after_upload;
  /// A session reads nothing more when so many bytes of NARs have come.
  std::optional<std::uint64_t> stops_reading_after;
  /// The next so many sessions are refused for want of room.
  std::size_t refusals = 0;

  /// What was asked, over all sessions.
  std::vector<wire::Command> requests;
  /// Paths in the order in which they were added.
  std::vector<nix::StorePath> added;
  /// A path came from two sessions at once.
  bool collided = false;
  std::vector<wire::BuildDerivation> builds;
  std::vector<wire::QueryValidPaths> validity_queries;
  std::size_t opened = 0;
  /// Sessions that live.
  std::size_t alive = 0;
  bool connector_closed = false;
  bool delegation_forbidden = false;

  void hold(StoredPath path) {
    const nix::StorePath name = path.info.path;
    paths.insert_or_assign(name, std::move(path));
  }

  std::size_t count(wire::Command command) const {
    return static_cast<std::size_t>(std::ranges::count(requests, command));
  }

  /// A session.
  std::unique_ptr<transport::Link> open() {
    auto [ours, theirs] = memory_pair(capacity);
    auto session = std::make_shared<ScriptedSession>();
    session->stream = std::move(ours);
    auto link = std::make_unique<ScriptedLink>(std::move(theirs), session);
    ++opened;
    ++alive;
    sessions_.spawn(&ScriptedServer::serve, *this, std::move(session));
    return link;
  }

  /// Opens sessions. Dies before the server.
  std::unique_ptr<transport::Connector> connector() { return std::make_unique<Connector>(*this); }

  /// Every output is a file that holds the derivation's name. Needs the inputs.
  static aio::Task<nix::BuildResult> build_everything(ScriptedServer& server,
                                                      ScriptedSession& /*session*/,
                                                      const wire::BuildDerivation& request) {
    nix::BuildResult result;
    for (const auto& input : request.derivation.input_sources) {
      if (server.paths.contains(input)) continue;
      result.error_message =
          "dependency '" + input.str() + "' does not exist, and substitution is disabled";
      co_return result;
    }
    for (const auto& [name, output] : request.derivation.outputs) {
      server.hold(stored(*output.path, nar_of(request.drv_path.str() + "!" + name)));
      result.built_outputs.insert_or_assign(
          name, nix::UnkeyedRealisation{.out_path = *output.path, .signatures = {}});
    }
    result.status = nix::BuildStatus::built;
    co_return result;
  }

 private:
  class Connector final : public transport::Connector {
   public:
    explicit Connector(ScriptedServer& server) : server_(server) {}

    aio::Task<std::unique_ptr<transport::Link>> open() override { co_return server_.open(); }

    void forbid_delegation() override { server_.delegation_forbidden = true; }

    bool learn_refusal(const transport::Link& /*link*/, std::string_view words) override {
      return words.find("refused by peer") != std::string_view::npos;
    }

    aio::Task<void> close() override {
      server_.connector_closed = true;
      co_return;
    }

   private:
    ScriptedServer& server_;
  };

  /// Ends a session: the client has gone, or the script says so.
  struct End {
    std::string words;
  };

  aio::Task<void> read_upload(ScriptedSession& session) const {
    if (stops_reading_after && session.uploaded >= *stops_reading_after)
      co_await wait_until_deserted(session);
    co_await read_more(session);
  }

  static aio::Task<void> wait_until_deserted(ScriptedSession& session) {
    while (!session.is_deserted)
      co_await session.deserted.wait();
    throw End{};
  }

  static aio::Task<void> read_more(ScriptedSession& session) {
    std::array<std::byte, 4096> buffer{};
    const std::size_t got = co_await session.stream->read_some(buffer);
    if (got == 0) throw End{};
    session.inbox += as_text(Bytes(buffer).first(got));
  }

  template <class Decode>
  static auto take(ScriptedSession& session, Decode decode)
      -> aio::Task<decltype(std::get<0>(decode(std::string_view())).value)> {
    while (true) {
      auto result = decode(std::string_view(session.inbox));
      if (auto* done = std::get_if<0>(&result)) {
        session.inbox.erase(0, done->consumed);
        co_return std::move(done->value);
      }
      co_await read_more(session);
    }
  }

  template <class Request>
  static aio::Task<Request> take_request(ScriptedSession& session) {
    return take(session, [version = session.version](std::string_view bytes) {
      return wire::decode_request<Request>(bytes, version);
    });
  }

  aio::Task<void> send(ScriptedSession& session, ScriptedReply reply) const {
    co_await session.stream->write(as_bytes(reply.bytes));
    if (reply.then == ScriptedReply::Then::go_on) co_return;
    if (reply.then == ScriptedReply::Then::hang) co_await wait_until_deserted(session);
    throw End{last_words};
  }

  aio::Task<void> send(ScriptedSession& session, wire::Command command, std::string bytes) const {
    ScriptedReply reply{.bytes = std::move(bytes)};
    if (tamper) tamper(command, reply);
    return send(session, std::move(reply));
  }

  template <class Request>
  aio::Task<void> answer(ScriptedSession& session, const typename Request::Reply& reply) const {
    std::string bytes;
    wire::append_reply<Request>(bytes, reply, session.version);
    return send(session, Request::kCommand, std::move(bytes));
  }

  aio::Task<void> greet(ScriptedSession& session) {
    if (refusals > 0) {
      --refusals;
      throw End{"mux_client_request_session: session request failed: Session open refused by peer"};
    }
    if (!greeting.empty()) {
      co_await send(session, {.bytes = greeting, .then = after_greeting});
    }
    const auto theirs = co_await take(
        session, [](std::string_view bytes) { return wire::read_client_hello(bytes); });
    session.client = theirs;
    session.version = wire::agree(version, theirs);
    co_await send(session, {.bytes = wire::server_hello(version)});
  }

  void count_upload(ScriptedSession& session, std::uint64_t bytes) const {
    session.uploaded += bytes;
    if (dies_after_upload && session.uploaded >= *dies_after_upload) throw End{last_words};
  }

  /// A path that is coming in.
  struct Arrival {
    Arrival(ScriptedServer& s, nix::StorePath p) : server(s), path(std::move(p)) {
      if (!server.arriving_.insert(path).second) server.collided = true;
    }

    Arrival(const Arrival&) = delete;
    Arrival& operator=(const Arrival&) = delete;

    ~Arrival() { server.arriving_.erase(path); }

    ScriptedServer& server;
    nix::StorePath path;
  };

  aio::Task<void> add_to_store(ScriptedSession& session) {
    const auto request = co_await take_request<wire::AddToStoreNar>(session);
    const Arrival arrival(*this, request.info.path);
    std::string nar;
    while (nar.size() < request.info.nar_size.value()) {
      if (session.inbox.empty()) co_await read_upload(session);
      const std::size_t wanted = request.info.nar_size.value() - nar.size();
      const std::string piece = session.inbox.substr(0, wanted);
      session.inbox.erase(0, piece.size());
      nar += piece;
      count_upload(session, piece.size());
    }
    if (hash_of(HashAlgorithm::sha256, nar) != request.info.nar_hash)
      throw End{"error: hash mismatch importing path '" + request.info.path.str() + "'"};
    added.push_back(request.info.path);
    hold({.info = request.info, .nar = std::move(nar)});
    co_await answer<wire::AddToStoreNar>(session, {});
  }

  aio::Task<std::string> take_nar(ScriptedSession& session) {
    nix::NarVisitor visitor;
    nix::NarParser parser(visitor);
    std::string nar;
    while (!parser.is_done()) {
      if (session.inbox.empty()) co_await read_upload(session);
      const std::size_t used = parser.feed(as_bytes(session.inbox));
      nar += session.inbox.substr(0, used);
      session.inbox.erase(0, used);
      count_upload(session, used);
    }
    co_return nar;
  }

  aio::Task<void> import(ScriptedSession& session) {
    while (co_await take(session,
                         [](std::string_view bytes) { return wire::decode_export_item(bytes); })) {
      std::string nar = co_await take_nar(session);
      const auto trailer = co_await take(
          session, [](std::string_view bytes) { return wire::decode_export_trailer(bytes); });
      added.push_back(trailer.path);
      hold(stored(trailer.path, std::move(nar), trailer.references));
    }
    co_await answer<wire::ImportPaths>(session, {});
  }

  aio::Task<void> tell_valid(ScriptedSession& session) {
    const auto request = co_await take_request<wire::QueryValidPaths>(session);
    validity_queries.push_back(request);
    nix::StorePathSet valid;
    for (const auto& path : request.paths) {
      if (request.substitute && substitutes.contains(path)) hold(substitutes.at(path));
      if (paths.contains(path) || (shared != nullptr && shared->contains(path))) valid.insert(path);
    }
    co_await answer<wire::QueryValidPaths>(session, valid);
  }

  aio::Task<void> tell_infos(ScriptedSession& session) {
    const auto request = co_await take_request<wire::QueryPathInfos>(session);
    wire::PathInfos infos;
    for (const auto& path : request.paths) {
      const auto found = paths.find(path);
      if (found != paths.end()) infos.push_back(found->second.info);
    }
    co_await answer<wire::QueryPathInfos>(session, infos);
  }

  aio::Task<void> tell_closure(ScriptedSession& session) {
    const auto request = co_await take_request<wire::QueryClosure>(session);
    nix::StorePathSet closure;
    std::vector<nix::StorePath> open(request.paths.begin(), request.paths.end());
    while (!open.empty()) {
      const auto path = open.back();
      open.pop_back();
      if (!closure.insert(path).second) continue;
      const auto found = paths.find(path);
      if (found == paths.end()) throw End{"error: path '" + path.str() + "' is not valid"};
      const auto& references = found->second.info.references;
      open.insert(open.end(), references.begin(), references.end());
    }
    co_await answer<wire::QueryClosure>(session, closure);
  }

  aio::Task<void> dump(ScriptedSession& session) {
    const auto request = co_await take_request<wire::DumpStorePath>(session);
    const auto found = paths.find(request.path);
    if (found == paths.end()) throw End{"error: path '" + request.path.str() + "' is not valid"};
    co_await send(session, wire::Command::dump_store_path, found->second.nar);
  }

  aio::Task<void> tell_built(ScriptedSession& session) {
    const auto request = co_await take_request<wire::BuildDerivation>(session);
    builds.push_back(request);
    const auto result = co_await build(*this, session, request);
    if (write_result)
      co_return co_await send(session, request.kCommand, write_result(session, result));
    co_await answer<wire::BuildDerivation>(session, result);
  }

  aio::Task<void> tell_built_paths(ScriptedSession& session) {
    const auto request = co_await take_request<wire::BuildPaths>(session);
    co_await answer<wire::BuildPaths>(session, {});
  }

  aio::Task<void> answer_one(ScriptedSession& session) {
    const auto command =
        co_await take(session, [](std::string_view bytes) { return wire::decode_command(bytes); });
    requests.push_back(command);
    if (unknown.contains(command)) {
      throw End{"error: unknown serve command " + std::to_string(static_cast<int>(command))};
    }
    switch (command) {
      using enum wire::Command;
      case query_valid_paths:
        co_return co_await tell_valid(session);
      case query_path_infos:
        co_return co_await tell_infos(session);
      case dump_store_path:
        co_return co_await dump(session);
      case import_paths:
        co_return co_await import(session);
      case export_paths:
        throw End{"error: unknown serve command 5\n"};
      case build_paths:
        co_return co_await tell_built_paths(session);
      case query_closure:
        co_return co_await tell_closure(session);
      case build_derivation:
        co_return co_await tell_built(session);
      case add_to_store_nar:
        co_return co_await add_to_store(session);
    }
  }

  aio::Task<void> serve(std::shared_ptr<ScriptedSession> session) {
    try {
      co_await greet(*session);
      while (true)
        co_await answer_one(*session);
    } catch (const End& end) {
      session->diagnostics.print(end.words);
    } catch (const Error& e) {
      session->diagnostics.print(std::string("error: ") + e.what());
    }
    if (!at_end.empty()) session->diagnostics.print(at_end);
    --alive;
    session->stream.reset();
    session->diagnostics.end();
  }

  aio::Loop& loop_;
  aio::Scope sessions_;
  std::set<nix::StorePath> arriving_;
};

/// Changes replies to one command only.
inline ScriptedServer::Tamper tamper_with(wire::Command command,
                                          std::function<void(ScriptedReply&)> change) {
  return [command, change = std::move(change)](wire::Command asked, ScriptedReply& reply) {
    if (asked == command) change(reply);
  };
}

/// The first `bytes` of the reply, then the end.
inline ScriptedServer::Tamper cut_off(wire::Command command, std::size_t bytes) {
  return tamper_with(command, [bytes](ScriptedReply& reply) {
    reply.bytes.resize(std::min(bytes, reply.bytes.size()));
    reply.then = ScriptedReply::Then::close;
  });
}

/// The first `bytes` of the reply, and never more.
inline ScriptedServer::Tamper fall_silent(wire::Command command, std::size_t bytes = 0) {
  return tamper_with(command, [bytes](ScriptedReply& reply) {
    reply.bytes.resize(std::min(bytes, reply.bytes.size()));
    reply.then = ScriptedReply::Then::hang;
  });
}

/// The same reply two times.
inline ScriptedServer::Tamper say_twice(wire::Command command) {
  return tamper_with(command, [](ScriptedReply& reply) { reply.bytes += reply.bytes; });
}

/// Something else; then nothing more.
inline ScriptedServer::Tamper say_instead(wire::Command command, std::string bytes) {
  return tamper_with(command, [bytes = std::move(bytes)](ScriptedReply& reply) {
    reply = {.bytes = bytes, .then = ScriptedReply::Then::hang};
  });
}

}  // namespace firn::testing
