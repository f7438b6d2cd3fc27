// SPDX-License-Identifier: Apache-2.0
#include "farm/machine_facts.h"

#include <charconv>
#include <limits>
#include <sstream>

namespace firn::farm {

namespace {

constexpr std::uint64_t kBlock = 1024;

template <class Number>
std::optional<Number> number_in(std::string_view text) {
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<Room> room_in(std::istream& words, std::uint64_t unit) {
  std::string total;
  std::string free;
  words >> total >> free;
  const auto all = number_in<std::uint64_t>(total);
  const auto left = number_in<std::uint64_t>(free);
  constexpr auto kMost = std::numeric_limits<std::uint64_t>::max() / kBlock;
  if (!all || !left || *all == 0 || *all > kMost || *left > kMost) return std::nullopt;
  return Room{.total = *all * unit, .free = *left * unit};
}

void add_words(std::istream& words, std::set<std::string>& set) {
  for (std::string word; words >> word;)
    if (word != "=") set.insert(word);
}

void read_fact(std::istream& words, MachineFacts& facts) {
  std::string key;
  std::string word;
  words >> key;
  if (key == "clock" && words >> word) facts.clock = number_in<std::int64_t>(word);
  if (key == "nix") {
    while (words >> word)
      facts.nix_version = word;
  }
  if (key == "space") facts.space = room_in(words, kBlock);
  if (key == "inodes") facts.inodes = room_in(words, 1);
  if (key == "system" || key == "extra-platforms") add_words(words, facts.systems);
  if (key == "system-features") add_words(words, facts.features);
  if (key == "clientaliveinterval" && words >> word)
    facts.client_alive = number_in<std::uint32_t>(word);
}

}  // namespace

std::string_view shell_preamble() {
  return R"sh(export LC_ALL=C
PATH="$PATH:/nix/var/nix/profiles/default/bin:/run/current-system/sw/bin"
PATH="$PATH:$HOME/.nix-profile/bin:/usr/sbin:/sbin"
)sh";
}

std::string_view facts_script() {
  return R"sh(echo "clock $(date +%s)"
echo "nix $(nix-store --version 2>/dev/null)"
df -Pk /nix 2>/dev/null | tail -n 1 | { read -r a total b free c; echo "space $total $free"; }
df -Pi /nix 2>/dev/null | tail -n 1 | { read -r a total b free c; echo "inodes $total $free"; }
{ nix --extra-experimental-features nix-command show-config 2>/dev/null ||
  nix --extra-experimental-features nix-command config show 2>/dev/null ||
  nix show-config 2>/dev/null; } | grep -E '^(system|extra-platforms|system-features) = '
sshd -T 2>/dev/null | grep -i '^clientaliveinterval '
true
)sh";
}

MachineFacts parse_facts(std::string_view text) {
  MachineFacts facts;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    read_fact(words, facts);
  }
  return facts;
}

}  // namespace firn::farm
