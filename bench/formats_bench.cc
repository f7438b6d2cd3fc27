// SPDX-License-Identifier: Apache-2.0
// How fast the formats are read and written, on one core. Rates are per second of processor time;
// "of_openssl" is the share of what `openssl speed` reaches with SHA-256 in the same run,
// "of_floor" of what the system calls for the same files and their hash take alone.
#include "yardstick.h"

#include <benchmark/benchmark.h>
#include <exception>
#include <iostream>
#include <string>

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  try {
    const double rate = firn::bench::openssl_sha256_rate();
    benchmark::AddCustomContext("openssl speed -evp sha256",
                                std::to_string(static_cast<long>(rate / 1e6)) + " MB/s");
    benchmark::RunSpecifiedBenchmarks();
  } catch (const std::exception& error) {
    std::cerr << "formats_bench: " << error.what() << '\n';
    return 1;
  }
  return 0;
}
