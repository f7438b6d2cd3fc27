// SPDX-License-Identifier: Apache-2.0
// Nix's JSON forms. What can be read is written, and read again as the same.
#include "nix/build_result_json.h"
#include "nix/content_address_json.h"
#include "nix/derivation_json.h"
#include "nix/derivation_options.h"
#include "nix/derived_path_json.h"
#include "nix/file_tree.h"
#include "nix/json.h"
#include "nix/nar_listing.h"
#include "nix/narinfo.h"
#include "nix/path_info_json.h"
#include "nix/realisation.h"
#include "nix/store_snapshot.h"
#include "targets.h"

#include <array>

#include <nlohmann/json.hpp>

namespace firn::fuzz {

namespace {

/// `from(place)` reads a value, `to(value)` writes it.
template <class From, class To>
void require_same(std::string_view bytes, From from, To to) {
  allow_errors([&] {
    const auto document = nix::parse_json(bytes);
    const auto value = from(nix::JsonPlace(document));
    const nix::Json written = to(value);
    require(from(nix::JsonPlace(written)) == value, "JSON is read as it was written");
  });
}

constexpr std::string_view kHash = "sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=";
constexpr std::string_view kBase = "g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q-a";

std::string filled(std::string text) {
  for (const auto& [mark, value] :
       {std::pair<std::string_view, std::string_view>{"%H", kHash}, {"%P", kBase}}) {
    for (auto at = text.find(mark); at != std::string::npos; at = text.find(mark))
      text.replace(at, mark.size(), value);
  }
  return text;
}

void path_info(std::string_view bytes) {
  using nix::PathInfoFormat;
  using nix::PathInfoPart;
  const auto path = nix::StorePath::from_base_name(kBase);
  require_same(
      bytes, nix::keyed_path_info_from, [](const auto& value) { return nix::keyed_json(value); });
  require_same(
      bytes,
      [&](const nix::JsonPlace& place) { return nix::narinfo_from(place, path); },
      [](const auto& value) { return to_json(value, PathInfoFormat::v3, PathInfoPart::all); });
  require_same(
      bytes, nix::content_address_from, [](const auto& value) { return nix::to_json(value); });
}

std::vector<std::string> path_info_seeds() {
  return {
      filled(
          R"({"path":"%P","version":3,"storeDir":"/nix/store","narHash":"%H","narSize":7,)"
          R"("references":["%P"],"ca":{"method":"nar","hash":"%H"},"deriver":null,)"
          R"("registrationTime":5,"ultimate":true,"signatures":[{"keyName":"k","sig":"AA=="}]})"),
      filled(R"({"path":"/nix/store/%P","narHash":"%H","narSize":7,"references":[],)"
             R"("ca":"fixed:r:%H","signatures":["k:AA=="]})")};
}

void realisation(std::string_view bytes) {
  require_same(bytes, nix::realisation_from, [](const auto& value) { return to_json(value); });
  require_same(bytes, nix::hashed_realisation_from, [](const auto& value) {
    return to_json(value, nix::SignatureForm::object);
  });
  require_same(
      bytes, nix::unkeyed_realisation_from, [](const auto& value) { return to_json(value); });
}

std::vector<std::string> realisation_seeds() {
  const std::string id = "sha256:" + std::string(64, 'a') + "!out";
  return {filled(R"({"key":{"drvPath":"%P.drv","outputName":"out"},)"
                 R"("value":{"outPath":"%P","signatures":["k:AA=="]}})"),
          filled(R"({"id":")" + id + R"(","outPath":"%P","signatures":["k:AA=="],)" +
                 R"("dependentRealisations":{")" + id + R"(":"%P"}})")};
}

void build_result(std::string_view bytes) {
  require_same(
      bytes, nix::build_result_from, [](const auto& value) { return nix::to_json(value); });
  require_same(bytes, nix::keyed_build_result_from, [](const auto& value) {
    return nix::keyed_json(value.first, value.second);
  });
}

std::vector<std::string> build_result_seeds() {
  return {filled(R"({"success":true,"status":"Built","timesBuilt":1,"startTime":3,"stopTime":5,)"
                 R"("cpuUser":7,"builtOutputs":{"out":{"outPath":"%P","signatures":[]}}})"),
          filled(R"({"success":false,"status":"HashMismatch","errorMsg":"","timesBuilt":0,)"
                 R"("isNonDeterministic":false,"startTime":0,"stopTime":0,)"
                 R"("path":{"drvPath":"%P.drv","outputs":["*"]}})"),
          R"({"success":false,"status":"TimedOut","errorMsg":"x","isNonDeterministic":false,)"
          R"("timesBuilt":1,"startTime":3,"stopTime":0})"};
}

void listing(std::string_view bytes) {
  allow_errors([&] {
    const auto listing = nix::parse_listing_file(bytes);
    const auto text = nix::listing_file(listing, nix::ListingForm::since_2_35);
    require(text.has_value(), "what was JSON is UTF-8");
    require(nix::parse_listing_file(*text) == listing, "a listing is read as it was written");
  });
}

std::vector<std::string> listing_seeds() {
  return {R"({"version":1,"root":{"type":"directory","entries":{"a":{"type":"regular","size":3,)"
          R"("narOffset":400,"executable":true},"b":{"type":"symlink","target":"a"}}}})"};
}

void file_tree(std::string_view bytes) {
  require_same(bytes, nix::file_tree_from, [](const auto& value) { return nix::to_json(value); });
}

std::vector<std::string> file_tree_seeds() {
  return {R"({"type":"directory","entries":{"a":{"type":"regular","contents":"x",)"
          R"("executable":false},"b":{"type":"symlink","target":"a"}}})"};
}

void derivation(std::string_view bytes) {
  require_same(bytes, nix::derivation_from, [](const auto& value) {
    return nix::to_json(value.derivation, value.name);
  });
  require_same(bytes, nix::basic_derivation_from, [](const auto& value) {
    return nix::to_json(value.derivation, value.name);
  });
  require_same(
      bytes, nix::derivation_options_from, [](const auto& value) { return nix::to_json(value); });
  require_same(
      bytes, nix::derived_path_from, [](const auto& value) { return nix::to_json(value); });
}

std::vector<std::string> derivation_seeds() {
  return {filled(R"({"version":4,"name":"a","system":"s","builder":"b","args":["x"],)"
                 R"("env":{"k":"v"},"inputs":{"srcs":["%P"],"drvs":{"%P.drv":{"outputs":["out"],)"
                 R"("dynamicOutputs":{}}}},"outputs":{"out":{"path":"%P"}}})"),
          filled(R"({"version":4,"name":"a","system":"s","builder":"b","args":[],"env":{},)"
                 R"("inputs":["%P"],"outputs":{"out":{"method":"nar","hashAlgo":"sha256"}}})"),
          filled(R"({"version":4,"name":"a","system":"s","builder":"b","args":[],"env":{},)"
                 R"("inputs":{"srcs":[],"drvs":{}},"structuredAttrs":{"k":[1,null]},)"
                 R"("outputs":{"out":{"method":"flat","hash":"%H"}}})"),
          filled(R"({"drvPath":{"drvPath":"%P.drv","output":"out"},"outputs":["*"]})"),
          filled(R"({"outputChecks":{"forAllOutputs":{"allowedReferences":["out"],)"
                 R"("disallowedReferences":[],"ignoreSelfRefs":true}},"noChroot":true})")};
}

void store_snapshot(std::string_view bytes) {
  require_same(
      bytes, nix::store_snapshot_from, [](const auto& value) { return nix::to_json(value); });
}

std::vector<std::string> store_snapshot_seeds() {
  return {
      filled(R"({"config":{"store":"/nix/store"},"buildTrace":{"%P.drv":{"out":)"
             R"({"outPath":"%P","signatures":[]}}},"derivations":{},"contents":{"%P":)"
             R"({"contents":{"type":"symlink","target":"x"},"info":{"version":3,)"
             R"("storeDir":"/nix/store","ca":null,"deriver":null,"narHash":"%H","narSize":7,)"
             R"("references":[],"registrationTime":null,"signatures":[],"ultimate":false}}}})")};
}

constexpr auto kTargets = std::to_array<Target>({
    {.name = "derivation-json", .read = derivation, .seeds = derivation_seeds},
    {.name = "path-info-json", .read = path_info, .seeds = path_info_seeds},
    {.name = "realisation-json", .read = realisation, .seeds = realisation_seeds},
    {.name = "build-result-json", .read = build_result, .seeds = build_result_seeds},
    {.name = "listing-json", .read = listing, .seeds = listing_seeds},
    {.name = "file-tree-json", .read = file_tree, .seeds = file_tree_seeds},
    {.name = "store-json", .read = store_snapshot, .seeds = store_snapshot_seeds},
});

}  // namespace

std::span<const Target> json_targets() {
  return kTargets;
}

}  // namespace firn::fuzz
