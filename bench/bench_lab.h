// SPDX-License-Identifier: Apache-2.0
// Where things are measured: a coordinator with firn and stock Nix, and one builder behind sshd.
#pragma once

#include "firn_events.h"
#include "lab/builder.h"
#include "measured_run.h"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace firn::bench {

/// Where the steps of a run are built.
enum class Place : std::uint8_t { coordinator, builder };

/// Slots there, in both places.
inline constexpr unsigned kSlots = 4;

struct FirnRun {
  Cost cost;
  FirnEvents events;
};

class BenchLab {
 public:
  BenchLab(const std::filesystem::path& firn, bool has_tmpfs_stores);

  const lab::Host& coordinator() const { return coordinator_; }

  const lab::Host& builder() const { return builder_.host(); }

  /// As ssh:// URI of a stock Nix.
  std::string builder_uri() const { return "ssh://" + builder_.name(); }

  /// As the coordinator's ssh knows it.
  const std::string& builder_name() const { return builder_.name(); }

  /// Derivations of our little Nix file: an attribute, then pairs of `--argstr`. They are new each
  /// time.
  std::vector<std::string> instantiate(std::string_view attribute,
                                       const std::vector<std::string>& arguments) const;

  /// Builds them; throws where firn fails or an output is not valid at the coordinator afterwards.
  FirnRun run_firn(Place place, const std::vector<std::string>& drvs) const;
  /// The same with stock Nix.
  Cost run_nix(Place place, const std::vector<std::string>& drvs) const;

  /// Any other command at the coordinator.
  MeasuredRun run_command(const std::vector<std::string>& argv) const;

  std::string add_to_store(const std::filesystem::path& path) const;
  /// Adds each file of the folder as a path of its own; the result refers to all of them.
  std::string add_each_to_store(const std::filesystem::path& folder) const;
  std::string output_of(const std::string& drv) const;

 private:
  void expect_outputs(const std::vector<std::string>& drvs) const;

  /// As found in the coordinator's PATH.
  std::string firn_;
  lab::CoordinatorHost coordinator_;
  lab::Builder builder_;
};

/// Deletes everything from that store that has no root.
void collect_garbage(const lab::Host& host);

/// Deletes the path from that store; waits a little for sessions that still hold it.
void delete_path(const lab::Host& host, const std::string& path);

}  // namespace firn::bench
