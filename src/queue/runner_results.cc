// SPDX-License-Identifier: Apache-2.0
// The runner's second half: what is done with outputs once they are there.
#include "base/error.h"
#include "farm/build_products.h"
#include "farm/hydra_files.h"
#include "farm/outputs_on_disk.h"
#include "queue/clock.h"
#include "queue/runner.h"

#include <filesystem>
#include <fstream>
#include <utility>

#include <fmt/format.h>

namespace firn::queue {

using namespace std::chrono_literals;

namespace {

constexpr int kTries = 3;
constexpr Duration kPause = 2s;

/// QR-170. An empty file is a root by its name.
void make_roots(const std::string& folder, const nix::StorePathSet& outputs) {
  std::filesystem::create_directories(folder);
  for (const auto& path : outputs) {
    const auto file = farm::root_path(folder, path);
    if (!std::ofstream(file, std::ios::app))
      throw Error(Kind::permission, fmt::format("cannot make the root {}", file));
  }
}

nix::StorePathSet paths_of(const std::vector<db::StepOutput>& outputs) {
  nix::StorePathSet paths;
  for (const auto& output : outputs)
    if (output.path) paths.insert(nix::parse_store_path(*output.path));
  return paths;
}

farm::BuildProducts products_of(const std::vector<db::StepOutput>& outputs) {
  std::vector<farm::BuiltOutput> built;
  for (const auto& output : outputs)
    if (output.path)
      built.push_back({.name = output.name, .path = nix::parse_store_path(*output.path)});
  return farm::read_products(std::move(built));
}

db::Product row_of(const farm::Product& product) {
  return {.type = product.type,
          .subtype = product.subtype,
          .file_size = product.size ? std::optional(ByteCount(*product.size)) : std::nullopt,
          .sha256 = product.sha256 ? std::optional(product.sha256->encode(HashForm::base16))
                                   : std::nullopt,
          .path = product.path,
          .name = product.name,
          .default_path = product.default_path};
}

}  // namespace

void Runner::look_at(Built built, bool was_valid) {
  for (const auto build : built.builds)
    finishing_builds_.insert(build);
  finishing_.spawn(&Runner::finish, *this, std::move(built), was_valid);
}

aio::Task<void> Runner::finish(Built built, bool was_valid) {
  std::string reason;
  for (int tries = 1;; ++tries) {
    try {
      co_await try_to_finish(built, was_valid);
      co_return;
    } catch (const Error& e) {
      if (e.kind() == Kind::cancelled) throw;
      reason = e.what();
    }
    if (tries == kTries) break;
    co_await aio::sleep_for(loop_, kPause);
  }
  if (built.builds.empty()) options_.tell(reason);
  for (const auto build : built.builds)
    abort(build, built.drv.str(), reason);
}

aio::Task<void> Runner::try_to_finish(const Built& built, bool was_valid) {
  const auto turn = co_await looking_.acquire();
  const auto outputs = paths_of(built.outputs);
  co_await loop_.blocking().run(
      [folder = options_.roots_folder, outputs] { make_roots(folder, outputs); });
  if (built.builds.empty()) co_return;
  auto ended = co_await results_of(built, outputs, was_valid);
  const auto status = ended.builds.front().status;
  std::vector<Change> changes;
  changes.emplace_back(std::move(ended));
  writer_->add(std::move(changes));
  for (const auto build : built.builds)
    has_ended(build, status);
}

aio::Task<BuildsEnded> Runner::results_of(const Built& built,
                                          const nix::StorePathSet& outputs,
                                          bool was_valid) {
  const auto products =
      co_await loop_.blocking().run([outputs = built.outputs] { return products_of(outputs); });
  const auto infos = co_await store_.find_path_infos(co_await store_.closure(outputs));
  std::vector<const nix::PathInfo*> closure;
  closure.reserve(infos.size());
  for (const auto& info : infos)
    closure.push_back(&info);
  const auto sizes = farm::measure(closure, outputs);
  if (!was_valid) observer_.measured(built.machine_type, sizes.closure_size);
  BuildsEnded ended;
  for (const auto build : built.builds) {
    ended.builds.push_back(
        {.id = build,
         .status = products.has_failed ? db::Status::failed_with_output : db::Status::success,
         .start = built.start,
         .stop = built.stop,
         .is_cached = was_valid || build != built.owner,
         .size = sizes.size,
         .closure_size = sizes.closure_size,
         .release_name = products.release_name,
         .notification_pending_since = built.stop});
  }
  for (const auto& product : products.products)
    ended.products.push_back(row_of(product));
  for (const auto& metric : products.metrics)
    ended.metrics.push_back({.name = metric.name, .unit = metric.unit, .value = metric.value});
  co_return ended;
}

/// The build is over, and what is written of it is on its way.
void Runner::has_ended(db::BuildId build, db::Status status) {
  finishing_builds_.erase(build);
  book_.finished(build);
  ended_.insert_or_assign(build, writer_->added());
  observer_.build_ended(status);
  if (options_.only != build) return;
  only_status_ = status;
  stop();
}

}  // namespace firn::queue
