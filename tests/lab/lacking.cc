// SPDX-License-Identifier: Apache-2.0
#include "lab/builder.h"

#include <array>
#include <filesystem>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

namespace firn::lab {

namespace {

using Tool = std::pair<std::string_view, std::string_view>;

/// Programs and the packages that bring them.
constexpr std::array kTools{
    Tool{"unshare", "util-linux"},
    Tool{"nsenter", "util-linux"},
    Tool{"mount", "mount"},
    Tool{"ssh", "openssh-client"},
    Tool{"ssh-keygen", "openssh-client"},
    Tool{"sshd", "openssh-server"},
    Tool{"ip", "iproute2"},
    Tool{"nft", "nftables"},
    Tool{"nix-store", "nix-bin"},
    Tool{"nix-daemon", "nix-bin"},
    Tool{"nix-instantiate", "nix-bin"},
};

/// What a host does to its mounts, without leaving anything.
constexpr std::string_view kProbe =
    "mount -t proc proc /proc && mount -t tmpfs tmpfs /run && mount --bind /etc/passwd /etc/passwd";

std::filesystem::path find_program(std::string_view name) {
  for (const auto* folder :
       {"/usr/local/bin", "/usr/bin", "/bin", "/usr/local/sbin", "/usr/sbin", "/sbin"}) {
    const auto path = std::filesystem::path(folder) / name;
    if (::access(path.c_str(), X_OK) == 0) return path;
  }
  return {};
}

/// Empty where the kernel and the container allow what a host needs.
std::string namespace_refusal() {
  Command command{
      .argv = {"unshare", "--mount", "--pid", "--fork", "--kill-child", "/bin/sh", "-c"}};
  command.argv.emplace_back(kProbe);
  const auto outcome = run(command);
  return outcome.ok() ? "" : outcome.err.substr(0, outcome.err.find('\n'));
}

}  // namespace

std::vector<std::string> lacking() {
  std::vector<std::string> reasons;
  if (::geteuid() != 0) reasons.emplace_back("not root: namespaces, mounts and sshd need it");
  for (const auto& [program, package] : kTools) {
    const auto path = find_program(program);
    if (path.empty()) {
      reasons.push_back(fmt::format("no {}: install the package {}", program, package));
    } else if (std::filesystem::canonical(path).string().starts_with("/nix/")) {
      reasons.push_back(
          fmt::format("{} lies in /nix, which each host replaces: install the system's package {}",
                      program,
                      package));
    }
  }
  if (reasons.empty()) {
    if (const auto refusal = namespace_refusal(); !refusal.empty()) {
      reasons.push_back(
          fmt::format("no mount and process namespaces here ({}): a container needs CAP_SYS_ADMIN, "
                      "such as docker run --privileged",
                      refusal));
    }
  }
  return reasons;
}

}  // namespace firn::lab
