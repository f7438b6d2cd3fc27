// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"
#include "cli/inspect.h"
#include "nix/narinfo.h"
#include "nix/signature.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace firn::cli {

namespace {

/// Throws Error{invalid} where no signature is by one of `keys`.
void verify(const nix::PathInfo& info, const nix::TrustedKeys& keys) {
  if (keys.empty() || keys.count_valid(nix::fingerprint(info), info.signatures) > 0) return;
  throw Error(Kind::invalid, "no signature is by a key that was given");
}

}  // namespace

ExitCode inspect(const InspectNarinfo& options, Streams streams) {
  const auto keys = nix::TrustedKeys::parse(fmt::format("{}", fmt::join(options.keys, " ")));
  try {
    const auto narinfo = nix::parse_narinfo(read_input(options.file));
    nlohmann::json out = nix::to_json(narinfo, nix::PathInfoFormat::v3, nix::PathInfoPart::all);
    out["path"] = narinfo.info.path.base_name();
    out["fingerprint"] = nix::fingerprint(narinfo.info);
    streams.out << pretty(out);
    verify(narinfo.info, keys);
  } catch (Error& error) {
    error.add_context("reading " + options.file);
    throw;
  }
  return ExitCode::success;
}

}  // namespace firn::cli
