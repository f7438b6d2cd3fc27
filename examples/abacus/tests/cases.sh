# SPDX-License-Identifier: Apache-2.0
# cases.sh ABACUS FILE: every line "expression => answer" of FILE must come out like that.
# An answer that starts with "abacus:" is an error message.
set -u
checks=0 failures=0
while IFS= read -r line; do
  case $line in '' | '#'*) continue ;; esac
  expression=${line%% => *}
  wanted=${line#* => }
  got=$("$1" "$expression" 2>&1)
  checks=$((checks + 1))
  [ "$got" = "$wanted" ] && continue
  failures=$((failures + 1))
  echo "$expression: got \"$got\", wanted \"$wanted\""
done < "$2"
echo "$checks checks, $failures failures"
[ "$failures" -eq 0 ]
