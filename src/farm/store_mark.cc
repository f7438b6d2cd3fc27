// SPDX-License-Identifier: Apache-2.0
#include "farm/store_mark.h"

#include "base/error.h"
#include "base/hash.h"
#include "nix/content_address.h"
#include "nix/nar_writer.h"
#include "nix/store_path_computation.h"

#include <random>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace firn::farm {

namespace {

std::string random_text() {
  std::random_device source;
  return fmt::format("firn looks for this in the stores of builders: {:08x}{:08x}{:08x}{:08x}\n",
                     source(),
                     source(),
                     source(),
                     source());
}

std::string nar_of(const std::string& text) {
  std::string nar;
  nix::NarWriter writer(nar);
  writer.begin_archive();
  writer.begin_file(false, text.size());
  writer.data(text);
  writer.end_file(text.size());
  return nar;
}

class WholeNar final : public store::NarStream {
 public:
  explicit WholeNar(const std::string& nar) : left_(as_bytes(nar)) {}

  aio::Task<Bytes> next() override { co_return std::exchange(left_, {}); }

 private:
  Bytes left_;
};

}  // namespace

aio::Task<nix::StorePath> StoreMark::path() {
  const auto alone = co_await alone_.acquire();
  if (path_) {
    const auto valid = co_await store_.valid({*path_});
    if (valid.contains(*path_)) co_return *path_;
  }
  path_ = co_await make();
  co_return *path_;
}

aio::Task<nix::StorePath> StoreMark::make() {
  const std::string nar = nar_of(random_text());
  const nix::ContentAddress address{.method = nix::ContentMethod::nar,
                                    .hash = hash_of(HashAlgorithm::sha256, nar)};
  const nix::PathInfo info{.path = nix::content_addressed_path("firn-mark", address),
                           .nar_hash = address.hash,
                           .nar_size = ByteCount(nar.size()),
                           .ca = nix::to_string(address)};
  WholeNar stream(nar);
  co_await store_.add(info, stream);
  co_return info.path;
}

aio::Task<bool> has_mark(store::BuilderConnection& connection, nix::StorePath mark) {
  try {
    const auto valid = co_await connection.valid({mark});
    co_return valid.contains(mark);
  } catch (const Error& e) {
    if (e.message().find("is not in the Nix store") == std::string::npos) throw;
  }
  throw Error(Kind::invalid,
              fmt::format("{} keeps its store in another folder than /nix/store, so no path can be "
                          "exchanged with it; unset NIX_STORE_DIR there, install a Nix that uses "
                          "/nix/store, or take the machine out of the list",
                          connection.machine()));
}

}  // namespace firn::farm
