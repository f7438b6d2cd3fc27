// SPDX-License-Identifier: Apache-2.0
#include "lab/fault.h"

#include "base/error.h"

#include <cerrno>
#include <sys/statvfs.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace firn::lab {

namespace {

std::vector<pid_t> must_find(const Host& host,
                             std::string_view words,
                             std::string_view further_words) {
  auto found = host.find(words, further_words);
  if (found.empty()) {
    throw Error(
        Kind::not_found,
        fmt::format(
            "no process with '{}' runs there, only\n{}", words, fmt::join(host.processes(), "\n")));
  }
  return found;
}

constexpr std::string_view kTable = "firn_lab";

}  // namespace

Stopped::Stopped(const Host& host, std::string_view words, std::string_view further_words)
    : processes_(must_find(host, words, further_words)) {
  for (const pid_t process : processes_)
    ::kill(process, SIGSTOP);
}

Stopped::~Stopped() {
  for (const pid_t process : processes_)
    ::kill(process, SIGCONT);
}

void kill_processes(const Host& host, std::string_view words, std::string_view further_words) {
  for (const pid_t process : must_find(host, words, further_words))
    ::kill(process, SIGKILL);
}

Blackhole::Blackhole(const Host& host) : host_(host) {
  host_.adjust(
      {"nft",
       fmt::format("add table inet {0}; "
                   "add chain inet {0} in {{ type filter hook input priority 0; policy drop; }}; "
                   "add chain inet {0} out {{ type filter hook output priority 0; policy drop; }}",
                   kTable)});
}

Blackhole::~Blackhole() {
  host_.adjust({"nft", "delete", "table", "inet", std::string(kTable)});
}

FullStore::FullStore(const Host& host, Of what, std::uint64_t spare) : host_(host) {
  struct statvfs now{};
  if (::statvfs(host.outside("/nix").c_str(), &now) != 0) throw system_error(errno, "statvfs /nix");
  if (what == Of::bytes) {
    remount(fmt::format("size={}", (now.f_blocks - now.f_bfree) * now.f_frsize + spare));
  } else {
    remount(fmt::format("nr_inodes={}", now.f_files - now.f_ffree + spare));
  }
}

/// The kernel counts both while processes come and go: it may refuse for a moment.
FullStore::~FullStore() {
  for (int tries = 0; tries < 20; ++tries) {
    try {
      remount("size=50%,nr_inodes=1000000");
      return;
    } catch (const Error&) {
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
  }
}

void FullStore::remount(std::string_view options) const {
  host_.adjust({"mount", "-o", fmt::format("remount,{}", options), host_.mounted("/nix").string()});
}

CollectingGarbage::CollectingGarbage(const Host& host)
    : host_(host), collector_([this] {
        while (!is_over_) {
          if (host_.run({"nix-store", "--gc"}, {.user = User::root}).ok()) ++collections_;
        }
      }) {}

CollectingGarbage::~CollectingGarbage() {
  is_over_ = true;
}

}  // namespace firn::lab
