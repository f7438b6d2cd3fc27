// SPDX-License-Identifier: Apache-2.0
// libFuzzer's entry. FIRN_FUZZ_TARGET names the target; with FIRN_FUZZ_SEEDS=DIR its seeds are
// written there first.
#include "targets.h"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace {

using firn::fuzz::Target;

const Target& chosen_target() {
  static const auto all = firn::fuzz::all_targets();
  const char* name = std::getenv("FIRN_FUZZ_TARGET");
  for (const Target& target : all) {
    if (name != nullptr && target.name == name) return target;
  }
  std::fputs("FIRN_FUZZ_TARGET is one of:\n", stderr);
  for (const Target& target : all)
    std::fprintf(stderr, "%.*s\n", static_cast<int>(target.name.size()), target.name.data());
  std::exit(2);
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer calls it so
extern "C" int LLVMFuzzerInitialize(int* /*argc*/, char*** /*argv*/) {
  const Target& target = chosen_target();
  const char* folder = std::getenv("FIRN_FUZZ_SEEDS");
  if (folder == nullptr) return 0;
  std::filesystem::create_directories(folder);
  int number = 0;
  for (const auto& seed : target.seeds())
    std::ofstream(std::filesystem::path(folder) / ("seed-" + std::to_string(number++)),
                  std::ios::binary)
        << seed;
  return 0;
}

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer calls it so
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Target target = chosen_target();
  target.read({reinterpret_cast<const char*>(data), size});
  return 0;
}
