// SPDX-License-Identifier: Apache-2.0
#include "wire/built_outputs.h"

#include "base/error.h"
#include "wire/quote.h"

#include <optional>
#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace firn::wire {

namespace {

using Json = nlohmann::json;

/// Nothing deeper than the object's own members is kept, so a text of brackets costs no memory to
/// speak of.
Json parse_shallow(std::string_view text) {
  const auto keep = [](int depth, Json::parse_event_t /*event*/, const Json& /*value*/) {
    return depth <= 1;
  };
  return Json::parse(text, keep, /*allow_exceptions=*/false);
}

std::optional<std::string> find_out_path(std::string_view text) {
  const Json realisation = parse_shallow(text);
  if (!realisation.is_object()) return std::nullopt;
  const auto member = realisation.find("outPath");
  if (member == realisation.end() || !member->is_string()) return std::nullopt;
  return member->get<std::string>();
}

nix::StorePath out_path_of(const Decoder& io, std::string_view realisation) {
  const auto base_name = find_out_path(realisation);
  if (!base_name) io.fail("a JSON object with the text \"outPath\"", in_quotes(realisation));
  try {
    return nix::StorePath::from_base_name(*base_name);
  } catch (const Error& error) {
    io.fail("the base name of a store path as \"outPath\"",
            fmt::format("{}: {}", in_quotes(*base_name), error.message()));
  }
}

}  // namespace

void json_outputs(Encoder& io, const std::map<std::string, nix::StorePath>& outputs) {
  io.map(outputs, [&](const std::string& name, const nix::StorePath& path) {
    const auto id = fmt::format("sha256:{:0>64}!{}", "", name);
    io.text(id, kNameLimit);
    io.text(Json{{"id", id}, {"outPath", path.base_name()}}.dump(), kJsonLimit);
  });
}

void json_outputs(Decoder& io, std::map<std::string, nix::StorePath>& outputs) {
  io.map(outputs, [&](std::string& name, nix::StorePath& path) {
    std::string id;
    io.text(id, kNameLimit);
    if (io.is_short()) return;
    const auto mark = id.find('!');
    if (mark == std::string::npos) io.fail("a hash, '!' and the name of an output", in_quotes(id));
    name = id.substr(mark + 1);
    std::string realisation;
    io.text(realisation, kJsonLimit);
    if (!io.is_short()) path = out_path_of(io, realisation);
  });
}

}  // namespace firn::wire
