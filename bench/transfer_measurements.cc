// SPDX-License-Identifier: Apache-2.0
#include "transfer_measurements.h"

#include "ready_upload.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <fstream>
#include <functional>
#include <optional>
#include <random>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace firn::bench {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kBigFile = std::uint64_t{1} << 30U;
constexpr int kFolders = 200;
constexpr int kFilesEach = 100;
/// 20,000 of these on average make 79 MiB.
constexpr std::uint64_t kSmallest = 142;
constexpr std::uint64_t kLargest = 8142;

class RandomFiles {
 public:
  void write(const fs::path& path, std::uint64_t size) {
    std::ofstream out(path, std::ios::binary);
    out.exceptions(std::ios::failbit | std::ios::badbit);
    for (std::uint64_t left = size; left > 0;) {
      for (auto& word : block_)
        word = engine_();
      const auto part = std::min<std::uint64_t>(left, sizeof block_);
      out.write(reinterpret_cast<const char*>(block_.data()), static_cast<std::streamsize>(part));
      left -= part;
    }
  }

  std::uint64_t between(std::uint64_t low, std::uint64_t high) {
    return std::uniform_int_distribution<std::uint64_t>(low, high)(engine_);
  }

 private:
  std::mt19937_64 engine_{20'000};
  std::array<std::uint64_t, 8192> block_{};
};

constexpr int kPaths = 20'000;

void write_big_file(const fs::path& path) {
  RandomFiles().write(path, kBigFile);
}

void write_small_files(const fs::path& folder) {
  RandomFiles files;
  for (int i = 0; i < kFolders; ++i) {
    const auto below = folder / fmt::format("part-{}", i);
    fs::create_directories(below);
    for (int j = 0; j < kFilesEach; ++j)
      files.write(below / fmt::format("file-{}", j), files.between(kSmallest, kLargest));
  }
}

void write_tiny_files(const fs::path& folder) {
  RandomFiles files;
  fs::create_directories(folder);
  for (int i = 0; i < kPaths; ++i)
    files.write(folder / fmt::format("tiny-{}", i), kSmallest);
}

/// The same transfer by both programs, round by round.
struct Transfer {
  std::string what;
  /// Of firn's phases.
  std::string phase;
  std::optional<Aim> aim;
  RunSeries ours;
  RunSeries peers{};
  /// The same bytes made ready beforehand; empty where that was not measured.
  RunSeries floor{};

  Transfer(std::string name, std::string phase_name, std::optional<Aim> wanted)
      : what(std::move(name)),
        phase(std::move(phase_name)),
        aim(wanted),
        ours{.what = "firn: " + what},
        peers{.what = "nix copy: " + what},
        floor{.what = "floor, ready bytes into ssh: " + what} {}

  void add(Bench& bench, const FirnRun& firn, const Cost& nix);
  void report(Bench& bench) const;
};

void Transfer::add(Bench& bench, const FirnRun& firn, const Cost& nix) {
  const auto connecting = firn.events.phase("connecting");
  const auto moving = firn.events.phase(phase);
  ours.costs.push_back(firn.cost);
  ours.add_part("connecting", connecting);
  ours.add_part(phase, moving);
  ours.add_part("both", connecting + moving);
  peers.costs.push_back(nix);
  bench.say(fmt::format("{}, round {}: firn {} {:.2f} s, whole {:.2f} s, nix copy {:.2f} s",
                        what,
                        ours.costs.size(),
                        phase,
                        moving.count(),
                        firn.cost.wall.count(),
                        nix.wall.count()));
}

void Transfer::report(Bench& bench) const {
  const auto add = [&](std::string name, std::vector<double> times, std::optional<Aim> wanted) {
    bench.report().figures.push_back({.what = std::move(name),
                                      .unit = "s",
                                      .better = Better::lower,
                                      .ours = std::move(times),
                                      .peers = peers.walls(),
                                      .aim = wanted});
  };
  add(fmt::format("{}: connecting, {}", what, phase), ours.part("both"), aim);
  add(fmt::format("{}: the whole build", what), ours.walls(), std::nullopt);
  bench.report().runs.push_back(ours);
  bench.report().runs.push_back(peers);
  if (!floor.costs.empty()) bench.report().runs.push_back(floor);
}

std::vector<std::string> nix_copy(std::string_view direction,
                                  const std::string& uri,
                                  const std::string& path) {
  return {"nix", "copy", "--no-check-sigs", std::string(direction), uri, path};
}

/// `forget` takes the path, and what only it needs, from the builder again.
void measure_input(Bench& bench,
                   const BenchLab& lab,
                   const std::string& path,
                   Transfer transfer,
                   const std::function<void()>& forget) {
  for (int round = 1; round <= bench.options().rounds; ++round) {
    const auto drvs = lab.instantiate("consumer", {"input", path});
    bench.settle();
    const auto firn = lab.run_firn(Place::builder, drvs);
    forget();
    bench.settle();
    const auto nix = lab.run_command(nix_copy("--to", lab.builder_uri(), path)).cost;
    forget();
    transfer.add(bench, firn, nix);
  }
  transfer.report(bench);
}

}  // namespace

void measure_big_input(Bench& bench) {
  const auto& lab = bench.lab();
  const auto file = lab.coordinator().dir() / "big-file";
  write_big_file(file);
  const auto path = lab.add_to_store(file);
  measure_input(bench,
                lab,
                path,
                {"1 GiB file to a builder", "sending_inputs", Aim{.value = 1, .is_ratio = true}},
                [&] { delete_path(lab.builder(), path); });
}

void measure_small_files(Bench& bench) {
  const BenchLab lab(bench.options().firn, true);
  const auto folder = lab.coordinator().dir() / "small-files";
  write_small_files(folder);
  const auto path = lab.add_to_store(folder);
  const auto forget = [&] { delete_path(lab.builder(), path); };
  Transfer transfer("20,000 files to a builder, in memory",
                    "sending_inputs",
                    Aim{.value = 1.5, .is_ratio = true});
  const auto ready = lab.coordinator().dir() / "ready-upload";
  write_ready_upload(lab, path, ready);
  for (int round = 1; round <= bench.options().rounds; ++round) {
    bench.settle();
    transfer.floor.costs.push_back(pour_ready_upload(lab, path, ready));
    forget();
  }
  measure_input(bench, lab, path, std::move(transfer), forget);
}

void measure_small_paths(Bench& bench) {
  const BenchLab lab(bench.options().firn, true);
  const auto folder = lab.coordinator().dir() / "tiny-files";
  write_tiny_files(folder);
  measure_input(bench,
                lab,
                lab.add_each_to_store(folder),
                {"20,000 small paths to a builder, in memory", "sending_inputs", std::nullopt},
                [&] { collect_garbage(lab.builder()); });
}

void measure_big_output(Bench& bench) {
  const auto& lab = bench.lab();
  const auto file = lab.coordinator().dir() / "big-file";
  write_big_file(file);
  Transfer transfer(
      "1 GiB file from a builder", "receiving_outputs", Aim{.value = 1, .is_ratio = true});
  for (int round = 1; round <= bench.options().rounds; ++round) {
    const auto drvs = lab.instantiate("producer", {"file", file.string()});
    const auto output = lab.output_of(drvs.at(0));
    bench.settle();
    const auto firn = lab.run_firn(Place::builder, drvs);
    delete_path(lab.coordinator(), output);
    bench.settle();
    const auto nix = lab.run_command(nix_copy("--from", lab.builder_uri(), output)).cost;
    delete_path(lab.coordinator(), output);
    delete_path(lab.builder(), output);
    transfer.add(bench, firn, nix);
  }
  transfer.report(bench);
}

}  // namespace firn::bench
