// SPDX-License-Identifier: Apache-2.0
#include "cli/signing_keys.h"

#include "base/error.h"

#include <cerrno>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace firn::cli {

namespace {

nix::SecretKey load_key(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) throw system_error(errno, "read the signing key " + file);
  std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  const Secret secret(std::move(text));
  try {
    return nix::SecretKey::parse(secret.reveal());
  } catch (Error& e) {
    e.add_context(fmt::format("reading {}, one of signing.secret-key-files", file));
    throw;
  }
}

}  // namespace

std::vector<nix::SecretKey> load_signing_keys(std::string_view files) {
  std::vector<nix::SecretKey> keys;
  std::istringstream words{std::string(files)};
  for (std::string file; words >> file;)
    keys.push_back(load_key(file));
  return keys;
}

}  // namespace firn::cli
