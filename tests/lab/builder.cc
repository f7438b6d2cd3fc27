// SPDX-License-Identifier: Apache-2.0
#include "lab/builder.h"

#include "base/encoding.h"
#include "base/error.h"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <fstream>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace firn::lab {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kStockConfig = "/usr/share/openssh/sshd_config";
constexpr std::chrono::seconds kAnswerLimit{20};

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

std::uint16_t free_port() {
  const Fd probe(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  auto address = loopback(0);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (!probe || ::bind(probe.get(), generic, size) != 0 ||
      ::getsockname(probe.get(), generic, &size) != 0) {
    throw system_error(errno, "bind 127.0.0.1");
  }
  return ntohs(address.sin_port);
}

bool answers(std::uint16_t port) {
  const Fd probe(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto address = loopback(port);
  if (::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return false;
  std::array<char, 4> banner{};
  return ::recv(probe.get(), banner.data(), banner.size(), MSG_WAITALL) == 4 &&
         std::string_view(banner.data(), 4) == "SSH-";
}

ClientKey make_key(const fs::path& file) {
  must_run({"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "firn-lab", "-f", file.string()});
  auto line = read_file(file.string() + ".pub");
  line.erase(line.find('\n'));
  return {.file = file, .public_line = line};
}

void append(const fs::path& file, std::string_view text) {
  std::ofstream(file, std::ios::app) << text;
}

HostOptions with_builder_settings(const BuilderOptions& options) {
  HostOptions host = options.host;
  if (options.cabled_to != nullptr) host.has_own_network = true;
  std::vector<std::string> features{"benchmark", "big-parallel", "nixos-test"};
  features.insert(features.end(), options.features.begin(), options.features.end());
  features.insert(
      features.end(), options.mandatory_features.begin(), options.mandatory_features.end());
  host.nix_conf.emplace("system-features", fmt::format("{}", fmt::join(features, " ")));
  host.nix_conf.emplace("max-jobs", std::to_string(options.max_jobs));
  return host;
}

std::string column(const std::vector<std::string>& items) {
  return items.empty() ? "-" : fmt::format("{}", fmt::join(items, ","));
}

}  // namespace

std::string current_system() {
  utsname names{};
  ::uname(&names);
  return fmt::format("{}-linux", names.machine);
}

Sshd::Sshd(const Host& host,
           const ClientKey& client,
           SshdLimits limits,
           const Environment& environment)
    : config_(host.dir() / "sshd_config") {
  const auto line = make_key(host.dir() / "host_key").public_line;
  host_key_ = line.substr(0, line.rfind(' '));
  constexpr int kTries = 5;
  for (int attempt = 1; port_ == 0; ++attempt) {
    write_config(host, client, limits, environment);
    const auto port = free_port();
    if (start(host, port)) port_ = port;
    if (port_ == 0 && attempt == kTries)
      throw Error(Kind::unavailable, "sshd does not start: " + log());
  }
}

void Sshd::restart(const Host& host) {
  if (!start(host, port_)) throw Error(Kind::unavailable, "sshd does not start again: " + log());
}

void Sshd::write_config(const Host& host,
                        const ClientKey& client,
                        SshdLimits limits,
                        const Environment& environment) {
  write_file(host.dir() / "authorized_keys", client.public_line + '\n');
  auto text = fmt::format(
      "ListenAddress {1}\nHostKey {0}/host_key\nAuthorizedKeysFile {0}/authorized_keys\n"
      "StrictModes no\nPidFile none\nLogLevel VERBOSE\nPermitRootLogin prohibit-password\nSetEnv",
      host.dir().string(),
      host.has_own_network() ? "0.0.0.0" : "127.0.0.1");
  auto variables = host.nix_environment();
  for (const auto& [key, value] : environment)
    variables[key] = value;
  for (const auto& [key, value] : variables)
    text += fmt::format(" {}={}", key, value);
  const bool stock = limits == SshdLimits::stock;
  if (stock && fs::exists(host.outside(kStockConfig)))
    text += fmt::format("\nInclude {}\n", kStockConfig);
  if (!stock) text += "\nUsePAM no\nMaxStartups 1000:30:2000\nMaxSessions 1000\n";
  write_file(config_, text + '\n');
}

bool Sshd::start(const Host& host, std::uint16_t port) {
  process_.emplace(
      host.spawn({"/usr/sbin/sshd", "-D", "-e", "-f", config_.string(), "-p", std::to_string(port)},
                 {.user = User::root}));
  const auto deadline = std::chrono::steady_clock::now() + kAnswerLimit;
  while (!process_->wait_for_output("Server listening", std::chrono::milliseconds(200))) {
    if (!process_->is_running() || std::chrono::steady_clock::now() > deadline) return false;
  }
  bool is_ours = false;
  in_network_of(host, [&] { is_ours = answers(port); });
  return is_ours;
}

std::string Sshd::log() const {
  return process_ ? process_->err() : "";
}

Builder::Builder(const ClientKey& client, BuilderOptions options)
    : options_(std::move(options)),
      client_(client),
      host_(with_builder_settings(options_)),
      sshd_((join_network(), host_), client_, options_.sshd, options_.environment) {}

void Builder::join_network() {
  if (options_.cabled_to != nullptr) cable_.emplace(*options_.cabled_to, host_);
}

void Builder::boot() {
  host_.start_daemon();
  sshd_.restart(host_);
}

std::string Builder::uri() const {
  return fmt::format("ssh://{}@{}:{}", host_.login_name(), address(), sshd_.port());
}

std::string Builder::uri_at(std::uint16_t port) const {
  return fmt::format("ssh://{}@127.0.0.1:{}", host_.login_name(), port);
}

std::string Builder::columns() const {
  const auto systems = options_.systems.empty() ? std::vector{current_system()} : options_.systems;
  auto supported = options_.features;
  supported.insert(
      supported.end(), options_.mandatory_features.begin(), options_.mandatory_features.end());
  return fmt::format("{} {} {} {} {} {} {}",
                     fmt::join(systems, ","),
                     client_.file.string(),
                     options_.max_jobs,
                     options_.speed_factor,
                     column(supported),
                     column(options_.mandatory_features),
                     encode_base64(as_bytes(sshd_.host_key())));
}

std::string Builder::machines_line(const std::string& uri) const {
  return (uri.empty() ? this->uri() : uri) + ' ' + columns();
}

std::string Builder::stock_machines_line() const {
  return fmt::format("ssh://{} {}", name(), columns());
}

std::string Builder::ssh_config(const fs::path& known_hosts) const {
  return fmt::format(
      "Host {}\n  HostName {}\n  Port {}\n  User {}\n  IdentityFile {}\n  IdentitiesOnly "
      "yes\n"
      "  HostKeyAlias {}\n  UserKnownHostsFile {}\n",
      name(),
      address(),
      sshd_.port(),
      host_.login_name(),
      client_.file.string(),
      name(),
      known_hosts.string());
}

std::string Builder::known_hosts_line() const {
  return fmt::format("{} {}\n", name(), sshd_.host_key());
}

CoordinatorHost::CoordinatorHost(const HostOptions& options) : Host(options) {
  const auto folder = home(login()) / ".ssh";
  fs::create_directories(folder);
  fs::permissions(folder, fs::perms::owner_all);
  key_ = make_key(folder / "id_ed25519");
  for (const auto& path : {folder, key_.file, folder / "id_ed25519.pub"})
    give_to_login(path);
}

void CoordinatorHost::introduce(const Builder& builder) const {
  const auto folder = key_.file.parent_path();
  append(folder / "known_hosts", builder.known_hosts_line());
  append(folder / "config", builder.ssh_config(folder / "known_hosts"));
  for (const auto* name : {"known_hosts", "config"})
    give_to_login(folder / name);
}

}  // namespace firn::lab
