// SPDX-License-Identifier: Apache-2.0
// A link to a child process: a local program, or the ssh client in front of a remote one.
#pragma once

#include "aio/child_process.h"
#include "transport/link.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace firn::transport {

class ProcessLink : public Link {
 public:
  ProcessLink(aio::Loop& loop, const aio::Command& command);

  aio::Task<std::size_t> read_some(MutableBytes buffer) override;
  aio::Task<void> write(Bytes bytes) override;
  void close_write() override;
  void listen(Listener listener) override;
  aio::Task<std::string> last_words() override;
  std::string_view printed() override;
  aio::Task<void> diagnostics_ended() override;
  aio::Task<void> stop(Duration grace) override;

  /// Hands over a few words at once, or says that they do not fit; see ChildProcess.
  bool try_write(std::string_view line) { return child_.try_write(as_bytes(line)); }

  /// Known once its end was waited for.
  const std::optional<aio::ExitStatus>& exit_status() const { return child_.status(); }

 protected:
  /// The end of what it has printed while nobody listened.
  virtual std::string spoken() { return child_.diagnostics().tail(); }

 private:
  aio::Loop& loop_;
  aio::ChildProcess child_;
};

/// Runs a program of this machine.
class LocalConnector final : public Connector {
 public:
  LocalConnector(aio::Loop& loop, aio::Command command);

  aio::Task<std::unique_ptr<Link>> open() override;

  bool learn_refusal(const Link&, std::string_view) override { return false; }

  aio::Task<void> close() override;

 private:
  aio::Loop& loop_;
  aio::Command command_;
};

}  // namespace firn::transport
