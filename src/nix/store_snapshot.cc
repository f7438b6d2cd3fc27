// SPDX-License-Identifier: Apache-2.0
#include "nix/store_snapshot.h"

#include "nix/derivation_json.h"
#include "nix/path_info_json.h"

#include <utility>

#include <nlohmann/json.hpp>

namespace firn::nix {

namespace {

DrvPath drv_path_from(const std::string& base_name) {
  return DrvPath(StorePath::from_base_name(base_name));
}

StoredObject object_from(const StorePath& path, const JsonPlace& place) {
  return {.info = path_info_from(place.at("info"), path),
          .contents = file_tree_from(place.at("contents"))};
}

Derivation derivation_at(const DrvPath& path, const JsonPlace& place) {
  Named<Derivation> named = derivation_from(place);
  if (named.name != path.derivation_name()) place.at("name").fail("the name that the path has");
  return std::move(named.derivation);
}

}  // namespace

Json to_json(const StoreSnapshot& snapshot) {
  Json contents = Json::object();
  for (const auto& [path, object] : snapshot.objects) {
    contents[path.base_name()] = {
        {"info", to_json(object.info, PathInfoFormat::v3, PathInfoPart::all)},
        {"contents", to_json(object.contents)}};
  }
  Json derivations = Json::object();
  for (const auto& [path, derivation] : snapshot.derivations)
    derivations[path.path().base_name()] = to_json(derivation, path.derivation_name());
  Json trace = Json::object();
  for (const auto& [key, value] : snapshot.build_trace)
    trace[key.drv.path().base_name()][key.output] = to_json(value);
  return {{"config", {{"store", kStoreDir}}},
          {"contents", std::move(contents)},
          {"derivations", std::move(derivations)},
          {"buildTrace", std::move(trace)}};
}

StoreSnapshot store_snapshot_from(const JsonPlace& place) {
  const JsonPlace folder = place.at("config").at("store");
  if (folder.string() != kStoreDir) folder.fail(kStoreDir);
  StoreSnapshot snapshot;
  for (const auto& [name, object] : place.at("contents").members()) {
    const StorePath path = StorePath::from_base_name(name);
    snapshot.objects.emplace(path, object_from(path, object));
  }
  for (const auto& [name, derivation] : place.at("derivations").members()) {
    const DrvPath path = drv_path_from(name);
    snapshot.derivations.emplace(path, derivation_at(path, derivation));
  }
  for (const auto& [name, outputs] : place.at("buildTrace").members()) {
    const DrvPath drv = drv_path_from(name);
    for (const auto& [output, value] : outputs.members()) {
      snapshot.build_trace.emplace(DrvOutput{.drv = drv, .output = output},
                                   unkeyed_realisation_from(value));
    }
  }
  return snapshot;
}

}  // namespace firn::nix
