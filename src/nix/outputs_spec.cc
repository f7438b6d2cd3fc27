// SPDX-License-Identifier: Apache-2.0
#include "nix/outputs_spec.h"

#include "base/encoding.h"
#include "base/error.h"
#include "nix/store_path.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace firn::nix {

std::string to_string(const OutputsSpec& outputs) {
  return outputs.is_all() ? "*" : fmt::format("{}", fmt::join(outputs.names, ","));
}

OutputsSpec parse_outputs_spec(std::string_view text) {
  if (text == "*") return {};
  OutputsSpec outputs;
  std::size_t begin = 0;
  while (true) {
    const std::size_t comma = text.find(',', begin);
    const std::string_view name = text.substr(begin, comma - begin);
    if (!is_store_path_name(name)) {
      throw Error(Kind::invalid,
                  fmt::format("outputs {}: expected '*' or the name of an output at offset {}",
                              in_quotes(text),
                              begin));
    }
    outputs.names.emplace(name);
    if (comma == std::string_view::npos) return outputs;
    begin = comma + 1;
  }
}

std::pair<std::string_view, std::optional<OutputsSpec>> split_outputs_spec(std::string_view text) {
  const std::size_t mark = text.rfind('^');
  if (mark == std::string_view::npos) return {text, std::nullopt};
  return {text.substr(0, mark), parse_outputs_spec(text.substr(mark + 1))};
}

}  // namespace firn::nix
