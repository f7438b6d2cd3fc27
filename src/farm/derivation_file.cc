// SPDX-License-Identifier: Apache-2.0
#include "farm/derivation_file.h"

#include "aio/pool.h"
#include "base/error.h"

#include <fstream>
#include <iterator>
#include <utility>

#include <fmt/format.h>

namespace firn::farm {

namespace {

void check_inputs(const nix::Derivation& derivation) {
  if (derivation.dynamic_inputs.empty()) return;
  const auto& input = *derivation.dynamic_inputs.begin();
  throw Error(Kind::invalid,
              fmt::format("it needs {}, an output of a derivation that another one makes; such "
                          "dynamic derivations are not supported; build it with Nix itself",
                          nix::to_string(input, nix::OutputMark::caret)));
}

}  // namespace

nix::Derivation read_derivation(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  if (!stream.is_open() || stream.bad())
    throw Error(Kind::not_found, fmt::format("cannot read {}", file));
  try {
    auto derivation = nix::parse_derivation(text);
    check_inputs(derivation);
    return derivation;
  } catch (Error& e) {
    e.add_context("reading " + file);
    throw;
  }
}

nix::StorePath output_path(const nix::DrvPath& drv,
                           const nix::BasicDerivation& derivation,
                           const std::string& output) {
  const auto found = derivation.outputs.find(output);
  if (found == derivation.outputs.end())
    throw Error(Kind::invalid, fmt::format("{} has no output '{}'", drv.str(), output));
  const auto& path = found->second.path;
  if (!path) {
    throw Error(Kind::invalid,
                fmt::format("{}: the path of its output '{}' is known only after it was built; "
                            "firn builds input-addressed and fixed-output "
                            "derivations",
                            drv.str(),
                            output));
  }
  return *path;
}

aio::Task<Order> read_order(aio::Loop& loop, store::Store& store, nix::DrvPath drv) {
  // Paths are of our own store: where they are is known without asking.
  const auto location = [&store](const nix::DrvPath& of) { return store.location(of.path()); };
  auto file = location(drv);
  auto derivation =
      co_await loop.blocking().run([file = std::move(file)] { return read_derivation(file); });
  std::vector<std::pair<nix::DrvPath, std::string>> inputs;
  inputs.reserve(derivation.input_derivations.size());
  for (const auto& [input, names] : derivation.input_derivations)
    inputs.emplace_back(input, location(input));
  auto read = co_await loop.blocking().run([inputs = std::move(inputs)] {
    std::vector<nix::Derivation> all;
    all.reserve(inputs.size());
    for (const auto& [input, at] : inputs)
      all.push_back(read_derivation(at));
    return all;
  });
  Order order{.drv = std::move(drv),
              .derivation = static_cast<const nix::BasicDerivation&>(derivation),
              .input_derivations = derivation.input_derivations.size()};
  std::size_t place = 0;
  for (const auto& [input, names] : derivation.input_derivations) {
    for (const auto& name : names)
      order.derivation.input_sources.insert(output_path(input, read.at(place), name));
    ++place;
  }
  co_return order;
}

}  // namespace firn::farm
