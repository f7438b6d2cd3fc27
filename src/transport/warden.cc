// SPDX-License-Identifier: Apache-2.0
#include "transport/warden.h"

#include "aio/child_process.h"

#include <string_view>

#include <fmt/format.h>

namespace firn::transport {

namespace {

/// One line, for the C shell takes no other. $b: when a process was born, in field 22 of its stat,
/// the 20th behind its name. $w: what is watched, as "PID:BORN …".
constexpr std::string_view kProgram =
    R"(trap "" HUP INT TERM PIPE; )"
    R"(born() { b=; { read -r l < /proc/$1/stat; } 2> /dev/null && set -- ${l##*) } && b=${20}; }; )"
    R"(lives() { born ${1%:*}; [ "$b" = "${1#*:}" ] && kill -s 0 ${1%:*} 2> /dev/null; }; )"
    R"(below() { for f in /proc/[0-9]*/stat; do { read -r l < $f; } 2> /dev/null || continue; )"
    R"(c=${l%% *}; set -- $1 ${l##*) }; [ "$3" = $1 ] && { echo $c; (below $c); }; done; }; )"
    R"(hit() { for p in $2; do kill -s $1 -- -$p || kill -s $1 $p; done; } 2> /dev/null; )"
    R"(finish() { n=0; while lives $1; do n=$((n + 1)); case $n in )"
    R"(1) hit TERM ${1%:*}; hit CONT ${1%:*};; )"
    R"(5) hit KILL "$(below ${1%:*}) ${1%:*}";; 9) return;; esac; sleep 1; done; }; )"
    R"(end() { finish $1 < /dev/null > /dev/null 2>&1 & }; )"
    R"(w=; while read -r k; do p=${k#?}; m=; v=; )"
    R"(for e in $w; do if [ ${e%:*} = $p ]; then m=$e; else v="$v $e"; fi; done; )"
    R"(w=$v; case $k in +*) born $p; w="$w $p:$b";; x*) [ "$m" ] && end $m;; esac; done; )"
    R"(for e in $w; do end $e; done)";

}  // namespace

std::string warden_command() {
  return "sh -c " + aio::quote_for_shell(kProgram);
}

std::string watch_line(pid_t pid) {
  return fmt::format("+{}\n", pid);
}

std::string forget_line(pid_t pid) {
  return fmt::format("-{}\n", pid);
}

std::string end_line(pid_t pid) {
  return fmt::format("x{}\n", pid);
}

}  // namespace firn::transport
