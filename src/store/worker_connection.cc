// SPDX-License-Identifier: Apache-2.0
#include "store/worker_connection.h"

#include "aio/scope.h"
#include "base/error.h"
#include "nix/build_result.h"
#include "store/dumped_nar.h"
#include "store/exact_nar.h"
#include "wire/framed_stream.h"
#include "wire/reply_reader.h"
#include "wire/worker_builds.h"
#include "wire/worker_queries.h"
#include "wire/worker_upkeep.h"
#include "wire/worker_uploads.h"

#include <algorithm>
#include <exception>
#include <utility>

#include <fmt/format.h>

namespace firn::store {

namespace worker = wire::worker;

namespace {

/// Requests that are written before their answers are read must fit into what any pipe or socket
/// holds: a daemon that cannot write reads no more.
constexpr std::size_t kAheadBytes = std::size_t{16} << 10U;
constexpr std::size_t kAheadRequests = 128;
/// What is uploaded leaves in pieces of about this size.
constexpr std::size_t kPiece = std::size_t{64} << 10U;

}  // namespace

/// A NAR that the daemon asks for piece by piece: 1.21 and 1.22.
class WorkerConnection::Pieces {
 public:
  Pieces(const WorkerConnection& connection, NarStream& nar) : connection_(connection), nar_(nar) {}

  aio::Task<std::string> next(ByteCount most) {
    if (rest_.empty()) rest_ = co_await nar_.next();
    if (rest_.empty()) {
      throw Error(Kind::protocol,
                  fmt::format("{} wants more than there is of a NAR", connection_.peer_.name()));
    }
    const Bytes piece = rest_.first(std::min<std::uint64_t>({most.value(), rest_.size(), kPiece}));
    rest_ = rest_.subspan(piece.size());
    std::string bytes;
    worker::append_piece(bytes, as_text(piece));
    co_return bytes;
  }

 private:
  const WorkerConnection& connection_;
  NarStream& nar_;
  Bytes rest_;
};

/// A stream on its way in frames. Two coroutines share it: one sends, the other one listens.
struct WorkerConnection::Upload {
  Upload(aio::Loop& loop, NarStream& n, std::string h, Duration p)
      : nar(n), head(std::move(h)), patience(p), sending(loop) {}

  bool is_refused() const { return failure || lost; }

  NarStream& nar;
  /// The request.
  std::string head;
  /// With the daemon, once everything has been sent.
  Duration patience;
  aio::Scope sending;
  /// Only between two frames the sender may be stopped.
  bool is_writing = false;
  bool has_ended = false;
  std::optional<worker::Failure> failure;
  /// Why the listener could not go on.
  std::exception_ptr lost;
};

WorkerConnection::WorkerConnection(aio::Loop& loop,
                                   std::unique_ptr<transport::Link> link,
                                   std::string name,
                                   Patience adding_answer)
    : loop_(loop),
      peer_(std::move(link), std::move(name)),
      adding_answer_(adding_answer),
      opened_at_(loop.timers().now()) {}

WorkerConnection::~WorkerConnection() = default;

aio::Task<void> WorkerConnection::greet() {
  Peer::Conversation conversation(peer_);
  worker::ClientHandshake handshake;
  wire::Progress progress;
  while (!progress.done) {
    progress = handshake.feed(peer_.buffer().view());
    peer_.buffer().drop(progress.consumed);
    co_await say(handshake.take_output());
    co_await peer_.fill(progress.missing);
  }
  protocol_ = handshake.protocol();
  daemon_ = handshake.daemon();
  greeting_took_ = loop_.timers().now() - opened_at_;
  if (const auto failure = co_await outcome()) throw refusal(*failure);
  conversation.end();
}

/// For the greeting: what the other side said before it went tells more than that it has gone.
aio::Task<void> WorkerConnection::say(std::string bytes) {
  try {
    co_await peer_.link().write(as_bytes(bytes));
  } catch (const Error& e) {
    if (e.kind() != Kind::unavailable) throw;
  }
}

/// Reads messages up to the last one.
aio::Task<std::optional<worker::Failure>> WorkerConnection::outcome(Pieces* pieces) {
  while (true) {
    auto message = co_await peer_.read([this](std::string_view bytes, std::uint64_t offset) {
      return worker::decode_message(bytes, protocol_, offset);
    });
    if (std::holds_alternative<worker::Finished>(message)) co_return std::nullopt;
    if (auto* failure = std::get_if<worker::Failure>(&message)) co_return std::move(*failure);
    if (const auto* wanted = std::get_if<worker::PieceWanted>(&message)) {
      if (pieces == nullptr) {
        throw Error(Kind::protocol,
                    fmt::format("{} asks for bytes where none are sent", peer_.name()));
      }
      const std::string piece = co_await pieces->next(wanted->most);
      co_await peer_.write(piece);
    } else if (sink_) {
      sink_(message);
    }
  }
}

Error WorkerConnection::refusal(const worker::Failure& failure) const {
  std::string words = nix::strip_ansi(failure.message);
  if (words.starts_with("error: ")) words.erase(0, 7);
  while (words.ends_with('\n'))
    words.pop_back();
  return {Kind::unavailable, fmt::format("{}: {}", peer_.name(), words)};
}

template <class Request>
void WorkerConnection::append(std::string& out, const Request& request) const {
  if (!wire::can_ask<Request>(protocol_)) {
    throw Error(Kind::protocol,
                fmt::format("{} speaks the worker protocol {} and does not know {}",
                            peer_.name(),
                            protocol_.str(),
                            worker::to_string(Request::kOperation)));
  }
  wire::append_request(out, request, protocol_);
}

template <class Request>
aio::Task<typename Request::Reply> WorkerConnection::read_reply() {
  return peer_.read_with(wire::ReplyReader<Request>(protocol_, peer_.buffer().offset()));
}

template <class Request>
aio::Task<Answer<Request>> WorkerConnection::ask(const Request& request) {
  std::string bytes;
  append(bytes, request);
  Peer::Conversation conversation(peer_);
  co_await peer_.write(bytes);
  auto failure = co_await outcome();
  if (failure) {
    conversation.end();
    co_return std::move(*failure);
  }
  auto reply = co_await read_reply<Request>();
  conversation.end();
  co_return reply;
}

template <class Request>
aio::Task<typename Request::Reply> WorkerConnection::call(const Request& request) {
  auto answer = co_await ask(request);
  if (const auto* failure = std::get_if<worker::Failure>(&answer)) throw refusal(*failure);
  co_return std::get<0>(std::move(answer));
}

template <class Request>
aio::Task<std::vector<typename Request::Reply>> WorkerConnection::call_each(
    std::span<const Request> requests) {
  Peer::Conversation conversation(peer_);
  std::vector<typename Request::Reply> replies;
  replies.reserve(requests.size());
  while (!requests.empty()) {
    std::string bytes;
    std::size_t count = 0;
    while (count < std::min(requests.size(), kAheadRequests) && bytes.size() < kAheadBytes)
      append(bytes, requests[count++]);
    co_await peer_.write(bytes);
    requests = requests.subspan(count);
    for (; count > 0; --count) {
      if (const auto failure = co_await outcome()) throw refusal(*failure);
      replies.push_back(co_await read_reply<Request>());
    }
  }
  conversation.end();
  co_return replies;
}

/// Nothing is sent before the first bytes of the NAR are there.
aio::Task<void> WorkerConnection::send_frames(Upload* upload) {
  std::string out = std::move(upload->head);
  while (true) {
    upload->is_writing = false;
    const Bytes block = co_await upload->nar.next();
    upload->is_writing = true;
    if (upload->is_refused()) out.clear();
    if (upload->is_refused() || block.empty()) break;
    wire::append_frames(out, as_text(block));
    if (out.size() < kPiece) continue;
    co_await peer_.write(out);
    out.clear();
    if (upload->is_refused()) break;
  }
  wire::append_frames_end(out);
  co_await peer_.write(out);
  upload->has_ended = true;
}

/// Throws nothing: whatever happens ends the sending, between two frames. Within one it goes on,
/// for a daemon that has failed reads to the end of the stream, and one that has gone breaks it.
aio::Task<void> WorkerConnection::hear(Upload* upload) {
  try {
    upload->failure = co_await outcome();
  } catch (...) {
    upload->lost = std::current_exception();
  }
  if (upload->is_refused() && !upload->is_writing) upload->sending.cancel();
}

aio::Task<void> WorkerConnection::upload(Upload& upload) {
  aio::Scope hearing(loop_);
  hearing.spawn(&WorkerConnection::hear, *this, &upload);
  upload.sending.spawn(&WorkerConnection::send_frames, *this, &upload);
  std::exception_ptr error;
  try {
    co_await upload.sending.join();
    peer_.link().allow_silence(upload.patience);
  } catch (...) {
    error = std::current_exception();
  }
  if (upload.lost) error = upload.lost;
  // Where the daemon has closed its side, its last message may still be on the way.
  if (!error || upload.is_writing) {
    co_await hearing.join();
    if (!error) error = upload.lost;
  } else {
    co_await hearing.close();
  }
  if (error && !upload.failure) std::rethrow_exception(error);
}

/// After a failure: the empty frame that the daemon waits for. False where there is no way to it.
aio::Task<bool> WorkerConnection::end_frames(const Upload& upload) {
  if (upload.has_ended || upload.is_writing) co_return upload.has_ended;
  std::string end;
  wire::append_frames_end(end);
  try {
    co_await peer_.write(end);
  } catch (const Error& e) {
    if (e.kind() == Kind::cancelled) throw;
    co_return false;
  }
  co_return true;
}

aio::Task<void> WorkerConnection::add_path(const nix::PathInfo& info, NarStream& nar) {
  if (const auto failure = co_await offer_path(info, nar)) throw refusal(*failure);
}

aio::Task<std::optional<worker::Failure>> WorkerConnection::offer_path(const nix::PathInfo& info,
                                                                       NarStream& nar) {
  const worker::AddToStoreNar request{.info = info, .repair = false, .dont_check_signatures = true};
  std::string head;
  append(head, request);
  ExactNar exact(nar, info);
  const Duration patience = adding_answer_.with(info.nar_size);
  Peer::Conversation conversation(peer_);
  std::optional<worker::Failure> failure;
  if (worker::upload_of<worker::AddToStoreNar>(protocol_) == worker::Upload::frames) {
    Upload framed(loop_, exact, std::move(head), patience);
    co_await upload(framed);
    failure = std::move(framed.failure);
    const bool is_over = co_await end_frames(framed);
    if (failure && !is_over) throw refusal(*failure);
  } else {
    Pieces pieces(*this, exact);
    co_await peer_.write(head);
    peer_.link().allow_silence(patience);
    failure = co_await outcome(&pieces);
  }
  peer_.link().allow_silence({});
  conversation.end();
  co_return failure;
}

std::unique_ptr<NarStream> WorkerConnection::dump(const nix::StorePath& path) {
  return std::make_unique<DumpedNar>(peer_, [this, path] { return ask_for_nar(path); });
}

aio::Task<void> WorkerConnection::ask_for_nar(nix::StorePath path) {
  std::string bytes;
  append(bytes, worker::NarFromPath{.path = std::move(path)});
  co_await peer_.write(bytes);
  if (const auto failure = co_await outcome()) throw refusal(*failure);
}

aio::Task<std::unique_ptr<WorkerConnection>> open_worker(aio::Loop& loop,
                                                         transport::Connector& connector,
                                                         std::string name,
                                                         Patience adding_answer) {
  auto connection = std::make_unique<WorkerConnection>(
      loop, co_await connector.open(), std::move(name), adding_answer);
  co_await connection->greet();
  co_return connection;
}

template aio::Task<worker::NoReply> WorkerConnection::call(const worker::SetOptions&);
template aio::Task<nix::StorePathSet> WorkerConnection::call(const worker::QueryValidPaths&);
template aio::Task<worker::MissingPaths> WorkerConnection::call(const worker::QueryMissing&);
template aio::Task<worker::QueryDerivationOutputMap::Reply> WorkerConnection::call(
    const worker::QueryDerivationOutputMap&);
template aio::Task<Answer<worker::BuildPaths>> WorkerConnection::ask(const worker::BuildPaths&);
template aio::Task<Answer<worker::BuildPathsWithResults>> WorkerConnection::ask(
    const worker::BuildPathsWithResults&);
template aio::Task<wire::Acknowledged> WorkerConnection::call(const worker::BuildPaths&);
template aio::Task<nix::BuildResult> WorkerConnection::call(const worker::BuildDerivation&);
template aio::Task<Answer<worker::BuildDerivation>> WorkerConnection::ask(
    const worker::BuildDerivation&);
template aio::Task<wire::Acknowledged> WorkerConnection::call(const worker::AddTempRoot&);
template aio::Task<wire::Acknowledged> WorkerConnection::call(const worker::AddIndirectRoot&);

template aio::Task<std::vector<wire::Acknowledged>> WorkerConnection::call_each(
    std::span<const worker::AddTempRoot>);
template aio::Task<std::vector<worker::QueryPathInfo::Reply>> WorkerConnection::call_each(
    std::span<const worker::QueryPathInfo>);
template aio::Task<std::vector<worker::QueryDerivationOutputMap::Reply>>
    WorkerConnection::call_each(std::span<const worker::QueryDerivationOutputMap>);

}  // namespace firn::store
