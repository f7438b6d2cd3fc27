# SPDX-License-Identifier: Apache-2.0
# Installs what a command of ./dev needs and this machine lacks. Sourced by ./dev. Never removes a package.
# "a|b" = the first that is there or can be had. docs/dependencies.md says what each is for.

packages_build='cmake ninja-build clang-19 libfmt-dev libssl-dev libsodium-dev nlohmann-json3-dev libcli11-dev
  libtomlplusplus-dev libpq-dev libsqlite3-dev libgtest-dev libgmock-dev libbenchmark-dev'
packages_test='libclang-rt-19-dev g++'
packages_lab='nix-bin openssh-client openssh-server util-linux mount iproute2 nftables libfaketime mmdebstrap postgresql curl gcc libc6-dev binutils'
packages_bench='openssl'
packages_lint='clang-format-19 clang-tidy-19 python3'
boost_least=81

die() {
  printf 'dev: %s\n' "$*" >&2
  exit 1
}

say() {
  printf '\n== %s\n' "$*"
}

# Runs a command as root: directly, or through sudo where there is one.
as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo > /dev/null; then
    sudo "$@"
  else
    die "not root and no sudo here; as root, run: $*"
  fi
}

is_installed() {
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2> /dev/null)" = installed ]
}

can_be_had() {
  local policy
  policy=$(apt-cache policy "$1" 2> /dev/null)
  [[ $policy == *'Candidate: '[!\(]* ]]
}

# The package that stands for "a|b" on this machine.
choose() {
  local name
  for name in ${1//|/ }; do is_installed "$name" && echo "$name" && return; done
  for name in ${1//|/ }; do can_be_had "$name" && echo "$name" && return; done
  return 1
}

update_lists_once() {
  [ -z "${lists_updated:-}" ] || return 0
  lists_updated=yes
  say 'reading package lists: apt-get update'
  as_root apt-get update -q
}

# need PACKAGE…
need() {
  local wanted missing=()
  command -v apt-get > /dev/null || die "this is no Debian or Ubuntu: install the equivalents of $* by hand"
  for wanted in "$@"; do
    local name
    name=$(choose "$wanted") || { update_lists_once; name=$(choose "$wanted"); } ||
      die "no package $wanted in this machine's sources: firn is built on Debian 12, 13 or Ubuntu 24.04"
    is_installed "$name" || missing+=("$name")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  update_lists_once
  say "installing ${missing[*]}"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends --no-remove "${missing[@]}" ||
    die "could not install ${missing[*]} (nothing is ever removed for it)"
}

boost_is_new_enough() {
  local version
  version=$(sed -n 's/^#define BOOST_VERSION \([0-9]*\)$/\1/p' "$1/boost/version.hpp" 2> /dev/null)
  [ -n "$version" ] && [ "$version" -ge $((100000 + boost_least * 100)) ]
}

# The oldest Boost that is new enough; nothing where there is none.
boost_package() {
  local minor
  for minor in $(apt-cache pkgnames libboost1. | sed -n 's/^libboost1\.\([0-9]*\)-dev$/\1/p' | sort -n); do
    if [ "$minor" -ge "$boost_least" ] && can_be_had "libboost1.$minor-dev"; then
      echo "libboost1.$minor-dev"
      return
    fi
  done
}

# Sets boost_option for cmake. The -dev packages of different Boosts exclude each other: where another one is
# installed it stays, and the headers of a new one are unpacked under build/.
need_boost() {
  local own=build/deps/boost package
  boost_option=()
  boost_is_new_enough /usr/include && return
  if ! boost_is_new_enough "$own/usr/include"; then
    package=$(boost_package)
    [ -n "$package" ] || { update_lists_once; package=$(boost_package); }
    [ -n "$package" ] || die "no Boost 1.$boost_least or newer in this machine's sources"
    if ! compgen -G '/usr/include/boost/version.hpp' > /dev/null; then
      need "$package"
      return
    fi
    say "another Boost is installed and stays: unpacking the headers of $package under $own"
    mkdir -p "$own"
    (cd "$own" && apt-get download -q "$package" && dpkg-deb -x "$package"_*.deb . && rm "$package"_*.deb)
  fi
  boost_option=("-DFIRN_BOOST_INCLUDE=$PWD/$own/usr/include")
}
