// SPDX-License-Identifier: Apache-2.0
#include "wire/built_outputs.h"

#include "base/error.h"
#include "nix/json.h"
#include "nix/realisation.h"
#include "nix/signature.h"
#include "wire/quote.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace firn::wire {

namespace {

using nix::Json;

/// Keeps the two members that are of use, so that a text of brackets costs no memory to speak of.
Json parse_realisation(std::string_view text) {
  const auto keep = [](int depth, Json::parse_event_t event, const Json& value) {
    constexpr int kSignatureMember = 4;
    if (event != Json::parse_event_t::key || depth > 1) return depth < kSignatureMember;
    return value == "outPath" || value == "signatures";
  };
  return Json::parse(text, keep, /*allow_exceptions=*/false);
}

std::vector<std::string> signatures_of(const nix::JsonPlace& realisation) {
  try {
    const auto list = realisation.find("signatures");
    return list ? nix::signatures_from(*list) : std::vector<std::string>();
  } catch (const Error&) {
    return {};
  }
}

nix::UnkeyedRealisation realisation_of(const Decoder& io, std::string_view text) {
  try {
    const Json json = parse_realisation(text);
    const nix::JsonPlace place(json);
    return {.out_path = place.at("outPath").parsed(nix::StorePath::from_base_name),
            .signatures = signatures_of(place)};
  } catch (const Error& error) {
    io.fail("a JSON object with the base name \"outPath\"",
            fmt::format("{}: {}", in_quotes(text), error.message()));
  }
}

std::optional<Hash> find_hash(std::string_view text) {
  try {
    const Hash hash = parse_hash(text);
    const auto digits = hash.encode(HashForm::base16);
    if (digits.find_first_not_of('0') == std::string::npos) return std::nullopt;
    return hash;
  } catch (const Error&) {
    return std::nullopt;
  }
}

std::string zeros_with(const std::string& output) {
  return fmt::format("sha256:{:0>64}!{}", "", output);
}

}  // namespace

void json_outputs(Encoder& io, const nix::BuildResult& result) {
  io.map(result.built_outputs,
         [&](const std::string& name, const nix::UnkeyedRealisation& realisation) {
           std::string id = zeros_with(name);
           Json json = {{"id", id}, {"outPath", realisation.out_path.base_name()}};
           if (result.hash_modulo) {
             const nix::HashedDrvOutput key{.hash_modulo = *result.hash_modulo, .output = name};
             id = key.str();
             json = nix::to_json({.key = key, .value = realisation, .dependencies = {}},
                                 nix::SignatureForm::text);
           }
           io.text(id, kNameLimit);
           io.text(json.dump(), kJsonLimit);
         });
}

void json_outputs(Decoder& io, nix::BuildResult& result) {
  bool is_first = true;
  result.hash_modulo.reset();
  io.map(result.built_outputs, [&](std::string& name, nix::UnkeyedRealisation& realisation) {
    std::string id;
    io.text(id, kNameLimit);
    if (io.is_short()) return;
    const auto mark = id.find('!');
    if (mark == std::string::npos) io.fail("a hash, '!' and the name of an output", in_quotes(id));
    name = id.substr(mark + 1);
    const auto hash = find_hash(std::string_view(id).substr(0, mark));
    if (is_first) result.hash_modulo = hash;
    if (result.hash_modulo != hash) result.hash_modulo.reset();
    is_first = false;
    std::string text;
    io.text(text, kJsonLimit);
    if (!io.is_short()) realisation = realisation_of(io, text);
  });
}

}  // namespace firn::wire
