// SPDX-License-Identifier: Apache-2.0
// Published vectors of the serve protocol and of what all protocols share: read to their value,
// written back byte for byte.
#include "base/hash.h"
#include "support/golden.h"
#include "support/wire_checks.h"
#include "wire/serve_fields.h"
#include "wire/serve_handshake.h"

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace firn::wire {
namespace {

using Json = nlohmann::json;
using WireGolden = ::firn::testing::GoldenTest;
using ::firn::testing::read_golden;

/// The vector holds a tuple of as many values as `expected`; `visit(io, value)` reads or writes
/// one.
template <class T, class Visit>
void expect_vector(const std::string& file, const std::vector<T>& expected, Visit visit) {
  SCOPED_TRACE(file);
  const auto bytes = read_golden(file);
  const auto read = [&](std::string_view some, std::vector<T>& values) {
    Decoder io(some);
    for (std::size_t i = 0; i < expected.size() && !io.is_short(); ++i) {
      values.push_back(blank<T>());
      visit(io, values.back());
    }
    return io.missing();
  };
  std::vector<T> values;
  EXPECT_EQ(read(bytes, values), 0U);
  EXPECT_EQ(values, expected);
  std::string written;
  Encoder io(written);
  for (const auto& value : expected)
    visit(io, value);
  EXPECT_EQ(written, bytes);
  const auto missing = [&](std::string_view some) {
    std::vector<T> ignored;
    return read(some, ignored);
  };
  testing::expect_asks_for_more(bytes, missing);
  testing::expect_survives_changes(bytes, missing);
}

Json json_of(const std::string& vector) {
  return Json::parse(read_golden(vector + ".json"));
}

std::optional<nix::StorePath> path_or_none(const Json& value) {
  if (value.is_null()) return std::nullopt;
  return nix::StorePath::from_base_name(value.get<std::string>());
}

WallTime time_of(const Json& value) {
  return WallTime(std::chrono::seconds(value.get<std::int64_t>()));
}

std::string content_address_of(const Json& value) {
  if (value.is_null()) return "";
  const std::map<std::string, std::string> prefixes = {
      {"text", "text:"}, {"flat", "fixed:"}, {"nar", "fixed:r:"}};
  return prefixes.at(value.at("method")) +
         parse_hash(value.at("hash").get<std::string>()).prefixed(HashForm::nix32);
}

std::vector<std::string> signatures_of(const Json& list) {
  std::vector<std::string> out;
  for (const auto& item : list) {
    out.push_back(item.at("keyName").get<std::string>() + ":" + item.at("sig").get<std::string>());
  }
  return out;
}

nix::BuildResult build_result_of(const Json& value) {
  const std::map<std::string, nix::BuildStatus> statuses = {
      {"Built", nix::BuildStatus::built},
      {"OutputRejected", nix::BuildStatus::output_rejected},
      {"NotDeterministic", nix::BuildStatus::not_deterministic}};
  nix::BuildResult result;
  result.status = statuses.at(value.at("status"));
  result.error_message = value.value("errorMsg", "");
  result.times_built = value.at("timesBuilt");
  result.is_non_deterministic = value.value("isNonDeterministic", false);
  result.start_time = time_of(value.at("startTime"));
  result.stop_time = time_of(value.at("stopTime"));
  for (const auto& [name, output] : value.value("builtOutputs", Json::object()).items()) {
    result.built_outputs.insert_or_assign(
        name,
        nix::UnkeyedRealisation{
            .out_path = nix::StorePath::from_base_name(output.at("outPath").get<std::string>()),
            .signatures = signatures_of(output.at("signatures"))});
    if (!output.contains("id")) continue;
    result.hash_modulo =
        nix::parse_hashed_drv_output(output.at("id").get<std::string>()).hash_modulo;
  }
  return result;
}

/// The vector has no path; both sides of the comparison have the blank one.
nix::PathInfo path_info_of(const Json& value) {
  auto info = blank<nix::PathInfo>();
  info.deriver = path_or_none(value.at("deriver"));
  for (const auto& path : value.at("references"))
    info.references.insert(*path_or_none(path));
  info.nar_hash = parse_hash(value.at("narHash").get<std::string>());
  info.nar_size = ByteCount(value.at("narSize"));
  info.ca = content_address_of(value.at("ca"));
  info.signatures = signatures_of(value.at("signatures"));
  return info;
}

TEST_F(WireGolden, Texts) {
  for (const std::string family : {"common-protocol", "serve-protocol"}) {
    const auto file = family + "/string";
    expect_vector(file + ".bin",
                  json_of(file).get<std::vector<std::string>>(),
                  [](auto& io, auto& text) { io.text(text, kNameLimit); });
  }
}

void expect_lists(const std::string& file) {
  using Texts = std::vector<std::string>;
  const auto json = json_of(file);
  const auto bytes = read_golden(file + ".bin");
  Decoder in(bytes);
  std::vector<Texts> first(3);
  for (auto& texts : first)
    in.texts(texts, kNameLimit);
  EXPECT_EQ(first, (std::vector<Texts>{json.at(0), json.at(1), json.at(2)}));
  std::vector<Texts> last(in.count(8));
  for (auto& texts : last)
    in.texts(texts, kNameLimit);
  EXPECT_EQ(last, json.at(3).get<std::vector<Texts>>());
  EXPECT_EQ(in.consumed(), bytes.size());
  std::string written;
  Encoder out(written);
  for (const auto& texts : first)
    out.texts(texts, kNameLimit);
  out.u64(last.size());
  for (const auto& texts : last)
    out.texts(texts, kNameLimit);
  EXPECT_EQ(written, bytes);
}

TEST_F(WireGolden, Lists) {
  expect_lists("common-protocol/vector");
  expect_lists("serve-protocol/vector");
}

// No command carries these; they show that the primitives read what other protocols are made of.
TEST_F(WireGolden, DerivationOutputs) {
  const auto visit = [](auto& io, auto& text) { io.text(text, kNameLimit); };
  for (const std::string family : {"common-protocol", "serve-protocol"}) {
    const auto file = family + "/drv-output";
    expect_vector(file + ".bin", json_of(file).get<std::vector<std::string>>(), visit);
  }
  std::vector<std::string> binary;
  for (const auto& output : json_of("serve-protocol/drv-output-2.8")) {
    binary.push_back(path_or_none(output.at("drvPath"))->str());
    binary.push_back(output.at("outputName"));
  }
  expect_vector("serve-protocol/drv-output-2.8.bin", binary, visit);
}

TEST_F(WireGolden, Realisations) {
  for (const std::string family : {"common-protocol", "serve-protocol"}) {
    std::vector<std::string> texts;
    for (const auto& value : json_of(family + "/realisation"))
      texts.push_back(value.dump());
    expect_vector(family + "/realisation.bin", texts, [](auto& io, auto& text) {
      io.text(text, kJsonLimit);
    });
  }
  const auto json = json_of("serve-protocol/realisation-2.8");
  const auto& value = json.at("value");
  const auto signatures = signatures_of(value.at("signatures"));
  std::string written;
  Encoder io(written);
  io.path(nix::DrvPath(*path_or_none(json.at("key").at("drvPath"))));
  io.text(json.at("key").at("outputName").get<std::string>(), kNameLimit);
  io.path(*path_or_none(value.at("outPath")));
  io.texts(signatures, kSignatureLimit);
  EXPECT_EQ(written, read_golden("serve-protocol/realisation-2.8.bin"));
}

TEST_F(WireGolden, Paths) {
  for (const std::string family : {"common-protocol", "serve-protocol"}) {
    std::vector<nix::StorePath> paths;
    for (const auto& path : json_of(family + "/store-path"))
      paths.push_back(*path_or_none(path));
    expect_vector(family + "/store-path.bin", paths, [](auto& io, auto& path) { io.path(path); });
    std::vector<std::optional<nix::StorePath>> optionals;
    for (const auto& path : json_of(family + "/optional-store-path"))
      optionals.push_back(path_or_none(path));
    expect_vector(family + "/optional-store-path.bin", optionals, [](auto& io, auto& path) {
      io.optional_path(path);
    });
  }
}

TEST_F(WireGolden, ContentAddresses) {
  for (const std::string family : {"common-protocol", "serve-protocol"}) {
    std::vector<std::string> texts;
    for (const auto& value : json_of(family + "/content-address"))
      texts.push_back(content_address_of(value));
    expect_vector(family + "/content-address.bin", texts, [](auto& io, auto& text) {
      io.text(text, kContentAddressLimit);
    });
  }
}

TEST_F(WireGolden, BuildOptions) {
  BuildOptions options{.max_silent_time = std::chrono::seconds(5),
                       .build_timeout = std::chrono::seconds(6)};
  const auto expect = [&](std::uint8_t minor) {
    expect_vector("serve-protocol/build-options-2." + std::to_string(minor) + ".bin",
                  std::vector{options},
                  [&](auto& io, auto& value) { fields(io, value, ServeVersion(minor)); });
  };
  expect(1);
  options.max_log_size = ByteCount(7);
  expect(2);
  options.repeats = 8;
  options.keep_failed = true;
  expect(7);
}

TEST_F(WireGolden, BuildResults) {
  for (const auto minor : std::initializer_list<std::uint8_t>{2, 6, 8}) {
    const auto file = "serve-protocol/build-result-2." + std::to_string(minor);
    std::vector<nix::BuildResult> results;
    for (const auto& value : json_of(file))
      results.push_back(build_result_of(value));
    const auto visit = [&](auto& io, auto& value) { fields(io, value, ServeVersion(minor)); };
    expect_vector(file + ".bin", results, visit);
  }
}

TEST_F(WireGolden, PathInfos) {
  const std::string file = "serve-protocol/unkeyed-valid-path-info-2.4";
  std::vector<nix::PathInfo> infos;
  for (const auto& value : json_of(file))
    infos.push_back(path_info_of(value));
  expect_vector(file + ".bin", infos, [](auto& io, auto& info) {
    unkeyed_fields(io, info, ServeVersion(4));
  });
}

TEST_F(WireGolden, ServerHello) {
  const auto bytes = read_golden("serve-protocol/handshake-to-client.bin");
  EXPECT_EQ(std::get<Decoded<ServeVersion>>(read_server_hello(bytes)).value, ServeVersion(5));
  EXPECT_EQ(server_hello(ServeVersion(5)), bytes);
}

}  // namespace
}  // namespace firn::wire
