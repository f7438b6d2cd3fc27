// SPDX-License-Identifier: Apache-2.0
#include "store/serve_server.h"

#include "aio/phase.h"
#include "base/error.h"
#include "store/export_order.h"
#include "store/incoming_nar.h"
#include "store/spooled_nar.h"
#include "store/verified_nar.h"
#include "wire/export_stream.h"
#include "wire/reply_reader.h"
#include "wire/serve_commands.h"
#include "wire/serve_handshake.h"

#include <chrono>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace firn::store {

using namespace std::chrono_literals;

namespace {

/// A client that sends a NAR may be waiting for a slow source itself.
constexpr Duration kClientStall = 30min;

Error not_valid(const nix::StorePath& path) {
  return {Kind::not_found, fmt::format("path '{}' is not valid", path.str())};
}

}  // namespace

ServeServer::ServeServer(
    aio::Loop& loop, Store& store, aio::ByteStream& client, ServeOptions options, LogSink log)
    : loop_(loop),
      store_(store),
      client_(client),
      options_(options),
      log_(std::move(log)),
      version_(options.announced) {}

template <class T>
aio::Task<T> ServeServer::moving(std::string_view phase, aio::Task<T> op) {
  return aio::with_progress(loop_, phase, kClientStall, client_.progress(), std::move(op));
}

aio::Task<void> ServeServer::serve() {
  co_await moving("greeting a client", greet());
  while (const auto command = co_await next_command())
    co_await carry_out(*command);
}

aio::Task<void> ServeServer::greet() {
  co_await client_.need(wire::kMagicSize);
  if (!wire::may_be_client_hello(co_await client_.some()))
    throw Error(Kind::protocol, "protocol mismatch");
  co_await client_.write(wire::server_hello(options_.announced));
  const auto theirs = co_await client_.read([](std::string_view bytes, std::uint64_t /*offset*/) {
    return wire::read_client_hello(bytes);
  });
  version_ = wire::agree(options_.announced, theirs);
}

/// An idle client may idle.
aio::Task<std::optional<wire::Command>> ServeServer::next_command() {
  if (!co_await client_.has_more(sizeof(std::uint64_t))) co_return std::nullopt;
  co_return co_await client_.read(&wire::decode_command);
}

aio::Task<void> ServeServer::carry_out(wire::Command command) {
  switch (command) {
    case wire::Command::query_valid_paths:
      return query_valid_paths();
    case wire::Command::query_path_infos:
      return query_path_infos();
    case wire::Command::dump_store_path:
      return dump_store_path();
    case wire::Command::import_paths:
      return import_paths();
    case wire::Command::export_paths:
      return export_paths();
    case wire::Command::build_paths:
      return build<wire::BuildPaths>();
    case wire::Command::query_closure:
      return query_closure();
    case wire::Command::build_derivation:
      return build<wire::BuildDerivation>();
    case wire::Command::add_to_store_nar:
      return add_to_store_nar();
  }
  throw Bug("a command that nobody carries out");
}

void ServeServer::refuse_writing(std::string_view what) const {
  if (options_.access == Access::read)
    throw Error(Kind::permission, fmt::format("{} is not allowed", what));
}

template <class Request>
aio::Task<Request> ServeServer::receive() {
  return moving("reading a request",
                client_.read([version = version_](std::string_view bytes, std::uint64_t offset) {
                  return wire::decode_request<Request>(bytes, version, offset);
                }));
}

template <class Request>
aio::Task<void> ServeServer::answer(typename Request::Reply reply) {
  std::string bytes;
  wire::append_reply<Request>(bytes, reply, version_);
  co_await moving("answering a client", client_.write(bytes));
}

aio::Task<void> ServeServer::query_valid_paths() {
  auto request = co_await receive<wire::QueryValidPaths>();
  const bool obeys = options_.access == Access::write;
  auto valid = obeys && request.substitute ? store_.substitute(std::move(request.paths))
               : obeys && request.lock     ? store_.lock(std::move(request.paths))
                                           : store_.valid(std::move(request.paths));
  co_await answer<wire::QueryValidPaths>(co_await std::move(valid));
}

aio::Task<void> ServeServer::query_path_infos() {
  auto request = co_await receive<wire::QueryPathInfos>();
  co_await answer<wire::QueryPathInfos>(co_await store_.find_path_infos(std::move(request.paths)));
}

aio::Task<void> ServeServer::query_closure() {
  auto request = co_await receive<wire::QueryClosure>();
  auto closure = request.include_outputs ? store_.closure_with_outputs(std::move(request.paths))
                                         : store_.closure(std::move(request.paths));
  co_await answer<wire::QueryClosure>(co_await std::move(closure));
}

aio::Task<void> ServeServer::send(NarStream& nar) {
  while (true) {
    const Bytes block = co_await nar.next();
    if (block.empty()) break;
    co_await client_.write(as_text(block));
  }
}

aio::Task<void> ServeServer::dump_store_path() {
  const auto request = co_await receive<wire::DumpStorePath>();
  if ((co_await store_.valid({request.path})).empty()) throw not_valid(request.path);
  const auto nar = store_.nar(request.path);
  co_await moving("sending a path", send(*nar));
}

aio::Task<void> ServeServer::export_paths() {
  const auto request = co_await receive<wire::ExportPaths>();
  const auto infos = co_await store_.find_path_infos(request.paths);
  for (const auto& item : export_order(request.paths, infos))
    co_await moving("exporting a path", export_item(item.path, item.info));
  std::string end;
  wire::append_export_end(end);
  co_await moving("exporting a path", client_.write(end));
}

aio::Task<void> ServeServer::export_item(const nix::StorePath& path, const nix::PathInfo* info) {
  std::string bytes;
  wire::append_export_item(bytes);
  co_await client_.write(bytes);
  if (info == nullptr) throw not_valid(path);
  const auto nar = store_.nar(path);
  VerifiedNar verified(loop_, *nar, *info);
  co_await send(verified);
  bytes.clear();
  wire::append_export_trailer(bytes, wire::export_trailer_of(*info));
  co_await client_.write(bytes);
}

aio::Task<void> ServeServer::import_paths() {
  refuse_writing("importing paths");
  while (co_await moving("importing a path", import_item())) {
  }
  co_await answer<wire::ImportPaths>({});
}

/// False at the end. What a stream does not say about a path is computed.
aio::Task<bool> ServeServer::import_item() {
  if (!co_await client_.read(&wire::decode_export_item)) co_return false;
  IncomingNar incoming(client_);
  SpooledNar nar(loop_);
  co_await nar.take(incoming);
  co_await incoming.finish();
  auto trailer = co_await client_.read(&wire::decode_export_trailer);
  const nix::PathInfo info{.path = std::move(trailer.path),
                           .deriver = std::move(trailer.deriver),
                           .references = std::move(trailer.references),
                           .nar_hash = nar.hash(),
                           .nar_size = ByteCount(nar.size()),
                           .ca = {},
                           .signatures = {},
                           .registration_time = {},
                           .ultimate = false};
  if ((co_await store_.lock({info.path})).empty()) co_await store_.add(info, nar);
  co_return true;
}

aio::Task<void> ServeServer::add_to_store_nar() {
  refuse_writing("importing paths");
  const auto request = co_await receive<wire::AddToStoreNar>();
  if (request.info.nar_size == ByteCount(0))
    throw Error(Kind::protocol, "narInfo is too old and missing the narSize field");
  co_await moving("receiving a path", receive_path(request.info));
  co_await answer<wire::AddToStoreNar>({});
}

/// Whatever the store uses of it: all of the NAR is read.
aio::Task<void> ServeServer::receive_path(const nix::PathInfo& info) {
  IncomingNar incoming(client_, info.nar_size.value());
  if ((co_await store_.lock({info.path})).empty()) {
    VerifiedNar verified(loop_, incoming, info);
    co_await store_.add(info, verified);
  }
  co_await incoming.finish();
}

template <class Request>
aio::Task<void> ServeServer::build() {
  refuse_writing("building paths");
  const auto request = co_await receive<Request>();
  if (request.options.repeats != 0) {
    throw Error(Kind::invalid,
                "client requested repeating builds, but this is not currently implemented");
  }
  std::optional<typename Request::Reply> reply;
  aio::Scope scope(loop_);
  scope.spawn(&ServeServer::end_when_hung_up, *this);
  scope.spawn(&ServeServer::build_into<Request>, *this, &request, &reply, &scope);
  co_await scope.join();
  FIRN_CHECK(reply.has_value());
  co_await answer<Request>(std::move(*reply));
}

template <class Request>
aio::Task<void> ServeServer::build_into(const Request* request,
                                        std::optional<typename Request::Reply>* reply,
                                        aio::Scope* siblings) {
  reply->emplace(co_await store_.build(*request, log_));
  siblings->cancel();
}

aio::Task<void> ServeServer::end_when_hung_up() {
  co_await client_.hung_up();
  throw Error(Kind::cancelled, "interrupted: the client has gone");
}

}  // namespace firn::store
