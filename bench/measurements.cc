// SPDX-License-Identifier: Apache-2.0
#include "measurements.h"

#include "step_measurements.h"
#include "transfer_measurements.h"

#include <array>
#include <cstdio>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

namespace firn::bench {

namespace {

constexpr auto kMeasurements = std::to_array<Measurement>({
    {.name = "local-steps",
     .what = "independent steps on this machine, beside nix-store --realise",
     .run = [](Bench& bench) { measure_independent_steps(bench, Place::coordinator); }},
    {.name = "local-chain",
     .what = "a chain of steps on this machine, beside nix-store --realise",
     .run = [](Bench& bench) { measure_chain(bench, Place::coordinator); }},
    {.name = "ssh-steps",
     .what = "independent steps on a builder, beside nix-store --realise --builders",
     .run = [](Bench& bench) { measure_independent_steps(bench, Place::builder); }},
    {.name = "ssh-chain",
     .what = "a chain of steps on a builder, beside nix-store --realise --builders",
     .run = [](Bench& bench) { measure_chain(bench, Place::builder); }},
    {.name = "big-input",
     .what = "a file of 1 GiB to a builder, beside nix copy --to",
     .run = measure_big_input},
    {.name = "big-output",
     .what = "a file of 1 GiB from a builder, beside nix copy --from",
     .run = measure_big_output},
    {.name = "small-files",
     .what = "20,000 small files to a builder, beside nix copy --to",
     .run = measure_small_files},
    {.name = "small-paths",
     .what = "20,000 small store paths to a builder, beside nix copy --to",
     .run = measure_small_paths},
});

}  // namespace

Bench::Bench(Options options) : options_(std::move(options)) {}

const BenchLab& Bench::lab() {
  if (!lab_) lab_ = std::make_unique<BenchLab>(options_.firn, false);
  return *lab_;
}

void Bench::settle() {
  ::sync();
  other_work_.look();
}

void Bench::say(std::string_view text) const {
  fmt::print(stderr, "{}\n", text);
}

std::span<const Measurement> measurements() {
  return kMeasurements;
}

}  // namespace firn::bench
