// SPDX-License-Identifier: Apache-2.0
#include "transport/ssh_complaint.h"

#include <algorithm>
#include <array>
#include <string>

#include <fmt/format.h>

namespace firn::transport {

namespace {

constexpr std::size_t kLongestQuote = 400;

bool mentions(std::string_view text, std::string_view words) {
  return text.find(words) != std::string_view::npos;
}

/// What follows `mark` and blanks up to the end of that line; empty where there is no `mark`.
std::string_view line_after(std::string_view words, std::string_view mark) {
  const auto at = words.find(mark);
  if (at == std::string_view::npos) return {};
  auto rest = words.substr(at + mark.size());
  rest.remove_prefix(std::min(rest.size(), rest.find_first_not_of(" \r\n")));
  const auto line = rest.substr(0, rest.find('\n'));
  const auto last = line.find_last_not_of("\r .");
  return last == std::string_view::npos ? std::string_view() : line.substr(0, last + 1);
}

/// In one line, without the frames that ssh draws around warnings.
std::string in_one_line(std::string_view words) {
  std::string text;
  while (!words.empty()) {
    auto line = words.substr(0, words.find('\n'));
    words.remove_prefix(std::min(words.size(), line.size() + 1));
    while (!line.empty() && (line.back() == '\r' || line.back() == ' '))
      line.remove_suffix(1);
    if (line.empty() || line.starts_with("@")) continue;
    text += (text.empty() ? "" : "; ") + std::string(line);
  }
  if (text.size() > kLongestQuote) text = text.substr(0, kLongestQuote) + " ...";
  return text.empty() ? "ssh ended without a word" : text;
}

Error explain_changed_key(const SshTarget& target, std::string_view words) {
  const auto fingerprint = line_after(words, "sent by the remote host is");
  const std::string shown =
      fingerprint.empty() ? std::string() : fmt::format(" (it shows {})", fingerprint);
  if (!target.host_key.empty()) {
    return {Kind::permission,
            fmt::format("{} has another host key than the one in the machine's eighth column{}; if "
                        "it was set up anew, put the base64 of its new public key line there, if "
                        "not, find out who answers in its place",
                        target.str(),
                        shown)};
  }
  const auto remedy = line_after(words, "remove with:");
  return {Kind::permission,
          fmt::format(
              "{} has another host key than known_hosts says{}; if it was set up anew, "
              "remove the old key with `{}` and add the new one, if not, find out who "
              "answers in its place",
              target.str(),
              shown,
              remedy.empty() ? fmt::format("ssh-keygen -R {}", target.host) : std::string(remedy))};
}

Error explain_denial(const SshTarget& target, std::string_view words) {
  const auto open_file = line_after(words, "Load key \"");
  if (mentions(open_file, "bad permissions")) {
    const auto file = open_file.substr(0, open_file.find('"'));
    return {Kind::permission,
            fmt::format("{}: ssh does not use the key file {}, which others may read; chmod 600 {}",
                        target.str(),
                        file,
                        file)};
  }
  const auto missing = line_after(words, "Warning: Identity file ");
  if (!target.key_file.empty() && mentions(missing, " not accessible")) {
    return {Kind::permission,
            fmt::format("{} does not let us in: the key file {} cannot be read; correct the "
                        "machine's third column",
                        target.str(),
                        target.key_file)};
  }
  if (!target.key_file.empty()) {
    return {Kind::permission,
            fmt::format("{} does not let us in with the key {} ({}); add its public half to "
                        "~/.ssh/authorized_keys there, or correct the machine's third column",
                        target.str(),
                        target.key_file,
                        in_one_line(words))};
  }
  return {Kind::permission,
          fmt::format("{} does not let us in: {}; give the key in the machine's third column",
                      target.str(),
                      in_one_line(words))};
}

/// What ssh says of the network, and what to do.
struct Advice {
  std::string_view words;
  std::string_view advice;
};

constexpr std::string_view kWakeIt = "; see that it is up and that no firewall drops ssh";

constexpr std::array<Advice, 8> kNetwork{{
    {.words = "Could not resolve hostname",
     .advice = "; correct the name in the machines file, or give it an address in DNS or "
               "/etc/hosts"},
    {.words = "Connection refused",
     .advice = "; nothing listens there: start its sshd, or correct the port"},
    {.words = "banner exchange",
     .advice = "; something listens there that does not greet: see that its sshd is not stuck"},
    {.words = "banner line contains invalid characters",
     .advice = "; what listens there is no sshd: correct the port"},
    {.words = "timed out", .advice = kWakeIt},
    {.words = "No route to host", .advice = kWakeIt},
    {.words = "Network is unreachable", .advice = kWakeIt},
    {.words = "kex_exchange_identification",
     .advice = "; its sshd hangs up at once: raise MaxStartups in its sshd_config, or see in its "
               "log why"},
}};

}  // namespace

Error explain_ssh(const SshTarget& target, std::string_view words) {
  if (mentions(words, "REMOTE HOST IDENTIFICATION HAS CHANGED"))
    return explain_changed_key(target, words);
  if (mentions(words, "Host key verification failed")) {
    return {Kind::permission,
            fmt::format("the host key of {} is not known: {}; put the base64 of its public key "
                        "line into the machine's eighth column, or add it to known_hosts",
                        target.str(),
                        in_one_line(words))};
  }
  if (mentions(words, "Permission denied")) return explain_denial(target, words);
  const auto found = std::ranges::find_if(
      kNetwork, [&](const Advice& advice) { return mentions(words, advice.words); });
  return {Kind::unavailable,
          fmt::format("cannot connect to {}: {}{}",
                      target.str(),
                      in_one_line(words),
                      found == kNetwork.end() ? std::string_view() : found->advice)};
}

bool is_turned_away(std::string_view words) {
  return mentions(words, "kex_exchange_identification") &&
         (mentions(words, "Connection closed by remote host") ||
          mentions(words, "Connection reset by peer"));
}

}  // namespace firn::transport
