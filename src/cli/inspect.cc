// SPDX-License-Identifier: Apache-2.0
#include "cli/inspect.h"

#include "base/error.h"
#include "base/fd.h"

#include <cerrno>
#include <fcntl.h>
#include <iostream>

#include <fmt/format.h>

namespace firn::cli {

namespace {

constexpr std::size_t kMostInput = std::size_t{1} << 30U;
constexpr std::size_t kBlock = std::size_t{256} << 10U;

/// Whatever is wrong with what was looked at counts as wrong input.
ExitCode exit_code_of(const Error& error) {
  switch (error.kind()) {
    case Kind::invalid:
    case Kind::not_found:
    case Kind::protocol:
      return ExitCode::usage;
    default:
      return ExitCode::infrastructure;
  }
}

}  // namespace

ExitCode run_inspect(const InspectOptions& options) {
  const Streams streams{.out = std::cout, .err = std::cerr};
  try {
    const auto code = std::visit([&](const auto& kind) { return inspect(kind, streams); }, options);
    std::cout.flush();
    return code;
  } catch (const Bug&) {
    throw;
  } catch (const Error& error) {
    std::cout.flush();
    std::cerr << fmt::format("error: {}\n", error.what());
    return exit_code_of(error);
  }
}

void read_blocks(const std::string& file, const std::function<bool(std::string_view block)>& take) {
  Fd opened;
  if (file != "-") {
    opened = Fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    if (!opened) throw system_error(errno, fmt::format("read {}", file));
  }
  const int fd = opened ? opened.get() : STDIN_FILENO;
  std::string block(kBlock, '\0');
  for (;;) {
    const auto got = ::read(fd, block.data(), block.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw system_error(errno, fmt::format("read {}", file));
    if (got == 0 || !take(std::string_view(block).substr(0, static_cast<std::size_t>(got)))) return;
  }
}

std::string read_input(const std::string& file) {
  std::string all;
  read_blocks(file, [&](std::string_view block) {
    if (all.size() + block.size() > kMostInput)
      throw Error(Kind::resource, fmt::format("{} has more than {} bytes", file, kMostInput));
    all += block;
    return true;
  });
  return all;
}

std::string pretty(const nlohmann::json& value) {
  return value.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

std::string printable(std::string_view text) {
  constexpr unsigned char kFirstPrintable = 0x20;
  constexpr unsigned char kDelete = 0x7f;
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < kFirstPrintable || byte == kDelete) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace firn::cli
