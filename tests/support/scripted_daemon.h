// SPDX-License-Identifier: Apache-2.0
// A nix-daemon in memory: the daemon's half of the worker protocol over a MemoryStream, with a
// store of its own, roots that belong to connections, a memory of what was absent, and bad manners.
#pragma once

#include "aio/loop.h"
#include "aio/scope.h"
#include "support/scripted_link.h"
#include "support/store_samples.h"
#include "wire/framed_stream.h"
#include "wire/reply_reader.h"
#include "wire/worker_builds.h"
#include "wire/worker_handshake.h"
#include "wire/worker_messages.h"
#include "wire/worker_queries.h"
#include "wire/worker_upkeep.h"
#include "wire/worker_uploads.h"

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
#include <string_view>
#include <utility>
#include <vector>

namespace firn::testing {

/// 1.`minor`.
constexpr wire::WorkerVersion version_of(int minor) {
  return wire::WorkerVersion(static_cast<std::uint8_t>(minor));
}

/// Shared by all connections to it. Everything public may be changed at any time. Dies after the
/// links that it made, and outside of `Loop::run`.
class ScriptedDaemon {
 public:
  using Operation = wire::worker::Operation;
  using Messages = std::vector<wire::worker::Message>;

  explicit ScriptedDaemon(aio::Loop& loop) : loop_(loop), connections_(loop) {}

  ScriptedDaemon(const ScriptedDaemon&) = delete;
  ScriptedDaemon& operator=(const ScriptedDaemon&) = delete;

  ~ScriptedDaemon() { loop_.run(connections_.close()); }

  /// What it announces, and says of itself.
  wire::worker::Protocol protocol{.version = wire::kNewestWorker,
                                  .features = {wire::worker::Feature::realisation_with_path,
                                               wire::worker::Feature::delete_dead_referrers}};
  wire::worker::DaemonInfo info{.nix_version = "2.35.0", .trust = wire::worker::Trust::trusted};
  /// Whether it does trust; `info` may keep silent about it.
  bool trusts = true;
  /// Sent instead of the protocol's greeting, unless it is empty; then it closes.
  std::string greeting;
  /// Of each direction of a connection.
  std::size_t capacity = 65536;
  /// Its store.
  std::map<nix::StorePath, StoredPath> paths;
  /// What it could fetch.
  std::map<nix::StorePath, StoredPath> substitutes;
  /// Said before the reply to an operation.
  std::map<Operation, Messages> chatter;
  /// How the next so many of an operation are refused, in order.
  std::map<Operation, std::vector<std::string>> refusals;
  /// It refuses what it cannot read: it says so twice and leaves.
  bool leaves_after_refusals = false;
  /// An upload fails when so many of its bytes have come.
  std::optional<std::uint64_t> upload_fails_at;
  /// The connection then ends without a word.
  bool upload_kills = false;
  /// Answers to this operation are cut off here, and the connection with them.
  std::optional<std::pair<Operation, std::size_t>> cut;
  /// It accepts connections and says nothing.
  bool is_silent = false;
  /// Asked, it neither answers nor goes.
  std::optional<Operation> hangs_at;
  /// The largest piece that it asks for.
  std::uint64_t most_piece = 1000;
  nix::BuildResult build_result;
  /// How each target of BuildPathsWithResults ends.
  nix::BuildStatus path_status = nix::BuildStatus::built;
  std::string path_message;

  /// What was asked, over all connections.
  std::vector<Operation> requests;
  /// Paths in the order in which they were added.
  std::vector<wire::worker::AddToStoreNar> added;
  std::vector<wire::worker::SetOptions> options;
  std::vector<wire::worker::BuildPaths> path_builds;
  std::vector<wire::worker::BuildDerivation> builds;
  std::vector<std::string> links;
  /// Uploads that were read to the end of their frames.
  std::size_t uploads_ended = 0;
  std::size_t opened = 0;
  /// Connections that live, and the roots that each holds.
  std::set<const nix::StorePathSet*> alive;
  bool connector_closed = false;

  void hold(StoredPath path) {
    const nix::StorePath name = path.info.path;
    paths.insert_or_assign(name, std::move(path));
  }

  std::size_t count(Operation operation) const {
    return static_cast<std::size_t>(std::ranges::count(requests, operation));
  }

  /// Whether a living connection holds it.
  bool is_rooted(const nix::StorePath& path) const {
    return std::ranges::any_of(alive, [&](const auto* roots) { return roots->contains(path); });
  }

  std::unique_ptr<transport::Link> open() {
    auto [ours, theirs] = memory_pair(capacity);
    auto connection = std::make_shared<Connection>();
    connection->stream = std::move(ours);
    auto link = std::make_unique<ScriptedLink>(std::move(theirs), connection);
    ++opened;
    alive.insert(&connection->roots);
    connections_.spawn(&ScriptedDaemon::serve, *this, std::move(connection));
    return link;
  }

  /// Opens connections. Dies before the daemon.
  std::unique_ptr<transport::Connector> connector() { return std::make_unique<Connector>(*this); }

 private:
  struct Connection : ScriptedSession {
    wire::worker::Protocol agreed;
    nix::StorePathSet roots;
    /// It will say so again.
    nix::StorePathSet absent;
  };

  class Connector final : public transport::Connector {
   public:
    explicit Connector(ScriptedDaemon& daemon) : daemon_(daemon) {}

    aio::Task<std::unique_ptr<transport::Link>> open() override { co_return daemon_.open(); }

    bool learn_refusal(const transport::Link& /*link*/, std::string_view /*words*/) override {
      return false;
    }

    aio::Task<void> close() override {
      daemon_.connector_closed = true;
      co_return;
    }

   private:
    ScriptedDaemon& daemon_;
  };

  /// Ends a connection: the client has gone, or the script says so.
  struct End {};

  static aio::Task<void> read_more(Connection& connection) {
    std::array<std::byte, 4096> buffer{};
    const std::size_t got = co_await connection.stream->read_some(buffer);
    if (got == 0) throw End{};
    connection.inbox += as_text(Bytes(buffer).first(got));
  }

  template <class Decode>
  static auto take(Connection& connection, Decode decode)
      -> aio::Task<decltype(std::get<0>(decode(std::string_view())).value)> {
    while (true) {
      auto result = decode(std::string_view(connection.inbox));
      if (auto* done = std::get_if<0>(&result)) {
        connection.inbox.erase(0, done->consumed);
        co_return std::move(done->value);
      }
      co_await read_more(connection);
    }
  }

  template <class Request>
  static aio::Task<Request> take_request(Connection& connection) {
    return take(connection, [agreed = connection.agreed](std::string_view bytes) {
      return wire::decode_request<Request>(bytes, agreed);
    });
  }

  static aio::Task<void> send(Connection& connection, std::string bytes) {
    co_await connection.stream->write(as_bytes(bytes));
  }

  static std::string encode(const Connection& connection, const wire::worker::Message& message) {
    std::string bytes;
    wire::worker::append_message(bytes, message, connection.agreed);
    return bytes;
  }

  static wire::worker::Failure failure(std::string words) {
    wire::worker::Failure result;
    result.message = std::move(words);
    return result;
  }

  template <class Request>
  aio::Task<void> answer(Connection& connection, typename Request::Reply reply) {
    constexpr Operation kOperation = Request::kOperation;
    std::string bytes;
    for (const auto& message : chatter[kOperation])
      bytes += encode(connection, message);
    auto& refused = refusals[kOperation];
    if (!refused.empty()) {
      bytes += encode(connection, failure(refused.front()));
      if (leaves_after_refusals) bytes += encode(connection, failure(refused.front()));
      refused.erase(refused.begin());
      co_await send(connection, std::move(bytes));
      if (leaves_after_refusals) throw End{};
      co_return;
    }
    bytes += encode(connection, wire::worker::Finished{});
    wire::append_reply<Request>(bytes, reply, connection.agreed);
    const bool is_cut = cut && cut->first == kOperation;
    if (is_cut) bytes.resize(std::min(cut->second, bytes.size()));
    co_await send(connection, std::move(bytes));
    if (is_cut) throw End{};
  }

  static aio::Task<void> hang(Connection& connection) {
    while (!connection.is_deserted)
      co_await connection.deserted.wait();
    throw End{};
  }

  aio::Task<void> greet(Connection& connection) {
    if (is_silent) co_await hang(connection);
    if (!greeting.empty()) {
      co_await send(connection, greeting);
      throw End{};
    }
    wire::worker::ServerHandshake handshake(protocol, info);
    wire::Progress progress;
    while (!progress.done) {
      if (progress.missing > 0) co_await read_more(connection);
      progress = handshake.feed(connection.inbox);
      connection.inbox.erase(0, progress.consumed);
      co_await send(connection, handshake.take_output());
    }
    connection.agreed = handshake.protocol();
    std::string ours = encode(connection, wire::worker::LogLine{.text = "warning: hello\n"});
    ours += encode(connection, wire::worker::Finished{});
    co_await send(connection, std::move(ours));
  }

  bool is_valid(Connection& connection, const nix::StorePath& path) const {
    return paths.contains(path) && !connection.absent.contains(path);
  }

  aio::Task<void> tell_valid(Connection& connection) {
    auto request = co_await take_request<wire::worker::QueryValidPaths>(connection);
    nix::StorePathSet valid;
    for (const auto& path : request.paths) {
      if (request.substitute && substitutes.contains(path)) hold(substitutes.at(path));
      if (is_valid(connection, path)) valid.insert(path);
    }
    co_await answer<wire::worker::QueryValidPaths>(connection, std::move(valid));
  }

  aio::Task<void> tell_info(Connection& connection) {
    const auto request = co_await take_request<wire::worker::QueryPathInfo>(connection);
    wire::worker::QueryPathInfo::Reply reply;
    if (is_valid(connection, request.path)) {
      const auto& known = paths.at(request.path).info;
      reply = wire::worker::UnkeyedPathInfo{.deriver = known.deriver,
                                            .references = known.references,
                                            .nar_hash = known.nar_hash,
                                            .nar_size = known.nar_size,
                                            .ca = known.ca,
                                            .signatures = known.signatures,
                                            .registration_time = known.registration_time,
                                            .ultimate = known.ultimate};
    } else {
      connection.absent.insert(request.path);
    }
    co_await answer<wire::worker::QueryPathInfo>(connection, std::move(reply));
  }

  aio::Task<void> tell_missing(Connection& connection) {
    const auto request = co_await take_request<wire::worker::QueryMissing>(connection);
    wire::worker::MissingPaths missing;
    for (const auto& target : request.targets) {
      const auto& path = std::get<nix::StorePath>(target);
      if (paths.contains(path)) continue;
      auto& set = substitutes.contains(path) ? missing.will_substitute : missing.unknown;
      set.insert(path);
    }
    co_await answer<wire::worker::QueryMissing>(connection, std::move(missing));
  }

  aio::Task<void> tell_outputs(Connection& connection) {
    const auto request = co_await take_request<wire::worker::QueryDerivationOutputMap>(connection);
    wire::worker::QueryDerivationOutputMap::Reply outputs;
    for (const auto& [path, held] : paths)
      if (held.info.deriver == request.drv) outputs.emplace(path.name(), path);
    outputs.emplace("unknown", std::nullopt);
    co_await answer<wire::worker::QueryDerivationOutputMap>(connection, std::move(outputs));
  }

  aio::Task<void> build_paths(Connection& connection) {
    const auto request = co_await take_request<wire::worker::BuildPaths>(connection);
    path_builds.push_back(request);
    if (request.mode == wire::worker::BuildMode::repair && !trusts)
      refusals[Operation::build_paths].emplace_back(
          "repairing is not allowed because you are not in 'trusted-users'");
    for (const auto& target : request.targets) {
      const auto* path = std::get_if<nix::StorePath>(&target);
      if (path != nullptr && substitutes.contains(*path)) hold(substitutes.at(*path));
    }
    co_await answer<wire::worker::BuildPaths>(connection, {});
  }

  aio::Task<void> build_paths_with_results(Connection& connection) {
    auto request = co_await take_request<wire::worker::BuildPathsWithResults>(connection);
    path_builds.push_back({.targets = request.targets, .mode = request.mode});
    std::vector<wire::worker::KeyedBuildResult> results;
    for (auto& target : request.targets) {
      auto& keyed = results.emplace_back(std::move(target), nix::BuildResult());
      keyed.result.status = path_status;
      keyed.result.error_message = path_message;
    }
    co_await answer<wire::worker::BuildPathsWithResults>(connection, std::move(results));
  }

  aio::Task<void> build_derivation(Connection& connection) {
    builds.push_back(co_await take_request<wire::worker::BuildDerivation>(connection));
    co_await answer<wire::worker::BuildDerivation>(connection, build_result);
  }

  /// All frames up to the empty one. Fails in the middle where the script says so: then it has
  /// said why, and reads on.
  aio::Task<std::optional<std::string>> take_frames(Connection& connection) {
    wire::FrameReader frames;
    std::string nar;
    bool has_failed = false;
    while (true) {
      const auto step = frames.feed(connection.inbox);
      nar += step.payload;
      connection.inbox.erase(0, step.progress.consumed);
      if (!has_failed && upload_fails_at && nar.size() >= *upload_fails_at) {
        if (upload_kills) throw End{};
        has_failed = true;
        co_await send(connection, encode(connection, failure("error: no space left")));
      }
      if (step.progress.done) break;
      if (step.progress.consumed == 0) co_await read_more(connection);
    }
    ++uploads_ended;
    if (has_failed) co_return std::nullopt;
    co_return nar;
  }

  aio::Task<std::optional<std::string>> pull(Connection& connection, std::uint64_t size) {
    std::string nar;
    while (nar.size() < size) {
      if (upload_fails_at && nar.size() >= *upload_fails_at) {
        if (upload_kills) throw End{};
        co_await send(connection, encode(connection, failure("error: no space left")));
        co_return std::nullopt;
      }
      const ByteCount most(std::min<std::uint64_t>(most_piece, size - nar.size()));
      co_await send(connection, encode(connection, wire::worker::PieceWanted{.most = most}));
      nar += co_await take(connection, [most](std::string_view bytes) {
        return wire::worker::decode_piece(bytes, most);
      });
    }
    co_return nar;
  }

  aio::Task<void> take_path(Connection& connection) {
    const auto request = co_await take_request<wire::worker::AddToStoreNar>(connection);
    const bool is_framed = wire::worker::has(connection.agreed, wire::worker::Since::framed_nar);
    auto nar = is_framed ? co_await take_frames(connection)
                         : co_await pull(connection, request.info.nar_size.value());
    if (!nar) co_return;
    if (hash_of(HashAlgorithm::sha256, *nar) != request.info.nar_hash)
      refusals[Operation::add_to_store_nar].emplace_back("hash mismatch importing path");
    if (!trusts && request.info.signatures.empty())
      refusals[Operation::add_to_store_nar].emplace_back("it lacks a signature by a trusted key");
    if (refusals[Operation::add_to_store_nar].empty()) {
      added.push_back(request);
      connection.absent.erase(request.info.path);
      hold({.info = request.info, .nar = *std::move(nar)});
    }
    co_await answer<wire::worker::AddToStoreNar>(connection, {});
  }

  aio::Task<void> answer_one(Connection& connection) {
    const auto operation = co_await take(
        connection, [](std::string_view bytes) { return wire::worker::decode_operation(bytes); });
    requests.push_back(operation);
    if (hangs_at == operation) co_await hang(connection);
    switch (operation) {
      using enum wire::worker::Operation;
      case query_valid_paths:
        co_return co_await tell_valid(connection);
      case query_path_info:
        co_return co_await tell_info(connection);
      case query_missing:
        co_return co_await tell_missing(connection);
      case query_derivation_output_map:
        co_return co_await tell_outputs(connection);
      case build_paths:
        co_return co_await this->build_paths(connection);
      case build_paths_with_results:
        co_return co_await this->build_paths_with_results(connection);
      case build_derivation:
        co_return co_await this->build_derivation(connection);
      case add_to_store_nar:
        co_return co_await take_path(connection);
      case set_options:
        options.push_back(co_await take_request<wire::worker::SetOptions>(connection));
        co_return co_await answer<wire::worker::SetOptions>(connection, {});
      case add_temp_root:
        connection.roots.insert(
            (co_await take_request<wire::worker::AddTempRoot>(connection)).path);
        co_return co_await answer<wire::worker::AddTempRoot>(connection, {});
      case add_indirect_root:
        links.push_back((co_await take_request<wire::worker::AddIndirectRoot>(connection)).link);
        co_return co_await answer<wire::worker::AddIndirectRoot>(connection, {});
      default:
        throw End{};
    }
  }

  aio::Task<void> serve(std::shared_ptr<Connection> connection) {
    try {
      co_await greet(*connection);
      while (true)
        co_await answer_one(*connection);
    } catch (const End&) {
      // The client's doing, or the script's.
    } catch (const Error& e) {
      connection->diagnostics.print(std::string("error: ") + e.what());
    }
    alive.erase(&connection->roots);
    connection->stream.reset();
    connection->diagnostics.end();
  }

  aio::Loop& loop_;
  aio::Scope connections_;
};

}  // namespace firn::testing
