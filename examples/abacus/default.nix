# SPDX-License-Identifier: Apache-2.0
# A small C program in some forty derivations: one for each translation unit, a library, a program, tests that run,
# a package with several outputs and a fixed-output derivation. Needs no nixpkgs, only a C compiler and /bin/sh on
# the builder.
#
#   default              everything: the program, and a report of all tests
#   -A program           bin/abacus
#   -A package           outputs out, dev and doc
#   -A tests.natural     one test; its output is what it printed
#   -A failing           fails on purpose, with a step that waits for it
{ system ? builtins.currentSystem
, cc ? "/usr/bin/cc"
, flags ? "-std=c11 -O2 -Wall -Wextra -Wconversion"
, analyzer ? "-fanalyzer"
}:

let
  # A derivation whose builder is a shell script. Compilers are the builder machine's own.
  step = name: inputs: script:
    derivation ({
      inherit name system cc flags analyzer;
      builder = "/bin/sh";
      args = [ "-euc" script ];
      PATH = "/usr/local/bin:/usr/bin:/bin";
    } // inputs);

  file = path: builtins.path { inherit path; name = baseNameOf path; };
  headers_in = name: path: builtins.path {
    inherit path name;
    filter = file: type: type == "directory" || builtins.match ".*\\.h" file != null;
  };
  headers = headers_in "abacus-headers" ./src;
  check_headers = headers_in "check-headers" ./tests;

  units = [
    "abacus"
    "arena"
    "evaluator"
    "failure"
    "functions"
    "lexer"
    "natural"
    "parser"
    "printer"
    "rational"
    "text"
    "variables"
  ];
  tested = [ "abacus" "arena" "functions" "lexer" "natural" "parser" "printer" "rational" "text" ];
  cases = [ "arithmetic" "failures" "fractions" "functions" ];

  # Sources and objects are worked on under their plain names, so that no output mentions where they came from.
  # Compiled twice: an object that differs from one time to the next would be useless to a farm.
  compile = unit: step "${unit}.o" { inherit unit headers; source = file (./src + "/${unit}.c"); } ''
    cp "$source" "$unit.c"
    "$cc" $flags $analyzer -I"$headers" -c "$unit.c" -o "$out"
    "$cc" $flags -I"$headers" -c "$unit.c" -o again.o
    cmp "$out" again.o
  '';

  library = step "libabacus.a" { objects = map compile units; } ''
    for object in $objects; do
      name=''${object##*/}
      cp "$object" "''${name#*-}"
    done
    ar rcsD "$out" *.o
  '';

  program = step "abacus" { inherit library; main = compile "main"; } ''
    mkdir -p "$out/bin"
    "$cc" "$main" "$library" -o "$out/bin/abacus"
  '';

  test_program = unit:
    step "${unit}-test" { inherit unit headers check_headers library; source = file (./tests + "/${unit}_test.c"); } ''
      cp "$source" "''${unit}_test.c"
      "$cc" $flags -I"$headers" -I"$check_headers" "''${unit}_test.c" "$library" -o "$out"
    '';

  # A test that has passed; its output is what it printed.
  run = name: inputs: script: step "${name}-passed" inputs ''
    set -- ${script}
    "$@" > "$out" 2>&1 || { cat "$out"; exit 1; }
    cat "$out"
  '';

  unit_run = unit: run unit { test = test_program unit; } ''"$test"'';
  case_run = name: cases: run name { inherit program cases; script = file ./tests/cases.sh; }
    ''/bin/sh "$script" "$program/bin/abacus" "$cases"'';

  # Stands for a download: whoever makes it, its bytes are known beforehand.
  known_values = step "known-values.txt"
    {
      outputHashMode = "flat";
      outputHashAlgo = "sha256";
      outputHash = "31325074c7ff9e62241859db54a2075668314c369fef1b7b72a5ca77d60874e5";
    } ''
    printf '%s => %s\n' \
      '100! % (10^9 + 7)' 437918130 \
      '2^89 - 1' 618970019642690137449562111 \
      'fib(200)' 280571172992510140037611932413038677189525 \
      'choose(60, 30)' 118264581564861424 > "$out"
  '';

  by_name = make: names: builtins.listToAttrs (map (name: { inherit name; value = make name; }) names);
  tests = by_name unit_run tested
    // builtins.listToAttrs (map
    (name: { name = "cases-${name}"; value = case_run "cases-${name}" (file (./tests/cases + "/${name}.txt")); })
    cases)
    // { known-values = case_run "known-values" known_values; };

  package = step "abacus-package"
    {
      inherit program library headers;
      outputs = [ "out" "dev" "doc" ];
    } ''
    mkdir -p "$out/bin" "$dev/include" "$dev/lib/pkgconfig" "$doc/share/doc/abacus"
    cp "$program/bin/abacus" "$out/bin/"
    cp "$headers/abacus.h" "$dev/include/"
    cp "$library" "$dev/lib/libabacus.a"
    printf 'Name: abacus\nDescription: exact calculator\nVersion: 1\nCflags: -I%s/include\nLibs: -L%s/lib -labacus\n' \
      "$dev" "$dev" > "$dev/lib/pkgconfig/abacus.pc"
    "$out/bin/abacus" --functions > "$doc/share/doc/abacus/functions.txt"
  '';

  all = step "abacus-all" { inherit package; passed = builtins.attrValues tests; } ''
    mkdir "$out"
    ln -s "$package/bin" "$out/bin"
    for test in $passed; do
      name=''${test##*/}
      printf '%s: ' "''${name#*-}"
      cat "$test"
    done > "$out/report.txt"
    cat "$out/report.txt"
  '';

  # One test that cannot pass, and one step that therefore never runs.
  failing =
    let wrong = case_run "wrong" (builtins.toFile "wrong.txt" "1 + 1 => 3\n");
    in step "waits-for-wrong" { inherit wrong; } ''cp "$wrong" "$out"'';
in
all // { inherit program library package tests known_values failing; }
