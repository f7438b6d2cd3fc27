// SPDX-License-Identifier: Apache-2.0
// `firn queue log`.
#include "base/error.h"
#include "base/fd.h"
#include "cli/queue_command.h"
#include "db/listing.h"
#include "farm/hydra_files.h"
#include "nix/store_path.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <fcntl.h>
#include <filesystem>
#include <optional>
#include <string_view>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

#include <fmt/format.h>

namespace firn::cli {

namespace {

constexpr std::chrono::milliseconds kPause{200};
constexpr std::size_t kBlock = 65536;

/// The log that is meant.
struct Subject {
  nix::DrvPath drv;
  std::string file;
  /// None where a derivation was named.
  std::optional<db::BuildId> build{};
};

std::optional<db::BuildId> as_build(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return db::BuildId(number);
}

template <class Work>
auto read(const QueueSession& session, Work work) {
  return db::transact(session.connection, work, db::Access::read);
}

Subject subject_of(const QueueSession& session, const std::string& of, const std::string& data) {
  const auto id = as_build(of);
  std::string path = of;
  if (id) {
    const auto build = read(session, [&](db::Transaction& tx) { return db::find_build(tx, *id); });
    if (!build)
      throw Error(Kind::not_found,
                  fmt::format("there is no build {}; firn queue list shows those that wait", of));
    path = build->drv_path;
  }
  const nix::DrvPath drv(nix::parse_store_path(path));
  return {.drv = drv, .file = farm::log_path(data, drv), .build = id};
}

bool exists(const std::string& file) {
  std::error_code ignored;
  return std::filesystem::exists(file, ignored);
}

/// What to read it with, where it was compressed.
std::optional<std::string> how_to_read(const std::string& file) {
  constexpr std::array<std::string_view, 2> kPrograms = {"bzcat", "zstdcat"};
  for (std::size_t i = 0; i < kPrograms.size(); ++i) {
    const auto compressed = file + std::string(farm::kCompressedLogEndings.at(i));
    if (exists(compressed)) return fmt::format("{} {}", kPrograms.at(i), compressed);
  }
  return std::nullopt;
}

/// The first other step of the build that has a log.
std::optional<std::string> other_with_log(const QueueSession& session,
                                          db::BuildId build,
                                          const std::string& data) {
  const auto drvs = read(session, [&](db::Transaction& tx) { return db::step_drvs(tx, build); });
  for (const auto& drv : drvs) {
    const auto file = farm::log_path(data, nix::DrvPath(nix::parse_store_path(drv)));
    if (exists(file) || how_to_read(file)) return drv;
  }
  return std::nullopt;
}

[[noreturn]] void refuse(const QueueSession& session,
                         const Subject& subject,
                         const std::string& data) {
  if (const auto program = how_to_read(subject.file))
    throw Error(Kind::not_found, fmt::format("the log is compressed; read it with: {}", *program));
  const auto other = subject.build ? other_with_log(session, *subject.build, data) : std::nullopt;
  if (other)
    throw Error(Kind::not_found,
                fmt::format("build {} has no log of its own; one of its steps has: firn queue log "
                            "{}",
                            subject.build->value(),
                            *other));
  throw Error(Kind::not_found,
              fmt::format("{} has no log: there is no {}; it may not have been built, or not by "
                          "this runner",
                          subject.drv.str(),
                          subject.file));
}

/// The file of a log, read as it grows and as new attempts take its name.
class Reader {
 public:
  Reader(std::string file, std::ostream& out) : file_(std::move(file)), out_(out) {}

  /// Writes what there is now. False where there is no file.
  bool drain() {
    if (fd_.get() < 0) open();
    if (fd_.get() < 0) return false;
    copy();
    if (!is_replaced()) return true;
    open();
    if (fd_.get() >= 0) copy();
    return true;
  }

 private:
  void open() {
    fd_ = Fd(::open(file_.c_str(), O_RDONLY | O_CLOEXEC));
    if (fd_.get() < 0 && errno != ENOENT) throw system_error(errno, "read " + file_);
  }

  void copy() {
    std::array<char, kBlock> block{};
    while (true) {
      const auto size = ::read(fd_.get(), block.data(), block.size());
      if (size < 0 && errno == EINTR) continue;
      if (size < 0) throw system_error(errno, "read " + file_);
      if (size == 0) break;
      out_.write(block.data(), size);
    }
    out_.flush();
  }

  bool is_replaced() const {
    struct stat ours{};
    struct stat named{};
    if (::fstat(fd_.get(), &ours) != 0 || ::stat(file_.c_str(), &named) != 0) return false;
    return ours.st_ino != named.st_ino || ours.st_dev != named.st_dev;
  }

  std::string file_;
  std::ostream& out_;
  Fd fd_;
};

/// Whether more of the log may come.
bool goes_on(const QueueSession& session, const Subject& subject) {
  return read(session, [&](db::Transaction& tx) {
    if (db::is_running(tx, subject.drv.str())) return true;
    if (!subject.build) return false;
    const auto build = db::find_build(tx, *subject.build);
    return build && !build->status;
  });
}

}  // namespace

void print_log(const QueueSession& session, const QueueLog& log, const std::string& data) {
  const auto subject = subject_of(session, log.of, data);
  Reader reader(subject.file, session.out);
  bool is_there = reader.drain();
  if (log.follow) {
    while (goes_on(session, subject)) {
      std::this_thread::sleep_for(kPause);
      is_there = reader.drain() || is_there;
    }
    is_there = reader.drain() || is_there;
  }
  if (!is_there) refuse(session, subject, data);
}

}  // namespace firn::cli
