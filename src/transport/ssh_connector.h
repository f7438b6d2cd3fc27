// SPDX-License-Identifier: Apache-2.0
// Sessions on one machine over as few ssh connections as its sshd allows.
#pragma once

#include "aio/semaphore.h"
#include "transport/link.h"
#include "transport/socket_folder.h"
#include "transport/ssh_target.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace firn::transport {

/// What it starts on the machine ends with it, in whatever way it ends: see warden.h.
///
/// Opens connections one at a time, each with at most kSessionsPerConnection sessions until a
/// refusal teaches a lower number. A connection that sshd turns away for want of room (MaxStartups)
/// is tried again for a few seconds.
class SshConnector final : public Connector {
 public:
  /// Debian's sshd grants 10 sessions a connection; one is the master's own, one is left to spare.
  static constexpr std::size_t kSessionsPerConnection = 8;

  /// `folder` must outlive the connector. Where the login shell does not find the first command
  /// (exit status 127), the next one is tried, and remembered. Throws Error{invalid} for a target
  /// that ssh would misread.
  SshConnector(aio::Loop& loop,
               const SocketFolder& folder,
               SshTarget target,
               std::vector<std::string> remote_commands);
  ~SshConnector() override;

  aio::Task<std::unique_ptr<Link>> open() override;
  aio::Task<void> open_ahead() override;
  void forbid_delegation() override;
  bool learn_refusal(const Link& link, std::string_view last_words) override;
  aio::Task<void> close() override;

 private:
  struct Connection;
  class SshLink;

  std::shared_ptr<Connection> find_connection() const;
  bool learn_command(const SshLink& link);
  aio::Task<std::shared_ptr<Connection>> connect();
  std::shared_ptr<Connection> start_connection();
  std::string write_known_hosts() const;

  aio::Loop& loop_;
  const SocketFolder& folder_;
  SshTarget target_;
  std::vector<std::string> remote_commands_;
  std::string known_hosts_;
  /// Marks the line in which a remote process tells its number; nobody can guess it.
  std::string pid_word_;
  /// Until a login shows that it runs commands of its own choice.
  bool announces_ = true;
  // Links hold their connection too: it ends with the last of them.
  std::vector<std::shared_ptr<Connection>> connections_;
  std::uint32_t made_ = 0;
  std::size_t session_limit_ = kSessionsPerConnection;
  aio::Semaphore connecting_{1};
  std::minstd_rand jitter_;
};

}  // namespace firn::transport
