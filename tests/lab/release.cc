// SPDX-License-Identifier: Apache-2.0
#include "lab/release.h"

#include "base/error.h"
#include "base/fd.h"
#include "lab/process.h"
#include "lab/temp_dir.h"

#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <sstream>
#include <sys/file.h>
#include <system_error>
#include <unistd.h>
#include <vector>

#include <fmt/format.h>

namespace firn::lab {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kPackages = "nix-bin,openssh-client,openssh-server";
/// Counts up when roots are made in another way: those of before are left aside.
constexpr int kRecipe = 1;

bool is_this_machine(const Release& release) {
  std::istringstream lines(read_file("/etc/os-release"));
  const auto wanted = fmt::format("VERSION_CODENAME={}", release.suite);
  for (std::string line; std::getline(lines, line);) {
    if (line == wanted) return true;
  }
  return false;
}

Error cannot_be_had(const Release& release, std::string_view why) {
  return {Kind::unavailable,
          fmt::format("Nix {} of Debian {} cannot be had: {}", release.nix, release.suite, why)};
}

/// The address from which this machine's apt takes Debian; empty where it takes none.
std::string debian_mirror() {
  const auto listed = run({.argv = {"apt-get",
                                    "indextargets",
                                    "--format",
                                    "$(REPO_URI)",
                                    "Created-By: Packages",
                                    "Origin: Debian",
                                    "Label: Debian"}});
  return listed.out.substr(0, listed.out.find('\n'));
}

/// Of what mmdebstrap and apt wrote, the lines that tell an error.
std::string error_lines(const std::string& text) {
  std::istringstream lines(text);
  std::string errors;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("E: ")) errors += '\n' + line;
  }
  return errors.empty() ? text : errors;
}

/// Packages are unpacked without waiting for the disk: a root that a crash tore is made again
/// anyway.
std::vector<std::string> bootstrap(const Release& release,
                                   const fs::path& target,
                                   std::string_view source_options,
                                   std::string_view mirror) {
  return {"mmdebstrap",
          "--quiet",
          "--variant=apt",
          fmt::format("--include={}", kPackages),
          "--aptopt=Acquire::Check-Valid-Until \"false\"",
          "--dpkgopt=force-unsafe-io",
          std::string(release.suite),
          target.string(),
          fmt::format("deb {}{} {} main", source_options, mirror, release.suite)};
}

/// The mirror's signatures are checked, but for a release that is younger than this machine's keys.
void make(const Release& release, const fs::path& target) {
  if (!run({.argv = {"sh", "-c", "command -v mmdebstrap"}}).ok())
    throw cannot_be_had(release, "no mmdebstrap: install the package mmdebstrap");
  const auto mirror = debian_mirror();
  if (mirror.empty()) {
    throw cannot_be_had(
        release, "apt's sources name no Debian archive, or apt-get update has not been run yet");
  }
  auto outcome = run({.argv = bootstrap(release, target, "", mirror)});
  if (!outcome.ok() && outcome.err.find("NO_PUBKEY") != std::string::npos) {
    fs::remove_all(target);
    outcome = run({.argv = bootstrap(release, target, "[trusted=yes] ", mirror)});
  }
  if (!outcome.ok()) {
    throw cannot_be_had(
        release, fmt::format("mmdebstrap failed at {}:{}", mirror, error_lines(outcome.err)));
  }
}

fs::path cached(const Release& release) {
  return roots_cache() / fmt::format("{}-{}", release.suite, kRecipe);
}

/// What makers that were killed have left.
void remove_torn(const fs::path& root) {
  const auto prefix = root.filename().string() + ".part-";
  for (const auto& entry : fs::directory_iterator(root.parent_path())) {
    std::error_code ignored;
    if (entry.path().filename().string().starts_with(prefix)) fs::remove_all(entry.path(), ignored);
  }
}

}  // namespace

fs::path roots_cache() {
  const char* chosen = std::getenv("FIRN_LAB_ROOTS");
  return chosen != nullptr && *chosen != '\0' ? chosen : "/var/cache/firn/roots";
}

bool is_to_be_made(const Release& release) {
  return !is_this_machine(release) && !fs::exists(cached(release));
}

fs::path root_of(const Release& release) {
  if (is_this_machine(release)) return {};
  const auto root = cached(release);
  if (fs::exists(root)) return root;
  fs::create_directories(root.parent_path());
  const auto lock_file = root.string() + ".lock";
  const Fd lock(::open(lock_file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!lock || ::flock(lock.get(), LOCK_EX) != 0) throw system_error(errno, "lock " + lock_file);
  if (fs::exists(root)) return root;
  remove_torn(root);
  const fs::path part = fmt::format("{}.part-{}", root.string(), ::getpid());
  try {
    make(release, part);
  } catch (const Error&) {
    std::error_code ignored;
    fs::remove_all(part, ignored);
    throw;
  }
  fs::rename(part, root);
  return root;
}

std::string reason_to_skip(const Release& release) {
  try {
    root_of(release);
    return {};
  } catch (const Error& error) {
    const char* ci = std::getenv("CI");
    if (ci != nullptr && *ci != '\0') throw;
    return error.what();
  }
}

}  // namespace firn::lab
