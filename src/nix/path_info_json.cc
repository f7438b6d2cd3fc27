// SPDX-License-Identifier: Apache-2.0
#include "nix/path_info_json.h"

#include "nix/content_address_json.h"
#include "nix/signature.h"

#include <chrono>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace firn::nix {

namespace {

std::string path_text(const StorePath& path, PathInfoFormat format) {
  return format == PathInfoFormat::v1 ? path.str() : path.base_name();
}

StorePath path_from(const JsonPlace& place, PathInfoFormat format) {
  return format == PathInfoFormat::v1 ? place.parsed(parse_store_path)
                                      : place.parsed(StorePath::from_base_name);
}

Json content_address_json(const std::string& text, PathInfoFormat format) {
  if (text.empty()) return nullptr;
  if (format == PathInfoFormat::v1) return text;
  return to_json(parse_content_address(text));
}

std::string content_address_at(const JsonPlace& place) {
  return to_string(place.is_string() ? place.parsed(parse_content_address)
                                     : content_address_from(place));
}

PathInfoFormat format_of(const JsonPlace& place) {
  const auto version = place.find("version");
  if (!version) return PathInfoFormat::v1;
  const std::uint64_t number = version->number();
  if (number < 1 || number > 3) version->fail("a format from 1 to 3");
  return static_cast<PathInfoFormat>(number);
}

void check_store_dir(const JsonPlace& place, PathInfoFormat format) {
  const auto store_dir =
      format == PathInfoFormat::v1 ? place.find("storeDir") : place.at("storeDir");
  if (store_dir && store_dir->string() != kStoreDir) store_dir->fail(kStoreDir);
}

void add_impure(Json& json, const PathInfo& info, PathInfoFormat format) {
  const auto seconds = info.registration_time.time_since_epoch().count();
  json["deriver"] = info.deriver ? Json(path_text(*info.deriver, format)) : Json();
  json["registrationTime"] = seconds != 0 ? Json(seconds) : Json();
  json["ultimate"] = info.ultimate;
  json["signatures"] = signatures_json(
      info.signatures, format == PathInfoFormat::v3 ? SignatureForm::object : SignatureForm::text);
}

void read_impure(const JsonPlace& place, PathInfoFormat format, PathInfo& info) {
  if (const auto deriver = place.find_value("deriver")) info.deriver = path_from(*deriver, format);
  if (const auto time = place.find_value("registrationTime")) {
    info.registration_time = WallTime(std::chrono::seconds(time->positive()));
  }
  if (const auto ultimate = place.find("ultimate")) info.ultimate = ultimate->boolean();
  if (const auto list = place.find("signatures")) info.signatures = signatures_from(*list);
}

}  // namespace

Json to_json(const PathInfo& info, PathInfoFormat format, PathInfoPart part) {
  Json references = Json::array();
  for (const StorePath& reference : info.references)
    references.push_back(path_text(reference, format));
  Json json{{"version", static_cast<int>(format)},
            {"storeDir", kStoreDir},
            {"narHash", info.nar_hash ? Json(info.nar_hash->sri()) : Json()},
            {"narSize", info.nar_size.value()},
            {"references", std::move(references)},
            {"ca", content_address_json(info.ca, format)}};
  if (part == PathInfoPart::all) add_impure(json, info, format);
  return json;
}

PathInfo path_info_from(const JsonPlace& place, StorePath path) {
  const PathInfoFormat format = format_of(place);
  check_store_dir(place, format);
  PathInfo info{.path = std::move(path)};
  if (!place.at("narHash").is_null()) info.nar_hash = place.at("narHash").hash();
  info.nar_size = ByteCount(place.at("narSize").number());
  for (const JsonPlace& reference : place.at("references").items())
    info.references.insert(path_from(reference, format));
  if (const auto ca = place.find_value("ca")) info.ca = content_address_at(*ca);
  read_impure(place, format, info);
  return info;
}

Json keyed_json(const PathInfo& info) {
  Json json = to_json(info, PathInfoFormat::v3, PathInfoPart::all);
  json["path"] = info.path.base_name();
  return json;
}

PathInfo keyed_path_info_from(const JsonPlace& place) {
  return path_info_from(place, path_from(place.at("path"), format_of(place)));
}

}  // namespace firn::nix
