let
  mk = { name, script }: derivation {
    inherit name; system = builtins.currentSystem; builder = "/bin/sh";
    args = [ "-c" "PATH=/usr/bin:/bin; ${script}" ];
  };
in [
    (mk { name = "loud"; script = "echo begin; yes abcdefg | head -c 200000000; echo end; exit 1"; })
    (mk { name = "quiet"; script = "sleep 0.5; echo hello; echo > $out"; })
  ]
