// SPDX-License-Identifier: Apache-2.0
#include "yardstick.h"

#include <array>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>

namespace firn::bench {

namespace {

constexpr const char* kCommand =
    "openssl speed -mr -evp sha256 -bytes 16384 -seconds 2 2>/dev/null";

struct Close {
  void operator()(std::FILE* file) const { ::pclose(file); }
};

std::string output_of(const char* command) {
  const std::unique_ptr<std::FILE, Close> pipe(::popen(command, "r"));
  if (pipe == nullptr) throw std::runtime_error("cannot start a shell");
  std::string text;
  std::array<char, 4096> block{};
  while (const std::size_t size = std::fread(block.data(), 1, block.size(), pipe.get()))
    text.append(block.data(), size);
  return text;
}

/// "+F:22:sha256:1753844180.00" is the line with the result.
double measure() {
  const std::string text = output_of(kCommand);
  const std::size_t line = text.rfind("+F:");
  const std::size_t colon = text.rfind(':');
  if (line == std::string::npos || colon < line) {
    throw std::runtime_error("`openssl speed` printed no result");
  }
  return std::stod(text.substr(colon + 1));
}

}  // namespace

double openssl_sha256_rate() {
  static const double rate = measure();
  return rate;
}

}  // namespace firn::bench
