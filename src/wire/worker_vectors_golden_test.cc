// SPDX-License-Identifier: Apache-2.0
// Published vectors of the worker protocol, at every version there is one for: read to their value,
// written back byte for byte.
#include "base/error.h"
#include "support/wire_vectors.h"
#include "support/worker_samples.h"
#include "wire/worker_fields.h"
#include "wire/worker_handshake_fields.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace firn::wire::worker {
namespace {

using ::firn::testing::expect_vector;
using ::firn::testing::read_golden;
using ::firn::testing::values_of;
using ::firn::testing::VectorJson;
using ::firn::testing::versions_of;
using WorkerVectors = ::firn::testing::GoldenTest;

constexpr const char* kFamily = "worker-protocol";
constexpr Protocol kFeatured{.version = kNewestWorker,
                             .features = {Feature::realisation_with_path}};

Protocol protocol_of(const testing::Vector& vector) {
  return {.version = WorkerVersion(vector.minor), .features = {}};
}

/// By the agreement that the vector's name has.
template <class T>
void expect_at_its_version(const testing::Vector& vector, const std::vector<T>& expected) {
  const auto protocol = protocol_of(vector);
  expect_vector(vector.stem, expected, [&](auto& io, auto& value) { fields(io, value, protocol); });
}

nix::DerivedPath derived_path_of(const VectorJson& value) {
  if (value.is_string()) return testing::path_of(value);
  nix::BuiltPath built{.derivation = {.base = testing::path_of(value.at("drvPath")), .outputs = {}},
                       .outputs = {}};
  for (const std::string name : value.at("outputs")) {
    if (name != "*") built.outputs.names.insert(name);
  }
  return built;
}

KeyedBuildResult keyed_result_of(const VectorJson& value) {
  return {.target = derived_path_of(value.at("path")), .result = testing::build_result_of(value)};
}

UnkeyedPathInfo unkeyed_info_of(const VectorJson& value) {
  return testing::without_path(testing::path_info_of(value));
}

nix::Realisation realisation_of(const VectorJson& value) {
  return {.key = testing::drv_output_of(value.at("key")),
          .value = testing::realisation_of(value.at("value"))};
}

TEST_F(WorkerVectors, BuildModes) {
  const std::string stem = std::string(kFamily) + "/build-mode";
  const auto modes = values_of(stem, [](const VectorJson& value) {
    return static_cast<BuildMode>(value.get<std::uint8_t>());
  });
  expect_vector(stem, modes, [](auto& io, auto& mode) { build_mode(io, mode); });
}

TEST_F(WorkerVectors, BuildResults) {
  for (const auto& vector : versions_of(kFamily, "build-result-1."))
    expect_at_its_version(vector, values_of(vector.stem, testing::build_result_of));
  const std::string stem = std::string(kFamily) + "/build-result-realisation-with-path-not-hash";
  expect_vector(stem, values_of(stem, testing::build_result_of), [](auto& io, auto& result) {
    fields(io, result, kFeatured);
  });
}

TEST_F(WorkerVectors, KeyedBuildResults) {
  for (const auto& vector : versions_of(kFamily, "keyed-build-result-1."))
    expect_at_its_version(vector, values_of(vector.stem, keyed_result_of));
}

TEST_F(WorkerVectors, DerivedPaths) {
  for (const auto& vector : versions_of(kFamily, "derived-path-1.")) {
    const auto protocol = protocol_of(vector);
    expect_vector(vector.stem, values_of(vector.stem, derived_path_of), [&](auto& io, auto& path) {
      derived_path(io, path, protocol);
    });
  }
}

TEST_F(WorkerVectors, UnkeyedPathInfos) {
  for (const auto& vector : versions_of(kFamily, "unkeyed-valid-path-info-1."))
    expect_at_its_version(vector, values_of(vector.stem, unkeyed_info_of));
}

TEST_F(WorkerVectors, PathInfos) {
  for (const auto& vector : versions_of(kFamily, "valid-path-info-1."))
    expect_at_its_version(vector, values_of(vector.stem, testing::path_info_of));
}

TEST_F(WorkerVectors, AddedPathsHaveTheLayoutOf116) {
  const auto bytes = read_golden("worker-protocol/valid-path-info-1.16.bin");
  std::string written;
  for (const auto& info :
       values_of("worker-protocol/valid-path-info-1.16", testing::path_info_of)) {
    const auto rest = std::string_view(bytes).substr(written.size());
    EXPECT_EQ(std::get<Decoded<nix::PathInfo>>(decode_added_path(rest)).value, info);
    append_added_path(written, info);
  }
  EXPECT_EQ(written, bytes);
}

TEST_F(WorkerVectors, DerivationOutputs) {
  const std::string stem = "worker-protocol/drv-output-realisation-with-path-not-hash";
  const auto outputs = values_of(
      stem, [](const VectorJson& value) { return OutputId(testing::drv_output_of(value)); });
  expect_vector(stem, outputs, [](auto& io, auto& output) { output_id(io, output, kFeatured); });
}

TEST_F(WorkerVectors, Realisations) {
  const std::string stem = "worker-protocol/realisation-realisation-with-path-not-hash";
  const auto expected = values_of(
      stem, [](const VectorJson& value) { return AnyRealisation(realisation_of(value)); });
  expect_vector(stem, expected, [](auto& io, auto& value) { realisation(io, value, kFeatured); });
}

TEST_F(WorkerVectors, DaemonInfos) {
  const auto expect_infos = [](std::uint8_t minor, const std::vector<DaemonInfo>& infos) {
    const Protocol protocol{.version = WorkerVersion(minor), .features = {}};
    expect_vector("worker-protocol/client-handshake-info_1_" + std::to_string(minor),
                  infos,
                  [&](auto& io, auto& info) { fields(io, info, protocol); });
  };
  expect_infos(30, {DaemonInfo{}});
  expect_infos(35,
               {{.nix_version = "foo", .trust = Trust::not_trusted},
                {.nix_version = "bar", .trust = Trust::trusted}});
}

// Of a daemon that is too old for us: 1.10.
TEST_F(WorkerVectors, DaemonHello) {
  const auto bytes = read_golden("worker-protocol/handshake-to-client.bin");
  std::uint32_t version = 0;
  Decoder in(bytes);
  hello_fields(in, kDaemonMagic, version);
  EXPECT_EQ(parse_worker_version(version), WorkerVersion(10));
  std::string written;
  Encoder out(written);
  hello_fields(out, kDaemonMagic, version);
  EXPECT_EQ(written, bytes);
  EXPECT_THROW(ClientHandshake().feed(bytes), Error);
}

}  // namespace
}  // namespace firn::wire::worker
