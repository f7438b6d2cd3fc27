// SPDX-License-Identifier: Apache-2.0
#include "eval/request.h"

#include "base/error.h"
#include "nix/outputs_spec.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

namespace firn::eval {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kDrvSuffix = ".drv";
constexpr int kMostLinks = 40;

/// The schemes of flake references (Nix 2.4 and newer). Plain http, https and file URLs are
/// files: nix-instantiate takes them for tarballs.
constexpr std::array<std::string_view, 11> kFlakeSchemes = {"flake:",
                                                            "path:",
                                                            "github:",
                                                            "gitlab:",
                                                            "sourcehut:",
                                                            "git:",
                                                            "git+",
                                                            "hg+",
                                                            "tarball+",
                                                            "tarball:",
                                                            "file+"};

bool is_in_store(const fs::path& path) {
  return path.parent_path() == nix::kStoreDir;
}

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

/// Follows symlinks until one names something directly in the store.
std::optional<fs::path> store_path_behind(fs::path path) {
  std::error_code error;
  path = fs::absolute(path, error).lexically_normal();
  for (int links = 0; !error && links < kMostLinks; ++links) {
    if (is_in_store(path)) return path;
    const fs::path target = fs::read_symlink(path, error);
    if (!error) path = (path.parent_path() / target).lexically_normal();
  }
  return std::nullopt;
}

struct Selected {
  std::string_view subject;
  /// None = no selector.
  std::optional<std::string_view> outputs;
};

/// Splits at a selector that follows ".drv".
Selected split_derivation(std::string_view input) {
  const auto mark = input.find_last_of("^!");
  if (mark == std::string_view::npos || !input.substr(0, mark).ends_with(kDrvSuffix))
    return {.subject = input, .outputs = {}};
  return {.subject = input.substr(0, mark), .outputs = input.substr(mark + 1)};
}

bool is_flake_folder(const fs::path& folder) {
  return is_there(folder / "flake.nix") && !is_there(folder / "default.nix");
}

bool is_flake_reference(std::string_view input) {
  return std::any_of(kFlakeSchemes.begin(), kFlakeSchemes.end(), [&](std::string_view scheme) {
    return input.starts_with(scheme);
  });
}

bool is_derivation_input(std::string_view input) {
  const fs::path subject(split_derivation(input).subject);
  if (subject.string().ends_with(kDrvSuffix)) return true;
  const auto path = store_path_behind(subject);
  return path && path->string().ends_with(kDrvSuffix);
}

std::string_view name_of(InputKind kind) {
  constexpr std::array<std::string_view, 3> kNames = {"a file", "a derivation", "an installable"};
  return kNames.at(static_cast<std::size_t>(kind));
}

void check_company(const Request& request, InputKind kind) {
  if (kind == InputKind::file && request.inputs.size() > 1) {
    throw Error(
        Kind::invalid,
        "'" + request.inputs[1] + "' is a second file; give one, and choose from it with -A");
  }
  if (kind == InputKind::installable && !request.attributes.empty()) {
    throw Error(Kind::invalid,
                "-A goes with a file; of a flake, write the attribute behind '#', as in .#" +
                    request.attributes.front());
  }
  if (kind == InputKind::derivation &&
      (!request.attributes.empty() || !request.arguments.empty())) {
    throw Error(Kind::invalid,
                "-A, --arg and --argstr go with something to evaluate, and '" + request.inputs[0] +
                    "' is a derivation already; leave them out");
  }
}

}  // namespace

InputKind classify(const std::string& input) {
  if (is_derivation_input(input)) return InputKind::derivation;
  if (input.starts_with('<')) return InputKind::file;
  if (is_there(input)) return is_flake_folder(input) ? InputKind::installable : InputKind::file;
  if (input.find_first_of("#^") != std::string::npos || is_flake_reference(input))
    return InputKind::installable;
  return InputKind::file;
}

InputKind kind_of(const Request& request) {
  if (request.inputs.empty()) {
    const bool is_flake = request.attributes.empty() && is_flake_folder(".");
    return is_flake ? InputKind::installable : InputKind::file;
  }
  const InputKind kind = classify(request.inputs.front());
  for (const auto& input : request.inputs) {
    const InputKind other = classify(input);
    if (other == kind) continue;
    throw Error(Kind::invalid,
                "'" + request.inputs.front() + "' is " + std::string(name_of(kind)) + " and '" +
                    input + "' is " + std::string(name_of(other)) +
                    "; give one file, or only derivations, or only installables");
  }
  check_company(request, kind);
  return kind;
}

Target parse_derivation_input(std::string_view input) {
  const Selected selected = split_derivation(input);
  const auto path = store_path_behind(selected.subject);
  if (!path) {
    const std::string subject(selected.subject);
    if (!is_there(subject)) throw Error(Kind::not_found, "no such derivation: " + subject);
    throw Error(Kind::invalid,
                subject + " is not in " + std::string(nix::kStoreDir) +
                    "; give the .drv by its store path or a symlink to it");
  }
  Target target{.drv = nix::DrvPath(nix::parse_store_path(path->native())), .outputs = {}};
  if (selected.outputs) target.outputs = nix::parse_outputs_spec(*selected.outputs).names;
  return target;
}

Installable parse_installable(std::string_view input) {
  const auto [reference, outputs] = nix::split_outputs_spec(input);
  Installable result{.reference = std::string(reference), .outputs = {}};
  if (outputs) {
    result.outputs = outputs->names;
    result.all_outputs = outputs->is_all();
  }
  return result;
}

}  // namespace firn::eval
