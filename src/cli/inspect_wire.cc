// SPDX-License-Identifier: Apache-2.0
#include "base/encoding.h"
#include "base/error.h"
#include "base/nearest.h"
#include "cli/inspect.h"
#include "wire/serve_catalog.h"
#include "wire/worker_catalog.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdint>
#include <sstream>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace firn::cli {

namespace {

using nlohmann::json;

/// Takes one message from the front of a stream.
using TakeMessage = std::function<void(json& out, wire::Replay& stream)>;

/// "2.7" → {2, 7}.
std::pair<unsigned, std::uint8_t> parse_version(std::string_view text) {
  const auto dot = text.find('.');
  unsigned major = 0;
  unsigned minor = 0;
  const auto* end = text.data() + text.size();
  const auto read = [](const char* from, const char* to, unsigned& number) {
    const auto [stop, error] = std::from_chars(from, to, number);
    return error == std::errc() && stop == to && from != to;
  };
  if (dot == std::string_view::npos || !read(text.data(), text.data() + dot, major) ||
      !read(text.data() + dot + 1, end, minor) || minor > 0xff) {
    throw Error(Kind::invalid, fmt::format("'{}' is no version of a protocol, such as 2.7", text));
  }
  return {major, static_cast<std::uint8_t>(minor)};
}

[[noreturn]] void refuse_name(std::string_view protocol,
                              std::string_view name,
                              const std::vector<std::string_view>& known) {
  const auto meant = nearest(name, known);
  throw Error(Kind::invalid,
              fmt::format("{} has no message '{}'{}",
                          protocol,
                          name,
                          meant ? fmt::format("; did you mean {}?", *meant)
                                : "; firn inspect wire --list names them"));
}

/// Looks a message up in a catalogue; it must exist at that version.
template <class Version>
TakeMessage find_in(wire::Catalog<Version> catalog,
                    const InspectMessage& options,
                    std::uint8_t minor,
                    Version version) {
  const auto* kind = wire::find_message(catalog, options.message);
  if (kind == nullptr) {
    std::vector<std::string_view> known;
    known.reserve(catalog.size());
    for (const auto& each : catalog)
      known.push_back(each.name);
    refuse_name(options.protocol, options.message, known);
  }
  if (minor < kind->since) {
    throw Error(Kind::invalid,
                fmt::format("{} {} has no {}, which came with {}.{}",
                            options.protocol,
                            options.version,
                            options.message,
                            options.version.substr(0, options.version.find('.')),
                            kind->since));
  }
  return [kind, version](json& out, wire::Replay& stream) { kind->take(out, stream, version); };
}

TakeMessage find_serve(const InspectMessage& options) {
  const auto [major, minor] = parse_version(options.version);
  const wire::ServeVersion version(minor);
  if (major != 2 || version > wire::kNewestServe)
    throw Error(
        Kind::invalid,
        fmt::format(
            "serve {} is not known, only 2.0 to {}", options.version, wire::kNewestServe.str()));
  return find_in(wire::serve_catalog(), options, minor, version);
}

/// "1.38+realisation-with-path-not-hash,submit-output".
TakeMessage find_worker(const InspectMessage& options) {
  const auto plus = std::min(options.version.find('+'), options.version.size());
  const auto [major, minor] = parse_version(std::string_view(options.version).substr(0, plus));
  wire::worker::Protocol protocol{.version = wire::WorkerVersion(minor), .features = {}};
  if (major != 1 || protocol.version > wire::kNewestWorker)
    throw Error(
        Kind::invalid,
        fmt::format(
            "worker {} is not known, only 1.0 to {}", options.version, wire::kNewestWorker.str()));
  std::istringstream words(options.version.substr(std::min(plus + 1, options.version.size())));
  std::vector<std::string> names;
  for (std::string name; std::getline(words, name, ',');)
    names.push_back(name);
  for (const auto& name : names) {
    if (wire::worker::FeatureSet::from_names({name}) == wire::worker::FeatureSet())
      throw Error(Kind::invalid, fmt::format("the worker protocol has no feature '{}'", name));
  }
  protocol.features = wire::worker::FeatureSet::from_names(names);
  return find_in(wire::worker::worker_catalog(), options, minor, protocol);
}

TakeMessage find_message(const InspectMessage& options) {
  if (options.protocol == "serve") return find_serve(options);
  if (options.protocol == "worker") return find_worker(options);
  throw Error(Kind::invalid,
              fmt::format("there is no protocol '{}', only serve and worker", options.protocol));
}

std::string bytes_of(const InspectMessage& options) {
  if (!options.hex) return read_input(options.file);
  std::string digits;
  for (const char c : *options.hex) {
    if (!std::isspace(static_cast<unsigned char>(c))) digits += c;
  }
  return decode_base16(digits);
}

}  // namespace

ExitCode inspect(const InspectMessage& options, Streams streams) {
  const auto take = find_message(options);
  const std::string bytes = bytes_of(options);
  wire::Replay stream({bytes});
  json all = json::array();
  do {
    try {
      take(all.emplace_back(), stream);
    } catch (Error& error) {
      if (!options.hex) error.add_context("reading " + options.file);
      if (all.back().is_null()) all.erase(all.end() - 1);
      if (!all.empty()) streams.out << pretty(options.many ? all : all[0]);
      throw;
    }
  } while (options.many && !stream.is_at_end());
  streams.out << pretty(options.many ? all : all[0]);
  if (stream.is_at_end()) return ExitCode::success;
  throw Error(
      Kind::invalid,
      fmt::format("{} ends at byte {} of the stream; {} bytes follow (--many reads several)",
                  options.message,
                  stream.offset(),
                  bytes.size() - stream.offset()));
}

namespace {

template <class Version>
void list(std::string_view protocol, wire::Catalog<Version> catalog, std::ostream& out) {
  for (const auto& kind : catalog)
    out << fmt::format("{}.{:<2}  {}\n", protocol, kind.since, kind.name);
}

}  // namespace

ExitCode inspect(const InspectMessageNames& /*options*/, Streams streams) {
  list("serve 2", wire::serve_catalog(), streams.out);
  list("worker 1", wire::worker::worker_catalog(), streams.out);
  return ExitCode::success;
}

}  // namespace firn::cli
