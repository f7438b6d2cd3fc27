#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# demo.sh FIRN: what ./dev demo shows, inside the lab with three builders. Everything it makes is in the lab's folder.
set -euo pipefail
firn=$1
result=$FIRN_LAB_DIR/result
machines=$FIRN_LAB_STOCK_MACHINES

# Shows a command as one would type it, then runs it.
run() {
  local word shown=
  for word in "$@"; do
    word=${word/#"$firn"/firn}
    word=${word//"$FIRN_LAB_DIR/"/}
    [[ $word == *[\ \(\^]* ]] && word="'$word'"
    shown+=" $word"
  done
  printf '\n$%s\n' "$shown"
  "$@"
}

echo 'Three builders answer on 127.0.0.1, each with its own sshd and its own empty /nix:'
awk '{ print "  " $1 "  " $2 "  max jobs " $4 "  features " $6 }' "$machines"
run "$firn" build examples/abacus --builders "@$machines" --max-jobs 0 --out-link "$result"
run cat "$result/report.txt"
run "$result/bin/abacus" '1/7 + 2^64' 'choose(60, 30)' '355/113'
printf '\nOnce more: everything is there, so nothing is built.\n'
run "$firn" build examples/abacus --builders "@$machines" --max-jobs 0 --out-link "$result"
