// SPDX-License-Identifier: Apache-2.0
#include "store/serve_connection.h"

#include "aio/scope.h"
#include "store/dumped_nar.h"
#include "store/exact_nar.h"
#include "store/greeting.h"
#include "wire/export_stream.h"
#include "wire/reply_reader.h"
#include "wire/serve_commands.h"
#include "wire/serve_handshake.h"

#include <deque>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace firn::store {

using namespace std::chrono_literals;

namespace {

constexpr Duration kGreetingTextLimit = 2s;
/// Unacknowledged bytes on the way: enough to keep a link of 1 Gbit/s and 100 ms busy.
constexpr std::uint64_t kWindow = std::uint64_t{16} << 20U;
constexpr std::size_t kMostUnacknowledged = 1024;

}  // namespace

ServeConnection::ServeConnection(aio::Loop& loop,
                                 std::unique_ptr<transport::Link> link,
                                 std::string machine,
                                 Patience import_answer)
    : loop_(loop),
      peer_(std::move(link), std::move(machine)),
      import_answer_(import_answer),
      opened_at_(loop.timers().now()) {}

ServeConnection::~ServeConnection() = default;

aio::Task<void> ServeConnection::greet() {
  Peer::Conversation conversation(peer_);
  const std::string hello = wire::client_hello();
  try {
    co_await link().write(as_bytes(hello));
  } catch (const Error& e) {
    // What it said before it went tells more.
    if (e.kind() != Kind::unavailable) throw;
  }
  while (peer_.buffer().view().size() < wire::kHelloSize &&
         wire::may_be_server_hello(peer_.buffer().view())) {
    co_await peer_.fill(wire::kHelloSize - peer_.buffer().view().size());
  }
  if (!wire::may_be_server_hello(peer_.buffer().view())) co_await explain_greeting();
  const auto result = wire::read_server_hello(peer_.buffer().view());
  const auto& theirs = std::get<wire::Decoded<wire::ServeVersion>>(result);
  announced_ = theirs.value;
  version_ = wire::agree(wire::kNewestServe, announced_);
  greeting_took_ = loop_.timers().now() - opened_at_;
  peer_.buffer().drop(theirs.consumed);
  conversation.end();
}

/// Something else than the protocol speaks: reads some more of it, for the message.
aio::Task<void> ServeConnection::explain_greeting() {
  link().close_write();
  try {
    while (peer_.buffer().view().size() < wire::kGreetingTextLimit) {
      co_await aio::within(loop_, "reading the greeting", kGreetingTextLimit, peer_.fill(1));
    }
  } catch (const Error& e) {
    if (e.kind() == Kind::cancelled) throw;
  }
  throw explain_chatter(machine(), peer_.buffer().view());
}

template <class Request>
std::string ServeConnection::encode(const Request& request) const {
  std::string bytes;
  wire::append_request(bytes, request, version_);
  return bytes;
}

template <class Request>
aio::Task<typename Request::Reply> ServeConnection::read_reply() {
  return peer_.read_with(wire::ReplyReader<Request>(version_, peer_.buffer().offset()));
}

template <class Request>
aio::Task<typename Request::Reply> ServeConnection::call(const Request& request) {
  static_assert(!Request::kStreamFollows, "add_paths sends what carries NARs");
  Peer::Conversation conversation(peer_);
  if (!wire::can_ask<Request>(version_)) {
    throw Error(
        Kind::protocol,
        fmt::format(
            "{} speaks serve {} and does not know this request", machine(), version_.str()));
  }
  const std::string bytes = encode(request);
  co_await peer_.write(bytes);
  auto reply = co_await read_reply<Request>();
  conversation.end();
  co_return reply;
}

template aio::Task<nix::StorePathSet> ServeConnection::call(const wire::QueryValidPaths&);
template aio::Task<wire::PathInfos> ServeConnection::call(const wire::QueryPathInfos&);
template aio::Task<nix::StorePathSet> ServeConnection::call(const wire::QueryClosure&);
template aio::Task<nix::BuildResult> ServeConnection::call(const wire::BuildDerivation&);
template aio::Task<wire::BuildPathsReply> ServeConnection::call(const wire::BuildPaths&);

std::unique_ptr<NarStream> ServeConnection::dump(const nix::StorePath& path) {
  return std::make_unique<DumpedNar>(
      peer_, [this, request = encode(wire::DumpStorePath{.path = path})]() -> aio::Task<void> {
        return peer_.write(request);
      });
}

aio::Task<void> ServeConnection::send_nar(const nix::PathInfo& info, NarStream& nar) {
  ExactNar exact(nar, info);
  while (true) {
    const Bytes block = co_await exact.next();
    if (block.empty()) break;
    co_await peer_.write(as_text(block));
  }
}

/// What has been sent and not been acknowledged.
struct ServeConnection::Window {
  struct Sent {
    nix::StorePath path;
    std::uint64_t size;
  };

  Patience answer;
  std::deque<Sent> unacknowledged;
  std::uint64_t bytes = 0;
  /// The last of them is still on its way.
  bool is_sending = false;
  bool all_sent = false;
  aio::WaitQueue changed;

  /// For the acknowledgement of the first one, once it has been sent whole.
  Duration patience() const {
    const std::size_t sent = unacknowledged.size() - (is_sending ? 1 : 0);
    return sent > 0 ? answer.with(ByteCount(unacknowledged.front().size)) : Duration();
  }

  bool has_room() const {
    return unacknowledged.empty() ||
           (bytes < kWindow && unacknowledged.size() < kMostUnacknowledged);
  }
};

aio::Task<void> ServeConnection::read_acknowledgements(PathSource* source, Window* window) {
  while (true) {
    while (window->unacknowledged.empty() && !window->all_sent)
      co_await window->changed.wait();
    if (window->unacknowledged.empty()) break;
    co_await read_reply<wire::AddToStoreNar>();
    window->bytes -= window->unacknowledged.front().size;
    source->acknowledged(window->unacknowledged.front().path);
    window->unacknowledged.pop_front();
    link().allow_silence(window->patience());
    window->changed.notify_all();
  }
}

aio::Task<void> ServeConnection::send_within(PathSource* source, Window* window) {
  while (auto item = co_await source->next()) {
    while (!window->has_room())
      co_await window->changed.wait();
    const std::uint64_t size = item->info.nar_size.value();
    window->unacknowledged.push_back({.path = item->info.path, .size = size});
    window->bytes += size;
    window->is_sending = true;
    link().allow_silence(window->patience());
    const std::string head = encode(wire::AddToStoreNar{.info = item->info});
    co_await peer_.write(head);
    co_await send_nar(item->info, *item->nar);
    window->is_sending = false;
    link().allow_silence(window->patience());
    window->changed.notify_all();
  }
  window->all_sent = true;
  window->changed.notify_all();
}

aio::Task<void> ServeConnection::add_pipelined(PathSource& source) {
  Window window;
  window.answer = import_answer_;
  aio::Scope scope(loop_);
  // Siblings: whichever fails first ends the other, which may be waiting for the server.
  scope.spawn(&ServeConnection::send_within, *this, &source, &window);
  scope.spawn(&ServeConnection::read_acknowledgements, *this, &source, &window);
  co_await scope.join();
}

aio::Task<void> ServeConnection::import(PathSource& source) {
  std::string bytes = encode(wire::ImportPaths{});
  std::vector<nix::StorePath> sent;
  std::uint64_t size = 0;
  while (auto item = co_await source.next()) {
    wire::append_export_item(bytes);
    co_await peer_.write(bytes);
    bytes.clear();
    co_await send_nar(item->info, *item->nar);
    wire::append_export_trailer(bytes, wire::export_trailer_of(item->info));
    sent.push_back(item->info.path);
    size += item->info.nar_size.value();
  }
  wire::append_export_end(bytes);
  co_await peer_.write(bytes);
  link().allow_silence(import_answer_.with(ByteCount(size)));
  co_await read_reply<wire::ImportPaths>();
  link().allow_silence({});
  for (const auto& path : sent)
    source.acknowledged(path);
}

aio::Task<void> ServeConnection::add_paths(PathSource& source) {
  Peer::Conversation conversation(peer_);
  if (wire::can_ask<wire::AddToStoreNar>(version_)) {
    co_await add_pipelined(source);
  } else {
    co_await import(source);
  }
  conversation.end();
}

namespace {

/// One path whose NAR somebody else owns.
class SinglePath final : public PathSource {
 public:
  SinglePath(const nix::PathInfo& info, NarStream& nar) : info_(info), nar_(nar) {}

  aio::Task<std::optional<Item>> next() override {
    if (std::exchange(given_, true)) co_return std::nullopt;
    co_return Item{.info = info_, .nar = std::make_unique<Borrowed>(nar_)};
  }

 private:
  class Borrowed final : public NarStream {
   public:
    explicit Borrowed(NarStream& nar) : nar_(nar) {}

    aio::Task<Bytes> next() override { return nar_.next(); }

   private:
    NarStream& nar_;
  };

  const nix::PathInfo& info_;
  NarStream& nar_;
  bool given_ = false;
};

}  // namespace

aio::Task<void> ServeConnection::add_path(const nix::PathInfo& info, NarStream& nar) {
  SinglePath source(info, nar);
  co_await add_paths(source);
}

aio::Task<void> ServeConnection::close() {
  return peer_.close();
}

aio::Task<std::unique_ptr<ServeConnection>> connect(aio::Loop& loop,
                                                    transport::Connector& connector,
                                                    std::string machine,
                                                    SessionLimits limits) {
  return greeted<ServeConnection>(loop, connector, std::move(machine), limits);
}

}  // namespace firn::store
