// SPDX-License-Identifier: Apache-2.0
// A machine within this machine: its own mount and process namespaces, its own empty /nix, its own
// users. Everything else (compilers, /bin/sh, the repository) is the real machine's, or that of
// another release of Debian, with its Nix and its sshd.
#pragma once

#include "lab/process.h"
#include "lab/release.h"
#include "lab/temp_dir.h"

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace firn::lab {

/// Who runs a command inside a host.
enum class User : std::uint8_t { root, ordinary };

/// A host where Nix is installed for many users: nix-daemon, build users, a login that is not root.
struct Daemon {
  /// Whether that login is one of the daemon's `trusted-users`.
  bool is_trusted = false;
};

struct HostOptions {
  /// Whose programs run here. Default: this machine's.
  std::optional<Release> release{};
  /// The store is in memory, and gone with the host.
  bool has_tmpfs_store = false;
  /// It shares no network with this machine; a Cable leads to another such host.
  bool has_own_network = false;
  std::optional<Daemon> daemon{};
  /// Lines added to nix.conf, later ones win.
  std::map<std::string, std::string> nix_conf{};
};

struct RunOptions {
  /// Added to the host's environment.
  Environment env{};
  /// Default: the host's ordinary user where it has a daemon, else root.
  std::optional<User> user{};
  /// Default: the home folder of that user.
  std::filesystem::path directory{};
  bool inherit_stdio = false;
  /// -1 = /dev/null. Borrowed for the length of the start.
  int stdin_fd = -1;
};

/// A namespace with an init of its own. Leaving the scope ends that init, and with it exactly the
/// processes inside; the mounts and all files go too. The same happens by itself when the process
/// that owns it dies in whatever way (files then wait for the next lab's sweep).
class Host {
 public:
  explicit Host(const HostOptions& options);
  ~Host();
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  /// Folder with everything of this host; the same path inside and outside.
  const std::filesystem::path& dir() const { return dir_.path(); }

  std::filesystem::path home(User user) const;

  /// The login that people use here: ordinary where there is a daemon, else root.
  User login() const { return has_daemon_ ? User::ordinary : User::root; }

  /// Name of that login in this host's /etc/passwd.
  std::string login_name() const;

  Outcome run(const std::vector<std::string>& argv, const RunOptions& options = {}) const;
  Process spawn(const std::vector<std::string>& argv, const RunOptions& options = {}) const;

  /// What a login finds in its environment, and sshd hands to its sessions.
  Environment nix_environment() const;

  /// Where a path of the inside, such as /nix/store/…, is reached from here.
  std::filesystem::path outside(const std::filesystem::path& inside) const;

  /// Copies a program to this host's first folder of PATH, where every user may run it.
  void install(const std::filesystem::path& program) const;

  /// Valid according to the store's own database.
  bool store_has(std::string_view store_path) const;
  /// Valid, and its bytes hash to what the database says.
  bool verify_path(std::string_view store_path) const;
  /// sha256 in base 32 of the NAR of what lies on disk.
  std::string nar_hash(std::string_view store_path) const;
  /// Names of all valid paths, sorted.
  std::vector<std::string> valid_paths() const;

  /// Its process 1, as seen from here.
  pid_t init() const { return init_pid_; }

  /// Whether its network is its own.
  bool has_own_network() const { return has_own_network_; }

  /// Processes of this host whose command line contains both texts, as seen from here. Process 1
  /// and its first child are not among them.
  std::vector<pid_t> find(std::string_view words, std::string_view further_words = {}) const;

  /// Ends everything but process 1, as a power cut does; stores and files stay.
  void kill_all();

  /// Starts nix-daemon where the host has one and it does not run. Returns when it answers.
  void start_daemon();
  /// Kills nix-daemon and all that it serves.
  void stop_daemon();

  /// Runs a command of this machine among the host's mounts, and in its network where that is its
  /// own. Throws where it fails.
  void adjust(std::vector<std::string> argv) const;

  /// Where adjust() finds a path of the inside.
  std::filesystem::path mounted(const std::filesystem::path& inside) const;

  /// Running processes of this host with that name (at most its first 15 characters).
  int count_processes(std::string_view name) const;
  /// Command lines of everything that runs here: for messages of tests.
  std::vector<std::string> processes() const;

  /// Makes the file belong to the login.
  void give_to_login(const std::filesystem::path& path) const;

 private:
  void write_files(const HostOptions& options) const;
  Process start_init(const HostOptions& options);
  pid_t keeper() const;
  Command enter(const std::vector<std::string>& argv, const RunOptions& options) const;

  bool has_daemon_;
  bool has_own_network_;
  /// Empty = this machine's own.
  std::filesystem::path root_;
  TempDir dir_;
  Fd lifeline_;
  Process init_;
  pid_t init_pid_ = -1;
  std::optional<Process> daemon_;
};

}  // namespace firn::lab
