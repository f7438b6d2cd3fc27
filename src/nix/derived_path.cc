// SPDX-License-Identifier: Apache-2.0
#include "nix/derived_path.h"

#include "base/encoding.h"
#include "base/error.h"

#include <utility>

#include <fmt/format.h>

namespace firn::nix {

namespace {

void check_derivation(const SingleDerivedPath& path) {
  if (path.is_opaque() && !path.base.is_derivation()) {
    throw Error(Kind::invalid,
                fmt::format("{} is no derivation: it has no outputs", path.base.str()));
  }
}

}  // namespace

SingleDerivedPath SingleDerivedPath::derivation() const {
  FIRN_CHECK(!is_opaque());
  return {.base = base, .outputs = {outputs.begin(), outputs.end() - 1}};
}

std::strong_ordering operator<=>(const SingleDerivedPath& a, const SingleDerivedPath& b) {
  if (const auto order = a.outputs.size() <=> b.outputs.size(); order != 0) return order;
  if (const auto order = a.base <=> b.base; order != 0) return order;
  return a.outputs <=> b.outputs;
}

std::string to_string(const SingleDerivedPath& path, OutputMark mark) {
  std::string text = path.base.str();
  for (const std::string& output : path.outputs) {
    text += static_cast<char>(mark);
    text += output;
  }
  return text;
}

SingleDerivedPath parse_single_derived_path(std::string_view text, OutputMark mark) {
  const std::size_t end = text.find(static_cast<char>(mark));
  SingleDerivedPath path{.base = parse_store_path(text.substr(0, end)), .outputs = {}};
  for (std::size_t at = end; at != std::string_view::npos;) {
    check_derivation(path);
    const std::size_t begin = at + 1;
    at = text.find(static_cast<char>(mark), begin);
    const std::string_view output = text.substr(begin, at - begin);
    if (!is_store_path_name(output)) {
      throw Error(
          Kind::invalid,
          fmt::format("{}: expected the name of an output at offset {}", in_quotes(text), begin));
    }
    path.outputs.emplace_back(output);
  }
  return path;
}

std::string to_string(const DerivedPath& path, OutputMark mark) {
  if (const auto* opaque = std::get_if<StorePath>(&path)) return opaque->str();
  const auto& built = std::get<BuiltPath>(path);
  return fmt::format("{}{}{}",
                     to_string(built.derivation, mark),
                     static_cast<char>(mark),
                     to_string(built.outputs));
}

DerivedPath parse_derived_path(std::string_view text, OutputMark mark) {
  const std::size_t end = text.rfind(static_cast<char>(mark));
  if (end == std::string_view::npos) return parse_store_path(text);
  BuiltPath built{.derivation = parse_single_derived_path(text.substr(0, end), mark),
                  .outputs = parse_outputs_spec(text.substr(end + 1))};
  check_derivation(built.derivation);
  return built;
}

std::string to_old_string(const DerivedPath& path) {
  const auto* opaque = std::get_if<StorePath>(&path);
  if (opaque != nullptr && !opaque->is_derivation()) return opaque->str();
  const auto* built = std::get_if<BuiltPath>(&path);
  if (built == nullptr || !built->derivation.is_opaque()) {
    throw Error(Kind::invalid,
                fmt::format("{}: worker protocol 1.29 and older cannot ask for this",
                            to_string(path, OutputMark::caret)));
  }
  if (built->outputs.is_all()) return built->derivation.base.str();
  return to_string(path, OutputMark::bang);
}

DerivedPath parse_old_derived_path(std::string_view text) {
  DerivedPath path = parse_derived_path(text, OutputMark::bang);
  auto* opaque = std::get_if<StorePath>(&path);
  if (opaque == nullptr || !opaque->is_derivation()) return path;
  return BuiltPath{.derivation = {.base = std::move(*opaque), .outputs = {}}, .outputs = {}};
}

}  // namespace firn::nix
