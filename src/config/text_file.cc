// SPDX-License-Identifier: Apache-2.0
#include "config/text_file.h"

#include "base/error.h"
#include "base/units.h"

#include <cerrno>
#include <fstream>
#include <system_error>

namespace firn::config {

namespace fs = std::filesystem;

namespace {

constexpr ByteCount kMostBytes = 16_MiB;

}  // namespace

std::string load_text(const fs::path& file) {
  std::error_code ignored;
  // It would open, too.
  if (fs::is_directory(file, ignored)) throw system_error(EISDIR, "read " + file.string());
  std::ifstream stream(file, std::ios::binary);
  if (!stream) throw system_error(errno, "read " + file.string());
  std::string text(kMostBytes.value() + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(stream.gcount()));
  if (text.size() > kMostBytes.value())
    throw Error(Kind::resource, file.string() + " is longer than 16 MiB");
  text.shrink_to_fit();
  return text;
}

}  // namespace firn::config
