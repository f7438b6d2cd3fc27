// SPDX-License-Identifier: Apache-2.0
#include "transport/recording_link.h"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <utility>

#include <fmt/format.h>

namespace firn::transport {

namespace {

/// "ssh://nix@b1:22" → "nix@b1-22", fit for the name of a file.
std::string file_name_of(std::string_view peer) {
  constexpr std::string_view kScheme = "://";
  const auto scheme = peer.find(kScheme);
  std::string name(scheme == std::string_view::npos ? peer : peer.substr(scheme + kScheme.size()));
  std::ranges::replace_if(
      name,
      [](unsigned char c) {
        return std::isalnum(c) == 0 &&
               std::string_view("@._-").find(static_cast<char>(c)) == std::string_view::npos;
      },
      '-');
  constexpr std::size_t kLongest = 100;
  return name.substr(0, kLongest);
}

/// Opens links of another connector and records them.
class RecordingConnector final : public Connector {
 public:
  RecordingConnector(Recorder& recorder, std::unique_ptr<Connector> connector, std::string peer)
      : recorder_(recorder), connector_(std::move(connector)), peer_(std::move(peer)) {}

  aio::Task<std::unique_ptr<Link>> open() override {
    auto link = co_await connector_->open();
    co_return std::make_unique<RecordingLink>(recorder_, std::move(link), peer_);
  }

  aio::Task<void> open_ahead() override { return connector_->open_ahead(); }

  void forbid_delegation() override { connector_->forbid_delegation(); }

  bool learn_refusal(const Link& link, std::string_view last_words) override {
    return connector_->learn_refusal(dynamic_cast<const RecordingLink&>(link).recorded(),
                                     last_words);
  }

  aio::Task<void> close() override { return connector_->close(); }

 private:
  Recorder& recorder_;
  std::unique_ptr<Connector> connector_;
  std::string peer_;
};

}  // namespace

Recorder::Recorder(aio::Loop& loop, std::filesystem::path folder)
    : loop_(loop), folder_(std::move(folder)) {
  std::error_code error;
  std::filesystem::create_directories(folder_, error);
  if (error)
    throw system_error(error.value(),
                       fmt::format("make the folder {} for recordings", folder_.string()));
}

std::unique_ptr<Connector> Recorder::record(std::unique_ptr<Connector> connector,
                                            std::string peer) {
  return std::make_unique<RecordingConnector>(*this, std::move(connector), std::move(peer));
}

std::unique_ptr<CaptureFile> Recorder::begin(std::string_view peer) {
  const auto file = folder_ / fmt::format("{:04}-{}.capture", ++files_, file_name_of(peer));
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  try {
    return std::make_unique<CaptureFile>(file, peer, now);
  } catch (const Error& error) {
    failed(error);
    return nullptr;
  }
}

void Recorder::failed(const Error& error) {
  if (!failure_) failure_ = error;
}

RecordingLink::RecordingLink(Recorder& recorder, std::unique_ptr<Link> link, std::string_view peer)
    : recorder_(recorder),
      began_(recorder.loop_.timers().now()),
      file_(recorder.begin(peer)),
      link_(std::move(link)) {}

void RecordingLink::note(Flow flow, std::string_view bytes) {
  if (!file_) return;
  try {
    file_->append({.flow = flow, .at = recorder_.loop_.timers().now() - began_, .bytes = bytes});
  } catch (const Error& error) {
    recorder_.failed(error);
    file_.reset();
  }
}

aio::Task<std::size_t> RecordingLink::read_some(MutableBytes buffer) {
  const std::size_t got = co_await link_->read_some(buffer);
  count_received(got);
  note(Flow::received, as_text(buffer.first(got)));
  co_return got;
}

aio::Task<void> RecordingLink::write(Bytes bytes) {
  constexpr std::size_t kStep = std::size_t{1} << 18U;
  while (!bytes.empty()) {
    const auto piece = bytes.first(std::min(bytes.size(), kStep));
    note(Flow::sent, as_text(piece));
    co_await link_->write(piece);
    count_sent(piece.size());
    bytes = bytes.subspan(piece.size());
  }
}

void RecordingLink::note_end() {
  if (!std::exchange(is_closed_, true)) note(Flow::sent, {});
}

void RecordingLink::close_write() {
  note_end();
  link_->close_write();
}

void RecordingLink::listen(Listener listener) {
  if (!listener) {
    link_->listen({});
    return;
  }
  link_->listen([this, listener = std::move(listener)](std::string_view text) {
    if (!text.empty()) note(Flow::diagnostics, text);
    listener(text);
  });
}

aio::Task<std::string> RecordingLink::last_words() {
  auto words = co_await link_->last_words();
  if (!words.empty()) note(Flow::diagnostics, words + "\n");
  co_return words;
}

aio::Task<void> RecordingLink::diagnostics_ended() {
  return link_->diagnostics_ended();
}

aio::Task<void> RecordingLink::stop(Duration grace) {
  note_end();
  co_await link_->stop(grace);
  note(Flow::diagnostics, {});
}

}  // namespace firn::transport
