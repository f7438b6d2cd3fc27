// SPDX-License-Identifier: Apache-2.0
#include "nix/content_address_json.h"

#include <nlohmann/json.hpp>

namespace firn::nix {

Json to_json(const ContentAddress& address) {
  return {{"hash", address.hash.sri()}, {"method", to_string(address.method)}};
}

ContentAddress content_address_from(const JsonPlace& place) {
  const auto parse_any_hash = [](std::string_view text) { return parse_hash(text); };
  return {.method = place.at("method").parsed(parse_content_method),
          .hash = place.at("hash").parsed(parse_any_hash)};
}

}  // namespace firn::nix
