// SPDX-License-Identifier: Apache-2.0
#include "transport/process_link.h"

#include "aio/phase.h"
#include "base/error.h"

#include <utility>

namespace firn::transport {

using namespace std::chrono_literals;

namespace {

/// How long a program that has closed its output may take to print its last line and exit.
constexpr Duration kLastWordsLimit = 2s;

std::string trimmed(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r'))
    text.pop_back();
  const auto start = text.find_first_not_of("\r\n");
  return start == std::string::npos ? std::string() : text.substr(start);
}

}  // namespace

ProcessLink::ProcessLink(aio::Loop& loop, const aio::Command& command)
    : loop_(loop), child_(loop, command) {}

aio::Task<std::size_t> ProcessLink::read_some(MutableBytes buffer) {
  const std::size_t got = co_await child_.read_some(buffer);
  count_received(got);
  co_return got;
}

aio::Task<void> ProcessLink::write(Bytes bytes) {
  constexpr std::size_t kStep = std::size_t{1} << 18U;
  while (!bytes.empty()) {
    const auto piece = bytes.first(std::min(bytes.size(), kStep));
    co_await child_.write(piece);
    count_sent(piece.size());
    bytes = bytes.subspan(piece.size());
  }
}

void ProcessLink::close_write() {
  child_.close_write();
}

void ProcessLink::listen(Listener listener) {
  child_.diagnostics().listen(std::move(listener));
}

aio::Task<std::string> ProcessLink::last_words() {
  std::string status;
  try {
    co_await aio::within(loop_, "the end of stderr", kLastWordsLimit, child_.diagnostics().ended());
    const auto exit =
        co_await aio::within(loop_, "the exit status", kLastWordsLimit, child_.wait());
    if (!exit.is_success()) status = exit.str();
  } catch (const Error& e) {
    if (e.kind() != Kind::timeout) throw;
  }
  std::string text = trimmed(spoken());
  if (!text.empty() && !status.empty()) text += " (" + status + ")";
  co_return text.empty() ? status : text;
}

std::string_view ProcessLink::printed() {
  return child_.diagnostics().tail();
}

aio::Task<void> ProcessLink::diagnostics_ended() {
  return child_.diagnostics().ended();
}

aio::Task<void> ProcessLink::stop(Duration grace) {
  co_await child_.stop(grace);
}

LocalConnector::LocalConnector(aio::Loop& loop, aio::Command command)
    : loop_(loop), command_(std::move(command)) {}

aio::Task<std::unique_ptr<Link>> LocalConnector::open() {
  co_return std::make_unique<ProcessLink>(loop_, command_);
}

aio::Task<void> LocalConnector::close() {
  co_return;
}

}  // namespace firn::transport
