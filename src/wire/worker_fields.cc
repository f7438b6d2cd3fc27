// SPDX-License-Identifier: Apache-2.0
#include "wire/worker_fields.h"

#include "base/error.h"
#include "nix/json.h"
#include "wire/quote.h"

#include <limits>
#include <string_view>
#include <utility>
#include <variant>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace firn::wire {

template <>
nix::DerivedPath blank<nix::DerivedPath>() {
  return blank<nix::StorePath>();
}

template <>
worker::OutputId blank<worker::OutputId>() {
  return blank<nix::DrvOutput>();
}

template <>
nix::Realisation blank<nix::Realisation>() {
  return {.key = blank<nix::DrvOutput>(), .value = blank<nix::UnkeyedRealisation>()};
}

template <>
nix::HashedRealisation blank<nix::HashedRealisation>() {
  return {.key = blank<nix::HashedDrvOutput>(),
          .value = blank<nix::UnkeyedRealisation>(),
          .dependencies = {}};
}

template <>
worker::AnyRealisation blank<worker::AnyRealisation>() {
  return blank<nix::Realisation>();
}

namespace worker {

namespace {

constexpr Limit kDerivedPathLimit{.bytes = 64_KiB, .what = "a derived path"};
constexpr std::string_view kFixed = "fixed:";
constexpr std::string_view kOverNar = "r:";

/// Makes a value of a text, or fails at the text.
template <class Parse>
auto parsed(const Decoder& io, std::string_view text, std::string_view what, Parse parse) {
  try {
    return parse(text);
  } catch (const Error& error) {
    io.fail(what, fmt::format("{}: {}", in_quotes(text), error.message()));
  }
}

template <class Value>
void known_number(Decoder& io, Value& value, Value most, std::string_view what) {
  std::uint32_t number = 0;
  io.u32(number);
  if (number > static_cast<std::uint32_t>(most)) io.fail(what, fmt::to_string(number));
  value = static_cast<Value>(number);
}

/// What the agreed protocol does not speak of can't be sent.
template <class Wanted, class Given>
const Wanted& spoken_of(const Given& given, Protocol protocol) {
  if (const auto* wanted = std::get_if<Wanted>(&given)) return *wanted;
  throw Bug(fmt::format("a realisation in a form that worker {} does not know", protocol.str()));
}

void hashed_output(Encoder& io, const nix::HashedDrvOutput& output) {
  io.text(output.str(), kNameLimit);
}

void hashed_output(Decoder& io, nix::HashedDrvOutput& output) {
  std::string text;
  io.text(text, kNameLimit);
  if (io.is_short()) return;
  output = parsed(io, text, "a hash, '!' and an output", nix::parse_hashed_drv_output);
}

void hashed_realisation(Encoder& io, const nix::HashedRealisation& value) {
  io.text(nix::to_text(nix::to_json(value, nix::SignatureForm::text)), kJsonLimit);
}

void hashed_realisation(Decoder& io, nix::HashedRealisation& value) {
  std::string text;
  io.text(text, kJsonLimit);
  if (io.is_short()) return;
  value = parsed(io, text, "a realisation", [](std::string_view json) {
    const nix::Json document = nix::parse_json(json);
    return nix::hashed_realisation_from(nix::JsonPlace(document));
  });
}

/// A list that says by its length whether there is a value. True where it follows.
bool list_of_one(Decoder& io) {
  const auto items = io.count(0);
  if (items > 1) io.fail("at most one realisation", fmt::to_string(items));
  return items == 1;
}

}  // namespace

nix::PathInfo with_path(UnkeyedPathInfo info, nix::StorePath path) {
  return {.path = std::move(path),
          .deriver = std::move(info.deriver),
          .references = std::move(info.references),
          .nar_hash = info.nar_hash,
          .nar_size = info.nar_size,
          .ca = std::move(info.ca),
          .signatures = std::move(info.signatures),
          .registration_time = info.registration_time,
          .ultimate = info.ultimate};
}

void derived_path(Encoder& io, const nix::DerivedPath& path, Protocol protocol) {
  const bool is_new = has(protocol, Since::derivation_as_path);
  io.text(is_new ? nix::to_string(path, nix::OutputMark::bang) : nix::to_old_string(path),
          kDerivedPathLimit);
}

void derived_path(Decoder& io, nix::DerivedPath& path, Protocol protocol) {
  std::string text;
  io.text(text, kDerivedPathLimit);
  if (io.is_short()) return;
  path = parsed(io, text, kDerivedPathLimit.what, [&](std::string_view some) {
    return has(protocol, Since::derivation_as_path)
               ? nix::parse_derived_path(some, nix::OutputMark::bang)
               : nix::parse_old_derived_path(some);
  });
}

void derived_paths(Encoder& io, const std::vector<nix::DerivedPath>& paths, Protocol protocol) {
  io.u64(paths.size());
  for (const auto& path : paths)
    derived_path(io, path, protocol);
}

void derived_paths(Decoder& io, std::vector<nix::DerivedPath>& paths, Protocol protocol) {
  io.list(paths, kLeastPath, [&](auto& path) { derived_path(io, path, protocol); });
}

void build_mode(Encoder& io, BuildMode mode) {
  io.u8(static_cast<std::uint8_t>(mode));
}

void build_mode(Decoder& io, BuildMode& mode) {
  known_number(io, mode, BuildMode::check, "a build mode from 0 to 2");
}

void gc_action(Encoder& io, GcAction action) {
  io.u8(static_cast<std::uint8_t>(action));
}

void gc_action(Decoder& io, GcAction& action) {
  known_number(io, action, GcAction::delete_specific, "a garbage collection from 0 to 3");
}

void gc_paths(Encoder& io, const CollectGarbage& request, Protocol protocol) {
  const nix::StorePathSet paths = request.paths.value_or(nix::StorePathSet());
  if (!has(protocol, Feature::delete_dead_referrers)) return io.paths(paths);
  io.boolean(!request.paths.has_value());
  if (!request.paths) return;
  io.paths(paths);
  io.boolean(request.delete_referrers);
}

void gc_paths(Decoder& io, CollectGarbage& request, Protocol protocol) {
  nix::StorePathSet paths;
  bool is_whole = false;
  if (has(protocol, Feature::delete_dead_referrers)) {
    is_whole = io.tag();
    if (!is_whole) {
      io.paths(paths);
      io.boolean(request.delete_referrers);
    }
  } else {
    io.paths(paths);
    is_whole = request.action != GcAction::delete_specific && paths.empty();
  }
  if (!is_whole) request.paths = std::move(paths);
}

void base_name(Encoder& io, const nix::DrvPath& drv) {
  io.text(drv.path().base_name(), kPathLimit);
}

void base_name(Decoder& io, nix::DrvPath& drv) {
  std::string text;
  io.text(text, kPathLimit);
  if (io.is_short()) return;
  drv = parsed(io, text, "the base name of a derivation", [](std::string_view name) {
    return nix::DrvPath(nix::StorePath::from_base_name(name));
  });
}

void base_name(Encoder& io, const nix::StorePath& path) {
  io.text(path.base_name(), kPathLimit);
}

void base_name(Decoder& io, nix::StorePath& path) {
  std::string text;
  io.text(text, kPathLimit);
  if (io.is_short()) return;
  path = parsed(io, text, "the base name of a store path", nix::StorePath::from_base_name);
}

void old_method(Encoder& io, const std::string& method) {
  std::string_view algorithm = method;
  if (!algorithm.starts_with(kFixed)) {
    throw Error(Kind::invalid,
                fmt::format("{}: worker protocol 1.24 and older cannot add such a path",
                            in_quotes(method)));
  }
  algorithm.remove_prefix(kFixed.size());
  const bool is_over_nar = algorithm.starts_with(kOverNar);
  if (is_over_nar) algorithm.remove_prefix(kOverNar.size());
  io.boolean(!is_over_nar || algorithm != "sha256");
  io.boolean(is_over_nar);
  io.text(algorithm, kHashLimit);
}

void old_method(Decoder& io, std::string& method) {
  bool is_fixed = false;
  bool is_over_nar = false;
  std::string algorithm;
  io.boolean(is_fixed);
  is_over_nar = io.tag();
  io.text(algorithm, kHashLimit);
  method = is_fixed ? fmt::format("{}{}{}", kFixed, is_over_nar ? kOverNar : "", algorithm)
                    : "fixed:r:sha256";
}

void output_id(Encoder& io, const OutputId& output, Protocol protocol) {
  if (has(protocol, Feature::realisation_with_path)) {
    drv_output_fields(io, spoken_of<nix::DrvOutput>(output, protocol));
  } else {
    hashed_output(io, spoken_of<nix::HashedDrvOutput>(output, protocol));
  }
}

void output_id(Decoder& io, OutputId& output, Protocol protocol) {
  if (has(protocol, Feature::realisation_with_path)) {
    auto named = blank<nix::DrvOutput>();
    drv_output_fields(io, named);
    output = std::move(named);
  } else {
    hashed_output(io, output.emplace<nix::HashedDrvOutput>(blank<nix::HashedDrvOutput>()));
  }
}

void realisation(Encoder& io, const AnyRealisation& value, Protocol protocol) {
  if (has(protocol, Feature::realisation_with_path)) {
    const auto& named = spoken_of<nix::Realisation>(value, protocol);
    drv_output_fields(io, named.key);
    realisation_fields(io, named.value);
    return;
  }
  const auto& hashed = spoken_of<nix::HashedRealisation>(value, protocol);
  if (has(protocol, Since::json_realisations)) return hashed_realisation(io, hashed);
  hashed_output(io, hashed.key);
  base_name(io, hashed.value.out_path);
}

void realisation(Decoder& io, AnyRealisation& value, Protocol protocol) {
  if (has(protocol, Feature::realisation_with_path)) {
    auto named = blank<nix::Realisation>();
    drv_output_fields(io, named.key);
    realisation_fields(io, named.value);
    value = std::move(named);
    return;
  }
  auto& hashed = value.emplace<nix::HashedRealisation>(blank<nix::HashedRealisation>());
  if (has(protocol, Since::json_realisations)) return hashed_realisation(io, hashed);
  hashed_output(io, hashed.key);
  base_name(io, hashed.value.out_path);
}

void found_realisation(Encoder& io,
                       const std::optional<FoundRealisation>& found,
                       Protocol protocol) {
  io.boolean(found.has_value());
  if (!found) return;
  if (has(protocol, Feature::realisation_with_path)) {
    realisation_fields(io, spoken_of<nix::UnkeyedRealisation>(*found, protocol));
  } else if (has(protocol, Since::json_realisations)) {
    hashed_realisation(io, spoken_of<nix::HashedRealisation>(*found, protocol));
  } else {
    io.path(spoken_of<nix::UnkeyedRealisation>(*found, protocol).out_path);
  }
}

void found_realisation(Decoder& io, std::optional<FoundRealisation>& found, Protocol protocol) {
  const bool is_named = has(protocol, Feature::realisation_with_path);
  found.reset();
  if (!(is_named ? io.tag() : list_of_one(io))) return;
  if (!is_named && has(protocol, Since::json_realisations)) {
    auto hashed = blank<nix::HashedRealisation>();
    hashed_realisation(io, hashed);
    found = std::move(hashed);
    return;
  }
  auto unkeyed = blank<nix::UnkeyedRealisation>();
  if (is_named) {
    realisation_fields(io, unkeyed);
  } else {
    io.path(unkeyed.out_path);
  }
  found = std::move(unkeyed);
}

void verbose_build(Encoder& io, bool value) {
  io.u32(static_cast<std::uint32_t>(value ? Verbosity::error : Verbosity::vomit));
}

void verbose_build(Decoder& io, bool& value) {
  std::uint32_t number = 0;
  io.u32(number);
  value = number == 0;
}

void verbosity(Encoder& io, Verbosity value) {
  io.u32(static_cast<std::uint32_t>(value));
}

void verbosity(Decoder& io, Verbosity& value) {
  std::uint32_t number = 0;
  io.u32(number);
  value = static_cast<Verbosity>(number);
}

}  // namespace worker
}  // namespace firn::wire
