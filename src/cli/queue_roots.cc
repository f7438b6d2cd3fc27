// SPDX-License-Identifier: Apache-2.0
#include "cli/queue_roots.h"

#include "base/error.h"
#include "cli/state_folder.h"
#include "db/identity.h"
#include "db/listing.h"

#include <chrono>
#include <string>
#include <sys/stat.h>
#include <system_error>

#include <fmt/format.h>

namespace firn::cli {

namespace fs = std::filesystem;

namespace {

constexpr std::chrono::hours kOnTheWay{1};

fs::path make_folder(db::Connection& connection) {
  const auto identity = db::transact(
      connection, [](db::Transaction& transaction) { return db::identity(transaction); });
  auto folder = state_folder() / "queue-roots" / std::to_string(identity);
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) throw system_error(error.value(), fmt::format("make the folder {}", folder.string()));
  return folder;
}

bool is_old(const fs::path& link, WallTime now) {
  struct stat facts{};
  if (::lstat(link.c_str(), &facts) != 0) return false;
  return WallTime(std::chrono::seconds(facts.st_mtime)) + kOnTheWay < now;
}

}  // namespace

QueueRoots::QueueRoots(db::Connection& connection)
    : connection_(connection), folder_(make_folder(connection)) {}

aio::Task<nix::StorePathSet> QueueRoots::keep(store::Store& store, nix::StorePathSet drvs) const {
  auto valid = co_await store.lock(std::move(drvs));
  for (const auto& drv : valid)
    co_await store.add_root(drv, folder_ / std::string(drv.base_name()));
  co_return valid;
}

void QueueRoots::prune(WallTime now) const {
  db::Transaction transaction(connection_, db::Access::read);
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder_, error)) {
    std::error_code ignored;
    const auto drv = fs::read_symlink(entry.path(), ignored);
    if (ignored || !is_old(entry.path(), now)) continue;
    if (!db::is_wanted(transaction, drv.string())) fs::remove(entry.path(), ignored);
  }
  transaction.commit();
}

}  // namespace firn::cli
