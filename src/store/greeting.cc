// SPDX-License-Identifier: Apache-2.0
#include "store/greeting.h"

#include "nix/build_result.h"
#include "wire/quote.h"

#include <chrono>

#include <fmt/format.h>

namespace firn::store {

namespace {

constexpr std::size_t kLongestLine = 200;

bool mentions(std::string_view text, std::string_view words) {
  return text.find(words) != std::string_view::npos;
}

/// The first line that is not blank.
std::string first_line(std::string_view text) {
  const std::string plain = nix::strip_ansi(std::string(text));
  const auto begin = plain.find_first_not_of(" \t\r\n");
  if (begin == std::string::npos) return "an empty line";
  const auto end = plain.find_first_of("\r\n", begin);
  return wire::in_quotes(std::string_view(plain).substr(begin, end - begin), kLongestLine);
}

}  // namespace

Error explain_chatter(std::string_view machine, std::string_view text) {
  return {Kind::protocol,
          fmt::format("{}: {} came where Nix should have greeted: the login's shell prints it; "
                      "keep its start-up files (~/.bashrc, ~/.profile, /etc/profile.d) silent "
                      "where there is no terminal",
                      machine,
                      first_line(text))};
}

Error explain_silence(std::string_view machine, Duration limit) {
  return {Kind::timeout,
          fmt::format("{}: the login works, but nothing was heard of Nix for {} s; see what its "
                      "start-up files (~/.bashrc, ~/.profile, /etc/profile.d) wait for",
                      machine,
                      std::chrono::round<std::chrono::seconds>(limit).count())};
}

Error explain_end(std::string_view machine, std::string_view program, const Error& error) {
  const std::string_view words = error.message();
  if (!mentions(words, "exit status 127")) return error;
  // What `env` complains about was looked for everywhere.
  const std::string_view places =
      mentions(words, "env: ") ? "in the login's PATH and in /nix/var/nix/profiles/default/bin, "
                                 "/run/current-system/sw/bin and ~/.nix-profile/bin"
                               : "where the machine's URI says";
  return {Kind::not_found,
          fmt::format("{}: no Nix was found {}; install it there, or say where it is with "
                      "?remote-program=/path/to/{} in the machine's URI",
                      machine,
                      places,
                      program)};
}

}  // namespace firn::store
