// SPDX-License-Identifier: Apache-2.0
// Published vectors of the protocols, and the values that the JSON beside them stands for. A vector
// is found by its name; those of one structure differ by the version in the name.
#pragma once

#include "base/hash.h"
#include "nix/build_result.h"
#include "nix/path_info.h"
#include "support/golden.h"
#include "support/wire_checks.h"
#include "wire/codec.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace firn::testing {

using VectorJson = nlohmann::json;

/// A vector's path without its ending, and the minor version in its name; 0 where there is none.
struct Vector {
  std::string stem;
  std::uint8_t minor = 0;
};

/// The vectors of `family` whose names start with `prefix`, such as "build-result-2.", and go on
/// with a number.
inline std::vector<Vector> versions_of(const std::string& family, const std::string& prefix) {
  std::vector<Vector> out;
  for (const auto& file : golden_files(family, ".bin")) {
    const auto name = file.stem().string();
    unsigned minor = 0;
    if (!name.starts_with(prefix)) continue;
    const auto* const end = name.data() + name.size();
    if (std::from_chars(name.data() + prefix.size(), end, minor).ec != std::errc()) continue;
    out.push_back({.stem = family + "/" + name, .minor = static_cast<std::uint8_t>(minor)});
  }
  EXPECT_FALSE(out.empty()) << "no vector " << family << "/" << prefix;
  return out;
}

/// The vectors of this name: every family has those of what all protocols share.
inline std::vector<std::string> shared_vectors(const std::string& name) {
  std::vector<std::string> out;
  for (const std::string family : {"common-protocol", "serve-protocol", "worker-protocol"}) {
    auto stem = family + "/" + name;
    if (std::filesystem::exists(golden_dir() / (stem + ".bin"))) out.push_back(std::move(stem));
  }
  return out;
}

inline VectorJson json_of(const std::string& stem) {
  return VectorJson::parse(read_golden(stem + ".json"));
}

/// Reads `expected.size()` values, one after another; `visit(io, value)` reads or writes one.
template <class T, class Visit>
std::uint64_t read_values(std::string_view bytes,
                          std::size_t count,
                          Visit visit,
                          std::vector<T>& values) {
  wire::Decoder io(bytes);
  for (std::size_t i = 0; i < count && !io.is_short(); ++i) {
    values.push_back(wire::blank<T>());
    visit(io, values.back());
  }
  EXPECT_TRUE(io.is_short() || io.consumed() <= bytes.size());
  return io.missing();
}

/// The vector holds as many values as `expected`: it is read to them, and written from them.
template <class T, class Visit>
void expect_vector(const std::string& stem, const std::vector<T>& expected, Visit visit) {
  SCOPED_TRACE(stem);
  const auto bytes = read_golden(stem + ".bin");
  std::vector<T> values;
  EXPECT_EQ(read_values(bytes, expected.size(), visit, values), 0U);
  EXPECT_EQ(values, expected);
  std::string written;
  wire::Encoder io(written);
  for (const auto& value : expected)
    visit(io, value);
  EXPECT_EQ(written, bytes);
  const auto missing = [&](std::string_view some) {
    std::vector<T> ignored;
    return read_values(some, expected.size(), visit, ignored);
  };
  expect_asks_for_more(bytes, missing);
  expect_survives_changes(bytes, missing);
}

/// What `convert` makes of each item of the vector's JSON, or of all of it.
template <class Convert>
auto values_of(const std::string& stem, Convert convert) {
  const auto json = json_of(stem);
  std::vector<decltype(convert(json))> out;
  if (!json.is_array()) return std::vector{convert(json)};
  for (const auto& item : json)
    out.push_back(convert(item));
  return out;
}

inline nix::StorePath path_of(const VectorJson& value) {
  return nix::StorePath::from_base_name(value.get<std::string>());
}

inline std::optional<nix::StorePath> path_or_none(const VectorJson& value) {
  if (value.is_null()) return std::nullopt;
  return path_of(value);
}

inline WallTime time_of(const VectorJson& value) {
  return WallTime(std::chrono::seconds(value.get<std::int64_t>()));
}

inline std::string content_address_of(const VectorJson& value) {
  if (value.is_null()) return "";
  const std::map<std::string, std::string> prefixes = {
      {"text", "text:"}, {"flat", "fixed:"}, {"nar", "fixed:r:"}, {"git", "fixed:git:"}};
  return prefixes.at(value.at("method")) +
         parse_hash(value.at("hash").get<std::string>()).prefixed(HashForm::nix32);
}

inline std::vector<std::string> signatures_of(const VectorJson& list) {
  std::vector<std::string> out;
  for (const auto& item : list) {
    out.push_back(item.is_string() ? item.get<std::string>()
                                   : item.at("keyName").get<std::string>() + ":" +
                                         item.at("sig").get<std::string>());
  }
  return out;
}

inline nix::DrvOutput drv_output_of(const VectorJson& value) {
  return {.drv = nix::DrvPath(path_of(value.at("drvPath"))), .output = value.at("outputName")};
}

inline nix::UnkeyedRealisation realisation_of(const VectorJson& value) {
  return {.out_path = path_of(value.at("outPath")),
          .signatures = signatures_of(value.at("signatures"))};
}

inline nix::BuildStatus status_of(const std::string& name) {
  for (std::uint8_t number = 0; nix::is_known(nix::BuildStatus{number}); ++number) {
    if (nix::to_string(nix::BuildStatus{number}) == name) return nix::BuildStatus{number};
  }
  throw std::runtime_error("no status " + name);
}

inline nix::BuildResult build_result_of(const VectorJson& value) {
  const auto microseconds = [&](const char* key) -> std::optional<std::chrono::microseconds> {
    if (!value.contains(key)) return std::nullopt;
    return std::chrono::microseconds(value.at(key).get<std::int64_t>());
  };
  nix::BuildResult result{.status = status_of(value.at("status")),
                          .error_message = value.value("errorMsg", ""),
                          .times_built = value.at("timesBuilt"),
                          .is_non_deterministic = value.value("isNonDeterministic", false),
                          .start_time = time_of(value.at("startTime")),
                          .stop_time = time_of(value.at("stopTime")),
                          .cpu_user = microseconds("cpuUser"),
                          .cpu_system = microseconds("cpuSystem"),
                          .built_outputs = {},
                          .hash_modulo = {}};
  // Named: before C++23's P2718, which GCC 12 lacks, a temporary dies before the loop.
  const VectorJson outputs = value.value("builtOutputs", VectorJson::object());
  for (const auto& [name, output] : outputs.items()) {
    result.built_outputs.insert_or_assign(name, realisation_of(output));
    if (!output.contains("id")) continue;
    const std::string id = output.at("id");
    result.hash_modulo = nix::parse_hashed_drv_output(id).hash_modulo;
  }
  return result;
}

/// Some vectors have no path: both sides of the comparison have the blank one then.
inline nix::PathInfo path_info_of(const VectorJson& value) {
  auto info = wire::blank<nix::PathInfo>();
  if (value.contains("path")) info.path = path_of(value.at("path"));
  info.deriver = path_or_none(value.at("deriver"));
  for (const auto& path : value.at("references"))
    info.references.insert(path_of(path));
  if (!value.at("narHash").is_null())
    info.nar_hash = parse_hash(value.at("narHash").get<std::string>());
  info.nar_size = ByteCount(value.at("narSize"));
  info.ca = content_address_of(value.at("ca"));
  info.signatures = signatures_of(value.at("signatures"));
  if (const auto time = value.value("registrationTime", VectorJson()); !time.is_null())
    info.registration_time = time_of(time);
  info.ultimate = value.value("ultimate", false);
  return info;
}

}  // namespace firn::testing
