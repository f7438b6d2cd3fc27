// SPDX-License-Identifier: Apache-2.0
// Published vectors of the serve protocol, at every version there is one for: read to their value,
// written back byte for byte.
#include "support/wire_vectors.h"
#include "wire/serve_fields.h"
#include "wire/serve_handshake.h"

#include <chrono>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

namespace firn::wire {
namespace {

using ::firn::testing::expect_vector;
using ::firn::testing::read_golden;
using ::firn::testing::values_of;
using ::firn::testing::VectorJson;
using ::firn::testing::versions_of;
using ServeVectors = ::firn::testing::GoldenTest;

/// At the version that the vector's name has.
template <class T>
void expect_at_its_version(const testing::Vector& vector, const std::vector<T>& expected) {
  const ServeVersion version(vector.minor);
  expect_vector(vector.stem, expected, [&](auto& io, auto& value) { fields(io, value, version); });
}

// They have no JSON beside them.
TEST_F(ServeVectors, BuildOptions) {
  const std::string stem = "serve-protocol/build-options-2.";
  BuildOptions options{.max_silent_time = std::chrono::seconds(5),
                       .build_timeout = std::chrono::seconds(6)};
  expect_at_its_version({.stem = stem + "1", .minor = 1}, std::vector{options});
  options.max_log_size = ByteCount(7);
  expect_at_its_version({.stem = stem + "2", .minor = 2}, std::vector{options});
  options.repeats = 8;
  options.keep_failed = true;
  expect_at_its_version({.stem = stem + "7", .minor = 7}, std::vector{options});
}

TEST_F(ServeVectors, BuildResults) {
  for (const auto& vector : versions_of("serve-protocol", "build-result-2."))
    expect_at_its_version(vector, values_of(vector.stem, testing::build_result_of));
}

TEST_F(ServeVectors, PathInfos) {
  for (const auto& vector : versions_of("serve-protocol", "unkeyed-valid-path-info-2.")) {
    const ServeVersion version(vector.minor);
    expect_vector(vector.stem,
                  values_of(vector.stem, testing::path_info_of),
                  [&](auto& io, auto& info) { unkeyed_fields(io, info, version); });
  }
}

TEST_F(ServeVectors, DerivationOutputs) {
  for (const auto& vector : versions_of("serve-protocol", "drv-output-2.")) {
    expect_vector(vector.stem,
                  values_of(vector.stem, testing::drv_output_of),
                  [](auto& io, auto& output) { drv_output_fields(io, output); });
  }
}

TEST_F(ServeVectors, Realisations) {
  for (const auto& vector : versions_of("serve-protocol", "realisation-2.")) {
    const auto json = testing::json_of(vector.stem);
    const nix::Realisation expected{.key = testing::drv_output_of(json.at("key")),
                                    .value = testing::realisation_of(json.at("value"))};
    std::string written;
    Encoder out(written);
    drv_output_fields(out, expected.key);
    realisation_fields(out, expected.value);
    EXPECT_EQ(written, read_golden(vector.stem + ".bin"));
    auto read = expected;
    read.value.signatures.clear();
    Decoder in(written);
    drv_output_fields(in, read.key);
    realisation_fields(in, read.value);
    EXPECT_EQ(read, expected);
  }
}

TEST_F(ServeVectors, ServerHello) {
  const auto bytes = read_golden("serve-protocol/handshake-to-client.bin");
  EXPECT_EQ(std::get<Decoded<ServeVersion>>(read_server_hello(bytes)).value, ServeVersion(5));
  EXPECT_EQ(server_hello(ServeVersion(5)), bytes);
}

}  // namespace
}  // namespace firn::wire
