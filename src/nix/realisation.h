// SPDX-License-Identifier: Apache-2.0
// Which store path a derivation's output became: a realisation, or an entry of the build trace.
// Nix 2.35 and newer name the derivation by its path, 2.4 to 2.34 by its hash modulo. There is no
// way from one to the other without the derivation, so both are types of their own.
#pragma once

#include "base/hash.h"
#include "nix/signature.h"
#include "nix/store_path.h"

#include <compare>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace firn::nix {

/// An output of a derivation, named by the derivation's path: Nix 2.35 and newer.
struct DrvOutput {
  DrvPath drv;
  std::string output;

  /// "<base name>^<output>".
  std::string str() const;

  friend auto operator<=>(const DrvOutput&, const DrvOutput&) = default;
};

/// What `DrvOutput::str` writes, or the same with the store's folder in front. Throws
/// Error{invalid}.
DrvOutput parse_drv_output(std::string_view text);

/// The path that an output became, and who says so. The output is known from elsewhere: a map's
/// key, a file's name.
struct UnkeyedRealisation {
  StorePath out_path;
  /// Over `fingerprint`. Sorted when read from JSON.
  std::vector<std::string> signatures;

  friend bool operator==(const UnkeyedRealisation&, const UnkeyedRealisation&) = default;
};

struct Realisation {
  DrvOutput key;
  UnkeyedRealisation value;

  friend bool operator==(const Realisation&, const Realisation&) = default;
};

/// What is signed: the JSON of the whole without its signatures.
std::string fingerprint(const DrvOutput& key, const StorePath& out_path);

Json to_json(const DrvOutput& key);
DrvOutput drv_output_from(const JsonPlace& place);

/// {"outPath": …, "signatures": […]}, as a `.doi` file under build-trace-v2 holds it.
Json to_json(const UnkeyedRealisation& value);
UnkeyedRealisation unkeyed_realisation_from(const JsonPlace& place);

/// {"key": …, "value": …}.
Json to_json(const Realisation& realisation);
Realisation realisation_from(const JsonPlace& place);

/// An output of a derivation, named by the derivation's hash modulo: Nix 2.4 to 2.34. On the wire
/// it is `str()` in serve and worker protocols without the feature realisation-with-path-not-hash.
struct HashedDrvOutput {
  Hash hash_modulo;
  std::string output;

  /// "sha256:<base16>!<output>".
  std::string str() const;

  friend auto operator<=>(const HashedDrvOutput&, const HashedDrvOutput&) = default;
};

/// Takes the hash in any form with a prefix. Throws Error{invalid}.
HashedDrvOutput parse_hashed_drv_output(std::string_view text);

/// The form of Nix 2.4 to 2.34, in `realisations/*.doi` and on the wire.
struct HashedRealisation {
  HashedDrvOutput key;
  UnkeyedRealisation value;
  /// What it was built from. Always empty since 2.34.
  std::map<HashedDrvOutput, StorePath> dependencies;

  friend bool operator==(const HashedRealisation&, const HashedRealisation&) = default;
};

/// What is signed: the JSON without the signatures.
std::string fingerprint(const HashedRealisation& realisation);

/// {"dependentRealisations": {…}, "id": …, "outPath": …, "signatures": […]}. 2.34 writes signatures
/// as objects, older ones as texts.
Json to_json(const HashedRealisation& realisation, SignatureForm form);
/// Only "id" and "outPath" must be there.
HashedRealisation hashed_realisation_from(const JsonPlace& place);

}  // namespace firn::nix
