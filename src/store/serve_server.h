// SPDX-License-Identifier: Apache-2.0
// The server half of the serve protocol: what `nix-store --serve` is for Nix's own store, for any
// store that firn can open. Made of the same messages as the client half.
//
// There is no error on the wire. Whatever goes wrong is thrown, after everything that was answered
// has been written: the caller prints it, exits with status 1, and the client sees the end of the
// stream. A build that fails is an ordinary answer.
#pragma once

#include "aio/loop.h"
#include "aio/scope.h"
#include "store/served_client.h"
#include "store/store.h"
#include "wire/serve_commands.h"
#include "wire/version.h"

#include <cstdint>
#include <optional>
#include <string_view>

namespace firn::store {

/// What a client may do.
enum class Access : std::uint8_t {
  read,   ///< ask and fetch; wishes to lock or to substitute are ignored, all else is refused
  write,  ///< everything
};

struct ServeOptions {
  Access access = Access::read;
  /// Less than the newest only in tests.
  wire::ServeVersion announced = wire::kNewestServe;
};

/// One client on one stream. Its roots are those of the store object: both live as long as the
/// conversation.
class ServeServer {
 public:
  /// Borrows loop, store and stream. `log` hears what builds print.
  ServeServer(
      aio::Loop& loop, Store& store, aio::ByteStream& client, ServeOptions options, LogSink log);

  /// Greets and answers, until the client closes its side where a command may begin. Throws Error;
  /// of Kind::cancelled where the client closes it during a build, which is ended then.
  aio::Task<void> serve();

 private:
  aio::Task<void> greet();
  aio::Task<std::optional<wire::Command>> next_command();
  aio::Task<void> carry_out(wire::Command command);
  aio::Task<void> query_valid_paths();
  aio::Task<void> query_path_infos();
  aio::Task<void> query_closure();
  aio::Task<void> dump_store_path();
  aio::Task<void> export_paths();
  aio::Task<void> import_paths();
  aio::Task<void> add_to_store_nar();
  template <class Request>
  aio::Task<void> build();
  template <class Request>
  aio::Task<void> build_into(const Request* request,
                             std::optional<typename Request::Reply>* reply,
                             aio::Scope* siblings);
  aio::Task<void> end_when_hung_up();

  void refuse_writing(std::string_view what) const;
  template <class Request>
  aio::Task<Request> receive();
  template <class Request>
  aio::Task<void> answer(typename Request::Reply reply);
  aio::Task<void> send(NarStream& nar);
  aio::Task<void> export_item(const nix::StorePath& path, const nix::PathInfo* info);
  aio::Task<bool> import_item();
  aio::Task<void> receive_path(const nix::PathInfo& info);
  template <class T>
  aio::Task<T> moving(std::string_view phase, aio::Task<T> op);

  aio::Loop& loop_;
  Store& store_;
  ServedClient client_;
  ServeOptions options_;
  LogSink log_;
  wire::ServeVersion version_;
};

}  // namespace firn::store
