// SPDX-License-Identifier: Apache-2.0
#include "lab/host.h"

#include "base/error.h"
#include "lab/accounts.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <sstream>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

namespace firn::lab {

namespace fs = std::filesystem;

namespace {

constexpr std::chrono::seconds kStartLimit{20};

/// Runs as process 1 of the namespaces. Its standard input is the lifeline: at its end everything
/// ends. Another release's programs are seen read-only; what must be writable is in memory.
constexpr std::string_view kInit = R"sh(set -eu
exec 3<&0 </dev/null
dir=$1 store=$2 release=$3 network=$4 root=
[ "$network" = shared ] || ip link set lo up
read -r pid rest < /proc/self/stat
if [ -n "$release" ]; then
  root=$dir/root
  mount -t tmpfs -o mode=0755 tmpfs "$root"
  for entry in "$release"/*; do
    target=$root/${entry##*/}
    if [ -L "$entry" ]; then
      cp -P "$entry" "$target"
    else
      mkdir "$target"
      case ${entry##*/} in
        bin | etc | lib* | sbin | usr | var) mount --bind -o ro "$entry" "$target" ;;
      esac
    fi
  done
  chmod 1777 "$root/tmp"
  mount -t tmpfs -o mode=1777 tmpfs "$root/var/tmp"
  mount --rbind /dev "$root/dev"
  mkdir -p "$root/nix" "$root$dir"
  mount --bind "$dir" "$root$dir"
fi
mount -t proc proc "$root/proc"
case $store in
  tmpfs) mount -t tmpfs -o mode=0755 tmpfs "$root/nix" ;;
  *) mount --bind "$dir/nix" "$root/nix" ;;
esac
for file in passwd group shadow; do mount --bind "$dir/etc/$file" "$root/etc/$file"; done
mount -t tmpfs -o mode=0755 tmpfs "$root/run"
mkdir "$root/run/sshd"
exec chroot "$root/" /bin/sh -c 'cat <&3 >/dev/null & echo "ready $1"; wait $!' firn-lab-init "$pid"
)sh";

std::string nix_conf(const HostOptions& options) {
  std::map<std::string, std::string> settings{
      {"build-users-group", options.daemon ? std::string(kBuildGroup) : ""},
      {"max-jobs", "2"},
      {"sandbox", "false"},
      {"substitute", "false"},
      {"substituters", ""},
      {"trusted-users",
       options.daemon && options.daemon->is_trusted ? fmt::format("root {}", kLogin) : "root"},
  };
  const bool has_features = !options.release || !options.release->nix.starts_with("2.3.");
  if (has_features) settings.emplace("experimental-features", "nix-command flakes");
  for (const auto& [key, value] : options.nix_conf)
    settings[key] = value;
  std::string text;
  for (const auto& [key, value] : settings)
    text += fmt::format("{} = {}\n", key, value);
  return text;
}

void make_dir(const fs::path& path, mode_t mode) {
  fs::create_directories(path);
  if (::chmod(path.c_str(), mode) != 0) throw system_error(errno, "chmod " + path.string());
}

std::string first_line(const fs::path& path) {
  std::ifstream in(path);
  std::string line;
  std::getline(in, line);
  return line;
}

}  // namespace

Host::Host(const HostOptions& options)
    : has_daemon_(options.daemon.has_value()),
      has_own_network_(options.has_own_network),
      root_(options.release ? root_of(*options.release) : fs::path()),
      init_((write_files(options), start_init(options))) {
  if (!init_.wait_for_output("ready ", kStartLimit)) {
    throw Error(Kind::unavailable, "the lab's namespace does not start: " + init_.err());
  }
  std::istringstream ready(init_.out());
  std::string word;
  ready >> word >> init_pid_;
  if (has_daemon_) start_daemon();
}

Host::~Host() {
  daemon_.reset();
  lifeline_.reset();
  init_.end_within(kStartLimit);
}

fs::path Host::home(User user) const {
  return dir() / "home" / (user == User::root ? "root" : kLogin);
}

std::string Host::login_name() const {
  return std::string(login() == User::root ? "root" : kLogin);
}

void Host::write_files(const HostOptions& options) const {
  for (const auto* name : {"nix", "etc", "bin", "root", "home", "home/root"})
    make_dir(dir() / name, 0755);
  make_dir(home(User::ordinary), 0755);
  make_dir(dir() / "tmp", 01777);
  write_file(dir() / "etc/nix.conf", nix_conf(options));
  write_accounts(dir() / "etc", root_.empty() ? "/etc" : root_ / "etc", dir() / "home");
  if (::chown(home(User::ordinary).c_str(), kLoginId, kLoginId) != 0)
    throw system_error(errno, "chown");
  if (root_.empty()) fs::create_directories("/nix");
}

Process Host::start_init(const HostOptions& options) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw system_error(errno, "pipe");
  const Fd inside(ends[0]);
  lifeline_ = Fd(ends[1]);
  Command command{.argv = {"unshare",
                           "--mount",
                           "--pid",
                           "--fork",
                           "--kill-child",
                           "--propagation",
                           "private",
                           "/bin/sh",
                           "-c",
                           std::string(kInit),
                           "firn-lab-init",
                           dir().string(),
                           options.has_tmpfs_store ? "tmpfs" : "disk",
                           root_.string(),
                           has_own_network_ ? "own" : "shared"},
                  .stdin_fd = inside.get()};
  if (has_own_network_) command.argv.insert(command.argv.begin() + 1, "--net");
  return Process(command);
}

void Host::start_daemon() {
  if (!has_daemon_ || (daemon_ && daemon_->is_running())) return;
  const fs::path socket = "/nix/var/nix/daemon-socket/socket";
  fs::remove(outside(socket));
  daemon_.emplace(spawn({"nix-daemon"}, {.user = User::root}));
  const auto deadline = std::chrono::steady_clock::now() + kStartLimit;
  while (!fs::exists(outside(socket))) {
    if (!daemon_->is_running() || std::chrono::steady_clock::now() > deadline) {
      throw Error(Kind::unavailable, "nix-daemon does not start: " + daemon_->err());
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

void Host::stop_daemon() {
  for (const pid_t process : find("nix-daemon"))
    ::kill(process, SIGKILL);
  daemon_.reset();
}

Environment Host::nix_environment() const {
  return {{"NIX_CONF_DIR", (dir() / "etc").string()}, {"TMPDIR", (dir() / "tmp").string()}};
}

Command Host::enter(const std::vector<std::string>& argv, const RunOptions& options) const {
  const User user = options.user.value_or(login());
  const auto directory = options.directory.empty() ? home(user) : options.directory;
  Command command{
      .stdin_fd = options.stdin_fd, .inherit_stdio = options.inherit_stdio, .is_wrapper = true};
  command.argv = {"nsenter", "--mount", "--pid", "--root", "--target", std::to_string(init_pid_)};
  if (has_own_network_) command.argv.emplace_back("--net");
  if (user == User::ordinary) {
    const auto id = std::to_string(kLoginId);
    command.argv.insert(command.argv.end(), {"--setuid", id, "--setgid", id});
  }
  command.argv.insert(command.argv.end(),
                      {"env", "--default-signal", "--chdir=" + directory.string()});
  command.argv.insert(command.argv.end(), argv.begin(), argv.end());

  std::erase_if(command.env, [](const auto& entry) {
    const auto& name = entry.first;
    return name.starts_with("NIX_") || name.starts_with("SSH_") || name.starts_with("XDG_");
  });
  command.env.merge(Environment{{"PATH", "/usr/local/bin:/usr/bin:/bin"}});
  command.env["PATH"] = (dir() / "bin").string() + ':' + command.env["PATH"] + ":/usr/sbin:/sbin";
  command.env["HOME"] = home(user);
  command.env["USER"] = command.env["LOGNAME"] = user == User::root ? "root" : kLogin;
  for (const auto& [key, value] : nix_environment())
    command.env[key] = value;
  for (const auto& [key, value] : options.env)
    command.env[key] = value;
  return command;
}

Outcome Host::run(const std::vector<std::string>& argv, const RunOptions& options) const {
  return lab::run(enter(argv, options));
}

Process Host::spawn(const std::vector<std::string>& argv, const RunOptions& options) const {
  return Process(enter(argv, options));
}

fs::path Host::outside(const fs::path& inside) const {
  return fs::path(fmt::format("/proc/{}/root", init_pid_)) / inside.relative_path();
}

fs::path Host::mounted(const fs::path& inside) const {
  return root_.empty() ? inside : dir() / "root" / inside.relative_path();
}

void Host::adjust(std::vector<std::string> argv) const {
  std::vector<std::string> words{"nsenter", "--mount", "--target", std::to_string(init_pid_)};
  if (has_own_network_) words.emplace_back("--net");
  words.insert(
      words.end(), std::make_move_iterator(argv.begin()), std::make_move_iterator(argv.end()));
  must_run(words);
}

void Host::install(const fs::path& program) const {
  const auto target = dir() / "bin" / program.filename();
  fs::copy_file(program, target, fs::copy_options::overwrite_existing);
  if (::chmod(target.c_str(), 0755) != 0) throw system_error(errno, "chmod " + target.string());
}

bool Host::store_has(std::string_view store_path) const {
  return run({"nix-store", "--check-validity", std::string(store_path)}, {.user = User::root}).ok();
}

bool Host::verify_path(std::string_view store_path) const {
  return run({"nix-store", "--verify-path", std::string(store_path)}, {.user = User::root}).ok();
}

std::string Host::nar_hash(std::string_view store_path) const {
  const auto outcome = run({"nix-hash", "--type", "sha256", "--base32", std::string(store_path)},
                           {.user = User::root});
  if (!outcome.ok()) throw Error(Kind::not_found, "nix-hash: " + outcome.describe());
  return outcome.out.substr(0, outcome.out.find('\n'));
}

std::vector<std::string> Host::valid_paths() const {
  const auto outcome = run({"nix", "path-info", "--all"}, {.user = User::root});
  if (!outcome.ok()) throw Error(Kind::unavailable, "nix path-info: " + outcome.describe());
  std::istringstream lines(outcome.out);
  std::vector<std::string> paths{std::istream_iterator<std::string>(lines), {}};
  std::sort(paths.begin(), paths.end());
  return paths;
}

/// What holds the lifeline.
pid_t Host::keeper() const {
  // The oldest child of process 1; orphans that it adopts come after it.
  std::ifstream in(fmt::format("/proc/{0}/task/{0}/children", init_pid_));
  pid_t first = -1;
  in >> first;
  return first;
}

std::vector<pid_t> Host::find(std::string_view words, std::string_view further_words) const {
  std::vector<pid_t> found;
  std::error_code ignored;
  const auto space = fs::read_symlink(fmt::format("/proc/{}/ns/pid", init_pid_));
  const pid_t keeper = this->keeper();
  for (const auto& entry : fs::directory_iterator("/proc", ignored)) {
    const auto pid = std::atoi(entry.path().filename().c_str());
    if (pid == 0 || fs::read_symlink(entry.path() / "ns/pid", ignored) != space) continue;
    auto line = first_line(entry.path() / "cmdline");
    std::replace(line.begin(), line.end(), '\0', ' ');
    const bool is_keeper = pid == init_pid_ || pid == keeper;
    const bool fits = line.contains(words) && line.contains(further_words);
    if (fits && !is_keeper) found.push_back(pid);
  }
  return found;
}

void Host::kill_all() {
  for (int round = 0; round < 20; ++round) {
    const auto all = find("");
    if (all.empty()) break;
    for (const pid_t process : all)
      ::kill(process, SIGKILL);
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  daemon_.reset();
}

int Host::count_processes(std::string_view name) const {
  int count = 0;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(outside("/proc"), ignored)) {
    if (first_line(entry.path() / "comm") == name.substr(0, 15)) ++count;
  }
  return count;
}

std::vector<std::string> Host::processes() const {
  std::vector<std::string> lines;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(outside("/proc"), ignored)) {
    auto line = first_line(entry.path() / "cmdline");
    std::replace(line.begin(), line.end(), '\0', ' ');
    if (!line.empty()) lines.push_back(line);
  }
  return lines;
}

void Host::give_to_login(const fs::path& path) const {
  if (login() == User::ordinary && ::chown(path.c_str(), kLoginId, kLoginId) != 0) {
    throw system_error(errno, "chown " + path.string());
  }
}

}  // namespace firn::lab
