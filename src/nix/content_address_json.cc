// SPDX-License-Identifier: Apache-2.0
#include "nix/content_address_json.h"

#include <nlohmann/json.hpp>

namespace firn::nix {

Json to_json(const ContentAddress& address) {
  return {{"hash", address.hash.sri()}, {"method", to_string(address.method)}};
}

ContentAddress content_address_from(const JsonPlace& place) {
  return {.method = place.at("method").parsed(parse_content_method),
          .hash = place.at("hash").hash()};
}

}  // namespace firn::nix
