// SPDX-License-Identifier: Apache-2.0
// A PostgreSQL cluster of a test's own: made in a temporary folder, reached through a socket there
// and no network, gone with its owner.
#pragma once

#include "lab/process.h"
#include "lab/temp_dir.h"

#include <filesystem>
#include <memory>
#include <string>
#include <sys/types.h>
#include <vector>

namespace firn::lab {

struct PostgresOptions {
  /// Commits wait for the disk, as by PostgreSQL's defaults; a test has no need of that.
  bool durable = false;
};

/// The newest PostgreSQL that is installed, running as the user `postgres` where we are root. Any
/// local user may connect as `postgres`. Throws Error{not_found} where none is installed.
class Postgres {
 public:
  explicit Postgres(PostgresOptions options = {});
  ~Postgres();
  Postgres(const Postgres&) = delete;
  Postgres& operator=(const Postgres&) = delete;

  /// Makes a database and returns its URL. `original` names one to copy, with nobody connected.
  std::string create_database(const std::string& name, const std::string& original = "template0");

  std::string url(const std::string& name) const;

  /// The server's main process.
  pid_t pid();

  /// Ends it as an administrator does (sessions are cut), and starts it again.
  void stop();
  void start();

  /// Kills it with all its sessions' processes, as a crash of the machine would.
  void kill();

 private:
  Command as_postgres(std::vector<std::string> argv) const;

  PostgresOptions options_;
  std::filesystem::path programs_;
  TempDir folder_;
  std::unique_ptr<Process> server_;
};

}  // namespace firn::lab
