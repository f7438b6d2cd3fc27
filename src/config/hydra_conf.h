// SPDX-License-Identifier: Apache-2.0
// What hydra.conf says to a queue runner, and what is wrong with it.
#pragma once

#include "base/units.h"
#include "config/conf_lines.h"
#include "config/problem.h"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace firn::config {

/// The keys of the queue runner, under their names but for the last two. Without a file: Hydra's
/// defaults.
struct HydraConf {
  /// Empty = the local store. As it stands there: case counts in it.
  std::string store_uri{};
  bool use_substitutes = false;
  /// Only where the file says so. Hydra's default of 0 fails what has no machine at once.
  std::optional<std::chrono::seconds> max_unsupported_time{};
  std::uint32_t max_db_connections = 128;
  /// None = by the number of processors.
  std::optional<std::uint32_t> max_local_worker_threads{};
  ByteCount max_output_size = ByteCount(2ULL << 30U);
  /// 0 = no limit.
  ByteCount max_log_size = 64_MiB;
  bool upload_logs_to_binary_cache = false;
  /// Empty = below the state folder of Nix, by login.
  std::string gc_roots_dir{};
  /// queue_runner_metrics_address. HOST:PORT, checked.
  std::string metrics_address = "127.0.0.1:9198";
  /// xxx-jobset-repeats.
  std::string jobset_repeats{};
};

struct HydraConfiguration {
  /// Of keys without a problem; the defaults otherwise.
  HydraConf conf{};
  /// What `refusals` says is among them.
  std::vector<Problem> problems{};
};

/// What a file asks for that firn would have to ignore, to other results than Hydra's.
struct Refusal {
  std::string_view key;
  std::string message;
};

std::vector<Refusal> refusals(const HydraConf& conf);

/// Never throws for bad input. `file` is the name in problems, and the folder of relative includes.
/// Fatal are wrong values of the queue runner's keys, refusals, and what Hydra's web half would
/// refuse to read. Unknown and obsolete keys are warnings, and so is what Hydra's own queue runner
/// read differently: it knows neither blocks nor includes, and takes every '#' for a comment.
HydraConfiguration read_hydra_conf(std::string_view text,
                                   const std::string& file,
                                   const ConfReader& read);

/// Reads a file and what it includes. Throws Error where it cannot be read.
HydraConfiguration load_hydra_conf(const std::filesystem::path& file);

struct ListenAddress {
  std::string host;
  std::uint16_t port = 0;

  friend bool operator==(const ListenAddress&, const ListenAddress&) = default;
};

/// "HOST:PORT", with an IPv6 address in brackets, which the result is without. Nothing where it is
/// none.
std::optional<ListenAddress> read_listen_address(std::string_view text);

}  // namespace firn::config
