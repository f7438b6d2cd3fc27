// SPDX-License-Identifier: Apache-2.0
#include "store/local_store.h"

#include "base/error.h"
#include "nix/nar_writer.h"
#include "store/disk_nar.h"
#include "transport/process_link.h"
#include "wire/serve_commands.h"

#include <cstdlib>
#include <string_view>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

namespace firn::store {

using namespace std::chrono_literals;

namespace {

/// Each adding session is a process; more than this many only wait for the database's lock.
constexpr std::size_t kAdding = 4;
constexpr Duration kQueryStall = 5min;
/// A substituter may think for long before the first byte, and says nothing meanwhile.
constexpr Duration kSubstituteLimit = 6h;
constexpr Duration kAddStall = 5min;
constexpr Duration kConnectLimit = 1min;
/// Whoever asked for a build may end it sooner.
constexpr Duration kBuildCeiling = 7 * 24h;
constexpr Duration kFinishLimit = 1min;

/// True where this process opens the store's database itself, as Nix decides it.
bool opens_store_directly() {
  const char* remote = std::getenv("NIX_REMOTE");
  const std::string_view setting = remote == nullptr ? "" : remote;
  if (!setting.empty() && setting != "auto" && setting != "local") return false;
  const char* state = std::getenv("NIX_STATE_DIR");
  const std::string folder = state == nullptr ? "/nix/var/nix" : state;
  return ::access(folder.c_str(), R_OK | W_OK) == 0 ||
         (::access(folder.c_str(), F_OK) != 0 && ::geteuid() == 0);
}

class TextNar final : public NarStream {
 public:
  explicit TextNar(std::string bytes) : bytes_(std::move(bytes)) {}

  aio::Task<Bytes> next() override {
    co_return std::exchange(given_, true) ? Bytes() : as_bytes(bytes_);
  }

 private:
  std::string bytes_;
  bool given_ = false;
};

/// Tries to add a tiny path without signature or content address: what a daemon takes from trusted
/// users only. Always the same path, so that a store holds one at most; it is refused or accepted
/// whether it is there already or not.
aio::Task<bool> accepts_unsigned_path(ServeConnection& connection) {
  std::string nar;
  nix::NarWriter writer(nar);
  constexpr std::string_view kText = "firn asks whether it is trusted\n";
  writer.begin_archive();
  writer.begin_file(false, kText.size());
  writer.data(kText);
  writer.end_file(kText.size());
  const std::string hash_part =
      hash_of(HashAlgorithm::sha256, nar).encode(HashForm::nix32).substr(0, 32);
  const nix::PathInfo info{.path = nix::StorePath::from_base_name(hash_part + "-firn-trust-probe"),
                           .deriver = {},
                           .references = {},
                           .nar_hash = hash_of(HashAlgorithm::sha256, nar),
                           .nar_size = ByteCount(nar.size()),
                           .ca = {},
                           .signatures = {},
                           .registration_time = {},
                           .ultimate = false};
  TextNar stream(nar);
  try {
    co_await connection.add_path(info, stream);
    co_return true;
  } catch (const Error& e) {
    const bool refused = e.message().find("signature") != std::string::npos ||
                         e.message().find("trusted") != std::string::npos ||
                         e.message().find("privileged") != std::string::npos;
    if (!refused) throw;
  }
  co_return false;
}

}  // namespace

LocalStore::LocalStore(aio::Loop& loop, std::unique_ptr<transport::Connector> connector)
    : loop_(loop), pool_(loop, std::move(connector), "the local store"), adding_(kAdding) {}

LocalStore::~LocalStore() = default;

aio::Task<SessionPool::Session> LocalStore::open() {
  return aio::within(loop_, "opening the local store", kConnectLimit, pool_.acquire());
}

aio::Task<SessionPool::Session*> LocalStore::ledger() {
  if (ledger_ && (*ledger_)->is_usable()) co_return &*ledger_;
  ledger_.reset();
  ledger_.emplace(co_await open());
  if (!locked_.empty()) {
    co_await aio::with_progress(loop_,
                                "locking paths in the local store",
                                kQueryStall,
                                (*ledger_)->progress(),
                                (*ledger_)->call(wire::QueryValidPaths{
                                    .lock = true, .substitute = false, .paths = locked_}));
  }
  co_return &*ledger_;
}

template <class Request>
aio::Task<typename Request::Reply> LocalStore::ask(Request request) {
  const auto turn = co_await turn_.acquire();
  auto& session = *co_await ledger();
  co_return co_await aio::with_progress(loop_,
                                        "a query to the local store",
                                        kQueryStall,
                                        session->progress(),
                                        session->call(request));
}

aio::Task<nix::StorePathSet> LocalStore::lock(nix::StorePathSet paths) {
  locked_.insert(paths.begin(), paths.end());
  co_return co_await ask(
      wire::QueryValidPaths{.lock = true, .substitute = false, .paths = std::move(paths)});
}

aio::Task<nix::StorePathSet> LocalStore::substitute(nix::StorePathSet paths) {
  auto valid = co_await lock(paths);
  if (valid.size() == paths.size()) co_return valid;
  // A session of its own: the one that holds the roots must stay free to answer.
  auto session = co_await open();
  auto found =
      co_await aio::within(loop_,
                           "substituting",
                           kSubstituteLimit,
                           session->call(wire::QueryValidPaths{
                               .lock = true, .substitute = true, .paths = std::move(paths)}));
  session.keep();
  co_return found;
}

aio::Task<nix::StorePathSet> LocalStore::valid(nix::StorePathSet paths) {
  return ask(wire::QueryValidPaths{.lock = false, .substitute = false, .paths = std::move(paths)});
}

aio::Task<nix::StorePathSet> LocalStore::closure(nix::StorePathSet paths) {
  co_return co_await ask(wire::QueryClosure{.include_outputs = false, .paths = std::move(paths)});
}

aio::Task<nix::StorePathSet> LocalStore::closure_with_outputs(nix::StorePathSet paths) {
  return ask(wire::QueryClosure{.include_outputs = true, .paths = std::move(paths)});
}

aio::Task<std::vector<nix::PathInfo>> LocalStore::path_infos(nix::StorePathSet paths) {
  const std::size_t wanted = paths.size();
  const auto valid = co_await lock(paths);
  if (valid.size() != wanted) {
    for (const auto& path : paths) {
      if (!valid.contains(path))
        throw Error(Kind::not_found,
                    fmt::format("{} is not valid in the local store any more", path.str()));
    }
  }
  co_return co_await ask(wire::QueryPathInfos{.paths = std::move(paths)});
}

aio::Task<std::vector<nix::PathInfo>> LocalStore::find_path_infos(nix::StorePathSet paths) {
  // Locked first, for the session believes for ever what it was told once.
  co_return co_await ask(wire::QueryPathInfos{.paths = co_await lock(std::move(paths))});
}

std::unique_ptr<NarStream> LocalStore::nar(const nix::StorePath& path) {
  return std::make_unique<DiskNar>(loop_, location(path));
}

aio::Task<void> LocalStore::add(const nix::PathInfo& info, NarStream& nar) {
  const auto permit = co_await adding_.acquire();
  auto session = co_await open();
  co_await aio::with_progress(loop_,
                              "adding a path to the local store",
                              kAddStall,
                              session->progress(),
                              session->add_path(info, nar));
  session.keep();
}

aio::Task<void> LocalStore::lock_outputs(const wire::BuildDerivation& /*request*/,
                                         const nix::BuildResult& result) {
  nix::StorePathSet outputs;
  for (const auto& [name, realisation] : result.built_outputs)
    outputs.insert(realisation.out_path);
  co_await lock(std::move(outputs));
}

aio::Task<void> LocalStore::lock_outputs(const wire::BuildPaths& request,
                                         const wire::BuildPathsReply& reply) {
  if (reply.exit_status != 0) co_return;
  nix::StorePathSet targets;
  for (const std::string_view target : request.targets)
    targets.insert(nix::parse_store_path(target.substr(0, target.find('!'))));
  co_await lock(co_await closure_with_outputs(std::move(targets)));
}

template <class Request>
aio::Task<typename Request::Reply> LocalStore::build_on_session(const Request& request,
                                                                LogSink log) {
  auto session = co_await open();
  session->link().listen(std::move(log));
  auto reply = co_await aio::within(loop_, "building", kBuildCeiling, session->call(request));
  // The session's own roots end with it; and only its end says that the log is whole.
  co_await lock_outputs(request, reply);
  co_await aio::within(loop_, "reading the end of the log", kFinishLimit, session.finish());
  co_return reply;
}

aio::Task<nix::BuildResult> LocalStore::build(const wire::BuildDerivation& request, LogSink log) {
  return build_on_session(request, std::move(log));
}

aio::Task<wire::BuildPathsReply> LocalStore::build(const wire::BuildPaths& request, LogSink log) {
  return build_on_session(request, std::move(log));
}

aio::Task<bool> LocalStore::is_trusting() {
  if (trusting_) co_return *trusting_;
  trusting_ = opens_store_directly();
  if (!*trusting_) {
    auto session = co_await open();
    trusting_ = co_await aio::within(
        loop_, "asking the local daemon for trust", kConnectLimit, accepts_unsigned_path(*session));
    if (session->is_usable()) session.keep();
  }
  co_return *trusting_;
}

aio::Task<void> LocalStore::close() {
  ledger_.reset();
  co_await pool_.close();
}

std::unique_ptr<transport::Connector> local_serve_connector(aio::Loop& loop) {
  // The third words keep the served store from delegating again; an empty machines file costs it a
  // look.
  return std::make_unique<transport::LocalConnector>(
      loop,
      aio::Command{.argv = {"nix-store", "--serve", "--write", "--builders", ""},
                   .environment = {}});
}

}  // namespace firn::store
