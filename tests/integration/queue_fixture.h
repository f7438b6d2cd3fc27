// SPDX-License-Identifier: Apache-2.0
// A queue for tests: a database of Hydra's tables on PostgreSQL or SQLite, builds added as an
// evaluator adds them, and `firn queue-runner` on a host of its own.
#pragma once

#include "db/address.h"
#include "db/builds.h"
#include "db/connection.h"
#include "integration/farm_fixture.h"
#include "lab/postgres.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace firn::testing {

enum class Kept : std::uint8_t { on_postgresql, on_sqlite };

/// "postgresql" or "sqlite", as tests are named.
std::string name_of(const ::testing::TestParamInfo<Kept>& info);

/// Derivations that succeed, fail and take long, over each other.
inline constexpr std::string_view kQueueGraph = R"nix(rec {
  base = mk { name = "base"; script = "echo made > $out"; };
  top = mk { name = "top"; script = "mkdir -p $out/nix-support; cat ${base} > $out/doc.txt; echo \"file doc $out/doc.txt\" > $out/nix-support/hydra-build-products; echo 'size 7 KiB' > $out/nix-support/hydra-metrics; echo rel-1 > $out/nix-support/hydra-release-name"; };
  other = mk { name = "other"; script = "cat ${base} > $out; echo more >> $out"; };
  bad = mk { name = "bad"; script = "echo no such luck; exit 3"; };
  above = mk { name = "above"; script = "cat ${bad} > $out"; };
  slow = mk { name = "slow"; script = "echo begun; sleep 600; echo > $out"; };
})nix";

class QueueFixture : public FarmTest, public ::testing::WithParamInterface<Kept> {
 protected:
  void SetUp() override;

  /// One for all tests of the program.
  static lab::Postgres& cluster();

  /// Adds a build of an attribute, as an evaluator does: its derivation is rooted.
  db::BuildId add(const std::string& file, const std::string& attribute);

  /// From now on these are the machines of the runner.
  void use(const std::vector<const lab::Builder*>& builders) const;

  /// `firn queue-runner` with these arguments.
  std::vector<std::string> command(std::vector<std::string> arguments = {}) const;

  /// With which firn's commands find this queue.
  lab::RunOptions environment() const;

  lab::Process start();

  /// The one value of a question, as text.
  template <class... Parameters>
  std::string ask(const std::string& sql, const Parameters&... parameters) {
    const auto rows = connection_->execute("select x from (" + sql + ") as q", parameters...);
    return rows.empty() ? "nothing"
                        : rows[0].template get<std::optional<std::string>>("x").value_or("NULL");
  }

  /// "nothing" while it is unfinished.
  std::string status_of(db::BuildId build);

  bool ends(db::BuildId build);

  std::optional<lab::CoordinatorHost> home_;
  std::filesystem::path data_;
  std::string database_;
  std::optional<db::Address> address_;
  std::unique_ptr<db::Connection> connection_;
};

}  // namespace firn::testing
