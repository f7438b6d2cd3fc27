// SPDX-License-Identifier: Apache-2.0
#include "transport/ssh_target.h"

#include "base/error.h"

#include <utility>

#include <fmt/format.h>

namespace firn::transport {

namespace {

/// AES in hardware moves 1 GiB in 3 s where ChaCha20, OpenSSH's first choice, takes 5.
bool has_fast_aes() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("aes") != 0;
#else
  return false;
#endif
}

std::string login(const SshTarget& target) {
  return target.user.empty() ? target.host : target.user + "@" + target.host;
}

/// For ssh, 0 is no limit.
std::int64_t whole_seconds(Duration limit) {
  return std::chrono::ceil<std::chrono::seconds>(limit).count();
}

std::vector<std::string> common_words(const SshTarget& target, const SshPlaces& places) {
  std::vector<std::string> words{"ssh",
                                 "-x",
                                 "-a",
                                 "-T",
                                 "-oBatchMode=yes",
                                 "-oRemoteCommand=none",
                                 fmt::format("-S{}", places.socket)};
  for (const auto& option : target.extra_options)
    words.push_back(option);
  if (target.port) words.push_back(fmt::format("-p{}", *target.port));
  words.push_back(fmt::format("-E{}", places.words_file()));
  return words;
}

}  // namespace

std::string SshTarget::str() const {
  return login(*this) + (port ? fmt::format(":{}", *port) : "");
}

void check(const SshTarget& target) {
  if (target.host.empty()) throw Error(Kind::invalid, "an ssh machine needs a host name");
  for (const auto* name : {&target.host, &target.user}) {
    if (name->starts_with("-") || name->find_first_of(" \t\r\n") != std::string::npos) {
      throw Error(
          Kind::invalid,
          fmt::format("'{}' is no name of a host or a user: it starts with '-' or holds a blank",
                      *name));
    }
  }
}

std::string known_hosts_line(const SshTarget& target) {
  std::string_view key = target.host_key;
  while (!key.empty() && (key.back() == '\n' || key.back() == '\r' || key.back() == ' '))
    key.remove_suffix(1);
  // OpenSSH looks a port other than 22 up in brackets.
  const auto port = target.port.value_or(22);
  if (port != 22) return fmt::format("[{}]:{} {}\n", target.host, port, key);
  return fmt::format("{} {}\n", target.host, key);
}

std::string SshPlaces::words_file() const {
  return fmt::format("{}.{}.words", socket, number);
}

std::vector<std::string> master_words(const SshTarget& target,
                                      const SshPlaces& places,
                                      std::string_view known_hosts,
                                      std::string_view remote_command) {
  auto words = common_words(target, places);
  const auto& limits = target.limits;
  words.insert(words.end(),
               {"-oControlMaster=yes",
                "-oControlPersist=no",
                fmt::format("-oConnectTimeout={}", whole_seconds(limits.connecting)),
                "-oTCPKeepAlive=yes",
                fmt::format("-oServerAliveInterval={}", whole_seconds(limits.keepalive_interval)),
                fmt::format("-oServerAliveCountMax={}", limits.keepalive_count),
                "-oPermitLocalCommand=yes"});
  words.push_back(fmt::format("-oLocalCommand=echo {}", kConnectedMark));
  if (has_fast_aes()) words.emplace_back("-oCiphers=^aes128-gcm@openssh.com");
  if (target.compress) words.emplace_back("-C");
  if (!target.key_file.empty()) words.push_back("-i" + target.key_file);
  if (!known_hosts.empty()) {
    words.push_back(fmt::format("-oUserKnownHostsFile={}", known_hosts));
    words.emplace_back("-oStrictHostKeyChecking=yes");
  }
  words.insert(words.end(), {"--", login(target), std::string(remote_command)});
  return words;
}

std::vector<std::string> session_words(const SshTarget& target,
                                       const SshPlaces& places,
                                       std::string_view remote_command) {
  auto words = common_words(target, places);
  words.insert(words.end(),
               {"-oControlMaster=no",
                "-oProxyCommand=false",
                "-oPermitLocalCommand=no",
                "--",
                login(target),
                std::string(remote_command)});
  return words;
}

std::vector<std::string> split_options(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;
  char quote = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote != 0 && c == quote) {
      quote = 0;
    } else if (c == '\\' && quote != '\'' && i + 1 < text.size()) {
      word += text[++i];
      in_word = true;
    } else if (quote == 0 && (c == '\'' || c == '"')) {
      quote = c;
      in_word = true;
    } else if (quote == 0 && (c == ' ' || c == '\t' || c == '\n')) {
      if (in_word) words.push_back(std::exchange(word, {}));
      in_word = false;
    } else {
      word += c;
      in_word = true;
    }
  }
  if (in_word) words.push_back(word);
  return words;
}

}  // namespace firn::transport
