// SPDX-License-Identifier: Apache-2.0
#include "wire/worker_version.h"

#include "base/error.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace firn::wire {

namespace {

using worker::Feature;

/// Sorted by name.
constexpr std::array<std::pair<Feature, std::string_view>, 5> kFeatureNames{{
    {Feature::add_to_store_scanning, "add-to-store-scanning"},
    {Feature::delete_dead_referrers, "delete-dead-specific-referrers"},
    {Feature::disable_set_options, "disable-set-options"},
    {Feature::realisation_with_path, "realisation-with-path-not-hash"},
    {Feature::submit_output, "submit-output"},
}};

}  // namespace

std::string WorkerVersion::str() const {
  return fmt::format("1.{}", minor_);
}

WorkerVersion parse_worker_version(std::uint32_t number) {
  const std::uint32_t major = number >> 8U;
  if (major != 1) {
    throw Error(Kind::protocol,
                fmt::format("the other side speaks version {}.{} of the worker protocol, but only "
                            "{} to {} are understood",
                            major,
                            number & 0xffU,
                            kOldestWorker.str(),
                            kNewestWorker.str()));
  }
  return WorkerVersion(static_cast<std::uint8_t>(number & 0xffU));
}

std::string_view worker::to_string(Feature feature) {
  const auto* const entry =
      std::ranges::find(kFeatureNames, feature, &std::pair<Feature, std::string_view>::first);
  FIRN_CHECK(entry != kFeatureNames.end());
  return entry->second;
}

std::vector<std::string> worker::FeatureSet::names() const {
  std::vector<std::string> out;
  for (const auto& [feature, name] : kFeatureNames) {
    if (contains(feature)) out.emplace_back(name);
  }
  return out;
}

worker::FeatureSet worker::FeatureSet::from_names(const std::vector<std::string>& names) {
  FeatureSet set;
  for (const auto& [feature, name] : kFeatureNames) {
    if (std::ranges::find(names, name) != names.end()) set.bits_ |= bit(feature);
  }
  return set;
}

std::string worker::Protocol::str() const {
  const auto names = features.names();
  if (names.empty()) return version.str();
  return fmt::format("{} with {}", version.str(), fmt::join(names, ", "));
}

}  // namespace firn::wire
