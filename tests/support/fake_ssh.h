// SPDX-License-Identifier: Apache-2.0
// An ssh client without a network: a script, first in PATH. Masters keep a file where their socket
// would be; sessions need it, count there, and run their command in a shell of this machine, where
// no signal to ssh reaches it. What ssh itself has to say goes to the file that -E names.
#pragma once

#include "support/environment.h"
#include "support/temp_folder.h"

#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace firn::testing {

class FakeSsh {
 public:
  FakeSsh() : path_("PATH", folder_.path().string() + ":" + std::getenv("PATH")) {
    std::filesystem::permissions(folder_.write("ssh", kScript), std::filesystem::perms::owner_all);
  }

  /// Masters print `words` and fail; an empty text lets them in again.
  void deny(std::string_view words) { say("denied", words); }

  /// The next so many masters are turned away, as past MaxStartups.
  void turn_away(int count) {
    say("turned-away", std::string(static_cast<std::size_t>(count), 'x'));
  }

  /// Masters neither connect nor fail.
  void hang_masters() { say("hanging", "yes"); }

  void let_masters_go() { say("hanging", ""); }

  /// What the login runs, whatever it is asked to; an empty text lets it choose again.
  void force_command(std::string_view command) { say("forced", command); }

  /// The only command that sessions may run.
  void allow_only(std::string_view command) { say("allowed", command); }

  /// What ssh says at the start of a session.
  void chatter(std::string_view words) { say("chatter", words); }

  /// Sessions that a connection grants.
  void allow_sessions(int count) { say("limit", std::to_string(count)); }

  /// The words of every call so far, one a line.
  std::vector<std::string> calls() const {
    std::vector<std::string> lines;
    std::istringstream all(folder_.read("calls"));
    for (std::string line; std::getline(all, line);)
      lines.push_back(line);
    return lines;
  }

  std::size_t masters() const {
    std::size_t count = 0;
    for (const auto& call : calls())
      count += call.find("-oControlMaster=yes") != std::string::npos ? 1 : 0;
    return count;
  }

  /// The process of the master that was made last.
  int last_master() const { return std::atoi(folder_.read("last-master").c_str()); }

  /// The file that stands for its socket.
  std::string last_socket() const { return folder_.read("last-socket"); }

 private:
  static constexpr std::string_view kScript = R"sh(#!/bin/sh
here=${0%/*}
echo "$*" >> "$here/calls"
for word do
  case $word in
    -S*) socket=${word#-S} ;;
    -E*) words=${word#-E} ;;
    -oControlMaster=yes) is_master=1 ;;
  esac
  command=$word
done
if [ -s "$here/forced" ]; then command=$(cat "$here/forced"); fi
if [ -n "$is_master" ]; then
  if [ -s "$here/turned-away" ]; then
    left=$(cat "$here/turned-away")
    printf %s "${left#x}" > "$here/turned-away"
    echo 'kex_exchange_identification: Connection closed by remote host' >> "$words"; exit 255
  fi
  if [ -s "$here/denied" ]; then cat "$here/denied" >> "$words"; exit 255; fi
  if [ -s "$here/hanging" ]; then exec sleep 60; fi
  echo $$ > "$socket"
  echo $$ > "$here/last-master"
  printf %s "$socket" > "$here/last-socket"
  echo firn-connected
  setsid --wait sh -c "$command" > /dev/null
  rm -f "$socket"
  exit 0
fi
refuse() { printf '%s\r\n' "$1" 'Connection closed by UNKNOWN port 65535' >> "$words"; exit 255; }
[ -e "$socket" ] || refuse 'kex_exchange_identification: Connection closed by remote host'
kill -0 "$(cat "$socket")" 2> /dev/null ||
  refuse "Control socket connect($socket): Connection refused"
if [ -s "$here/chatter" ]; then cat "$here/chatter" >> "$words"; fi
if [ -s "$here/allowed" ] && [ "$command" != "$(cat "$here/allowed")" ]; then exit 1; fi
limit=$(cat "$here/limit" 2> /dev/null || echo 100)
slot=0
while :; do
  slot=$((slot + 1))
  [ "$slot" -le "$limit" ] ||
    refuse 'mux_client_request_session: session request failed: Session open refused by peer'
  mkdir "$socket.$slot" 2> /dev/null && break
done
setsid --wait sh -c "$command"
status=$?
rmdir "$socket.$slot"
exit $status
)sh";

  void say(const char* name, std::string_view text) { folder_.write(name, text); }

  TempFolder folder_;
  Variable path_;
};

}  // namespace firn::testing
