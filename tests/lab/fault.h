// SPDX-License-Identifier: Apache-2.0
// What goes wrong with machines: each fault lasts as long as its object, and leaving the scope
// undoes it. Whatever a fault names it borrows.
#pragma once

#include "lab/builder.h"

#include <atomic>
#include <csignal>
#include <cstdint>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <thread>
#include <vector>

namespace firn::lab {

class Fault {
 public:
  Fault() = default;
  Fault(const Fault&) = delete;
  Fault& operator=(const Fault&) = delete;
  virtual ~Fault() = default;
};

/// Words that the command lines of these processes hold.
namespace role {
/// On a builder: what answers firn.
inline constexpr std::string_view kServer = "nix-store --serve";
/// On a builder: the end of an ssh connection, not the daemon that listens.
inline constexpr std::string_view kSshdSession = "@notty";
/// On a builder: everything of sshd.
inline constexpr std::string_view kSshd = "sshd";
/// Beside firn: the one process that holds a connection.
inline constexpr std::string_view kMaster = "-oControlMaster=yes";
/// Beside firn: one session of it.
inline constexpr std::string_view kClient = "-oControlMaster=no";
/// Beside firn: what answers for our own store.
inline constexpr std::string_view kOwnStore = "nix-daemon";
}  // namespace role

/// Processes that stand still (SIGSTOP), and go on afterwards if they live. Throws where there are
/// none.
class Stopped final : public Fault {
 public:
  Stopped(const Host& host, std::string_view words, std::string_view further_words = {});
  ~Stopped() override;

 private:
  std::vector<pid_t> processes_;
};

/// Ends processes at once. Nothing to undo. Throws where there are none.
void kill_processes(const Host& host, std::string_view words, std::string_view further_words = {});

/// Packets to and from the host vanish: nobody is told. It needs a network of its own.
class Blackhole final : public Fault {
 public:
  explicit Blackhole(const Host& host);
  ~Blackhole() override;

 private:
  const Host& host_;
};

/// A store in memory that takes not a byte, or not a file, more.
class FullStore final : public Fault {
 public:
  enum class Of : std::uint8_t { bytes, inodes };

  /// Leaves room for `spare` more of them.
  FullStore(const Host& host, Of what, std::uint64_t spare = 0);
  ~FullStore() override;

 private:
  void remount(std::string_view options) const;

  const Host& host_;
};

/// The machine is off; leaving the scope boots it.
class PowerCut final : public Fault {
 public:
  explicit PowerCut(Builder& builder) : builder_(builder) { builder_.cut_power(); }

  ~PowerCut() override { builder_.boot(); }

 private:
  Builder& builder_;
};

/// nix-daemon of the host does not run.
class DaemonDown final : public Fault {
 public:
  explicit DaemonDown(Host& host) : host_(host) { host_.stop_daemon(); }

  ~DaemonDown() override { host_.start_daemon(); }

 private:
  Host& host_;
};

/// The garbage collector runs, over and over.
class CollectingGarbage final : public Fault {
 public:
  explicit CollectingGarbage(const Host& host);
  ~CollectingGarbage() override;

  int collections() const { return collections_; }

 private:
  const Host& host_;
  std::atomic<bool> is_over_ = false;
  std::atomic<int> collections_ = 0;
  std::jthread collector_;
};

}  // namespace firn::lab
