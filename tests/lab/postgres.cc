// SPDX-License-Identifier: Apache-2.0
#include "lab/postgres.h"

#include "base/error.h"

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <pwd.h>
#include <sstream>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

namespace firn::lab {

namespace fs = std::filesystem;

namespace {

constexpr std::chrono::seconds kLimit{60};

fs::path newest_programs() {
  std::pair<int, fs::path> newest{0, {}};
  std::error_code none;
  for (const auto& entry : fs::directory_iterator("/usr/lib/postgresql", none)) {
    const int version = std::atoi(entry.path().filename().c_str());
    if (version > newest.first && fs::exists(entry.path() / "bin" / "initdb"))
      newest = {version, entry.path() / "bin"};
  }
  if (newest.first == 0)
    throw Error(Kind::not_found, "no PostgreSQL server is installed: apt install postgresql");
  return newest.second;
}

void give_to_postgres(const fs::path& folder) {
  if (::geteuid() != 0) return;
  const auto* user = ::getpwnam("postgres");
  if (user == nullptr || ::chown(folder.c_str(), user->pw_uid, user->pw_gid) != 0)
    throw Error(Kind::permission, "cannot give " + folder.string() + " to the user postgres");
}

void must_succeed(const Command& command) {
  const auto outcome = run(command, kLimit);
  if (!outcome.ok())
    throw Error(Kind::unavailable, command.argv.back() + ": " + outcome.describe());
}

}  // namespace

Postgres::Postgres(PostgresOptions options) : options_(options), programs_(newest_programs()) {
  const auto home = folder_.path() / "postgres";
  fs::create_directory(home);
  give_to_postgres(home);
  must_succeed(as_postgres({programs_ / "initdb",
                            "--no-sync",
                            "--auth=trust",
                            "--encoding=UTF8",
                            "--locale=C",
                            "--username=postgres",
                            "--pgdata",
                            home / "data"}));
  start();
}

Postgres::~Postgres() {
  if (server_) server_->signal(SIGQUIT);
  if (server_) server_->end_within(std::chrono::seconds(10));
}

/// The server ends with the thread that started it, however that ends.
Command Postgres::as_postgres(std::vector<std::string> argv) const {
  Command command;
  command.argv = {"setpriv", "--pdeathsig=QUIT"};
  if (::geteuid() == 0)
    command.argv.insert(command.argv.end(),
                        {"--reuid=postgres", "--regid=postgres", "--clear-groups"});
  command.argv.insert(command.argv.end(), argv.begin(), argv.end());
  command.env["LC_ALL"] = "C";
  return command;
}

void Postgres::start() {
  const auto home = folder_.path() / "postgres";
  server_ = std::make_unique<Process>(
      as_postgres({programs_ / "postgres",
                   "-D",
                   home / "data",
                   "-c",
                   "listen_addresses=",
                   "-c",
                   "unix_socket_directories=" + home.string(),
                   "-c",
                   fmt::format("fsync={}", options_.durable ? "on" : "off")}));
  if (!server_->wait_for_output("ready to accept connections", kLimit))
    throw Error(Kind::unavailable, "the PostgreSQL server did not start: " + server_->err());
}

void Postgres::stop() {
  server_->signal(SIGINT);
  if (!server_->end_within(kLimit))
    throw Error(Kind::timeout, "the PostgreSQL server did not stop");
  server_.reset();
}

void Postgres::kill() {
  const auto children = fmt::format("/proc/{0}/task/{0}/children", server_->pid());
  std::istringstream pids(read_file(children));
  server_->signal(SIGKILL);
  for (pid_t pid = 0; pids >> pid;)
    ::kill(pid, SIGKILL);
  server_->end_within(kLimit);
  server_.reset();
}

pid_t Postgres::pid() {
  return server_->pid();
}

std::string Postgres::url(const std::string& name) const {
  const auto folder = (folder_.path() / "postgres").string();
  return fmt::format("postgresql://postgres@/{}?host={}", name, folder);
}

std::string Postgres::create_database(const std::string& name, const std::string& original) {
  must_succeed(as_postgres({programs_ / "createdb",
                            "--host",
                            folder_.path() / "postgres",
                            "--username=postgres",
                            "--template",
                            original,
                            name}));
  return url(name);
}

}  // namespace firn::lab
