// SPDX-License-Identifier: Apache-2.0
#include "transport/capture.h"

#include "base/error.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <fcntl.h>

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace firn::transport {

namespace {

constexpr std::string_view kMagic = "firn-capture: 1\n";
constexpr std::string_view kPeer = "peer: ";
constexpr std::string_view kStarted = "started: ";
/// One byte for the flow, three of zeros, four for the length, eight for the time.
constexpr std::size_t kHeadSize = 16;
constexpr std::size_t kLengthOffset = 4;
constexpr std::size_t kTimeOffset = 8;

template <class Number>
void append_number(std::string& out, Number number) {
  for (std::size_t i = 0; i < sizeof number; ++i)
    out += static_cast<char>(number >> (8 * i) & 0xffU);
}

template <class Number>
Number number_at(std::string_view bytes, std::size_t offset) {
  Number number = 0;
  for (std::size_t i = 0; i < sizeof number; ++i)
    number |= static_cast<Number>(static_cast<unsigned char>(bytes[offset + i])) << (8 * i);
  return number;
}

/// Takes a recording apart from front to back.
class Reader {
 public:
  explicit Reader(std::string_view file) : file_(file) {}

  Capture read() {
    if (!file_.starts_with(kMagic)) fail("a recording, which begins with 'firn-capture: 1'");
    offset_ = kMagic.size();
    Capture capture;
    capture.peer = line(kPeer);
    capture.started = line(kStarted);
    if (!rest().starts_with('\n')) fail("an empty line before the first record");
    ++offset_;
    while (!rest().empty() && !capture.torn_at)
      read_record(capture);
    return capture;
  }

 private:
  std::string_view rest() const { return file_.substr(offset_); }

  std::string_view line(std::string_view key) {
    const auto end = rest().find('\n');
    if (!rest().starts_with(key) || end == std::string_view::npos)
      fail(fmt::format("a line '{}…'", key));
    const auto value = rest().substr(key.size(), end - key.size());
    offset_ += end + 1;
    return value;
  }

  void read_record(Capture& capture) {
    const auto head = rest().substr(0, kHeadSize);
    if (head.size() < kHeadSize) {
      capture.torn_at = offset_;
      return;
    }
    if (std::string_view("<>!").find(head[0]) == std::string_view::npos ||
        head.substr(1, kLengthOffset - 1) != std::string_view("\0\0\0", 3)) {
      fail("a record: '>', '<' or '!', then three zeros");
    }
    const auto length = number_at<std::uint32_t>(head, kLengthOffset);
    const auto time = number_at<std::uint64_t>(head, kTimeOffset);
    constexpr std::uint64_t kLatest = std::uint64_t{1} << 50U;
    if (time > kLatest) fail("a record whose time is below 2^50 microseconds");
    const auto bytes = rest().substr(kHeadSize, length);
    if (bytes.size() < length) capture.torn_at = offset_;
    if (bytes.size() == length || !bytes.empty()) {
      capture.records.push_back({.flow = static_cast<Flow>(head[0]),
                                 .at = std::chrono::microseconds(static_cast<std::int64_t>(time)),
                                 .bytes = bytes});
    }
    offset_ += kHeadSize + bytes.size();
  }

  [[noreturn]] void fail(std::string_view expected) const {
    throw Error(Kind::invalid, fmt::format("at byte {}: expected {}", offset_, expected));
  }

  std::string_view file_;
  std::size_t offset_ = 0;
};

}  // namespace

Capture parse_capture(std::string_view file) {
  return Reader(file).read();
}

CaptureFile::CaptureFile(const std::filesystem::path& file, std::string_view peer, WallTime started)
    : path_(file), fd_(::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)) {
  if (!fd_) throw system_error(errno, fmt::format("make the recording {}", path_.string()));
  std::string name(peer);
  std::ranges::replace(name, '\n', ' ');
  write(fmt::format("{}{}{}\n{}{:%FT%TZ}\n\n", kMagic, kPeer, name, kStarted, started));
}

void CaptureFile::append(const CaptureRecord& record) {
  constexpr std::size_t kMost = std::size_t{1} << 20U;
  auto rest = record.bytes;
  do {
    const auto piece = rest.substr(0, kMost);
    std::string out{static_cast<char>(record.flow), '\0', '\0', '\0'};
    append_number(out, static_cast<std::uint32_t>(piece.size()));
    append_number(out,
                  static_cast<std::uint64_t>(
                      std::chrono::duration_cast<std::chrono::microseconds>(record.at).count()));
    write(out.append(piece));
    rest.remove_prefix(piece.size());
  } while (!rest.empty());
}

void CaptureFile::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto written = ::write(fd_.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw system_error(errno, fmt::format("write {}", path_.string()));
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace firn::transport
