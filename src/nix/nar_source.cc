// SPDX-License-Identifier: Apache-2.0
#include "nix/nar_source.h"

#include "base/error.h"
#include "base/fd.h"
#include "nix/nar_writer.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace firn::nix {

namespace {

/// Folders kept open on the way to the current entry. The others are found again from below.
constexpr std::size_t kMaxOpenFolders = 8;
constexpr std::size_t kListingBuffer = std::size_t{64} << 10U;

struct Entry {
  std::string name;
  unsigned char type;
};

struct Folder {
  Fd descriptor;
  std::string name;
  std::vector<Entry> entries;
  std::size_t next = 0;
  /// Known once the descriptor was given up.
  dev_t device = 0;
  ino_t inode = 0;
};

unsigned char type_of(mode_t mode) {
  return static_cast<unsigned char>(IFTODT(mode));
}

std::string_view word_for(unsigned char type) {
  switch (type) {
    case DT_SOCK:
      return "a socket";
    case DT_FIFO:
      return "a named pipe";
    case DT_CHR:
    case DT_BLK:
      return "a device";
    default:
      return "an entry of unknown type";
  }
}

bool is_dot_or_dot_dot(const char* name) {
  return std::strcmp(name, ".") == 0 || std::strcmp(name, "..") == 0;
}

}  // namespace

struct NarSource::State {
  explicit State(std::string root) : path(std::move(root)) {
    while (path.size() > 1 && path.back() == '/')
      path.pop_back();
  }

  std::size_t read(MutableBytes out);
  std::size_t take_pending(MutableBytes out);
  std::size_t read_file(MutableBytes out);
  std::size_t read_some(MutableBytes out);

  void advance();
  void visit(int folder, const std::string& name, unsigned char type);
  void open_file(int folder, const std::string& name);
  void close_file();
  void read_link(int folder, const std::string& name);
  void enter(int folder, const std::string& name);
  void leave();
  void end_node();

  std::vector<Entry> list(int folder);
  void add_entries(std::size_t size, std::vector<Entry>& entries) const;
  void give_up_oldest_folder();
  void find_parent_again();

  std::string current_path() const;
  [[noreturn]] void fail_errno(std::string_view what) const;
  [[noreturn]] void fail_changed() const;

  std::string path;
  /// The entry being visited, for messages. Empty = the innermost folder itself.
  std::string current;
  std::vector<Folder> folders;
  bool is_started = false;
  /// Tokens that were made, but not taken yet.
  std::string pending;
  std::size_t pending_taken = 0;
  NarWriter writer{pending};
  Fd file;
  std::uint64_t file_size = 0;
  std::uint64_t file_left = 0;
  std::vector<char> listing;
};

std::string NarSource::State::current_path() const {
  std::string text = path;
  for (std::size_t i = 1; i < folders.size(); ++i)
    text += "/" + folders[i].name;
  if (!folders.empty() && !current.empty()) text += "/" + current;
  return text;
}

void NarSource::State::fail_errno(std::string_view what) const {
  const int number = errno;
  throw system_error(number, fmt::format("{} {}", what, current_path()));
}

void NarSource::State::fail_changed() const {
  throw Error(Kind::conflict, fmt::format("{} changed while it was read", current_path()));
}

std::size_t NarSource::State::read(MutableBytes out) {
  std::size_t filled = 0;
  while (filled < out.size()) {
    const MutableBytes room = out.subspan(filled);
    if (pending_taken < pending.size()) {
      filled += take_pending(room);
    } else if (file) {
      filled += read_file(room);
    } else if (is_started && folders.empty()) {
      break;
    } else {
      advance();
    }
  }
  return filled;
}

std::size_t NarSource::State::take_pending(MutableBytes out) {
  const std::size_t size = std::min(out.size(), pending.size() - pending_taken);
  std::memcpy(out.data(), pending.data() + pending_taken, size);
  pending_taken += size;
  if (pending_taken == pending.size()) {
    pending.clear();
    pending_taken = 0;
  }
  return size;
}

std::size_t NarSource::State::read_some(MutableBytes out) {
  for (;;) {
    const ssize_t got = ::read(file.get(), out.data(), out.size());
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EINTR) fail_errno("read");
  }
}

/// Asks for one byte more than there should be, so that the end of the file is seen without another
/// call.
std::size_t NarSource::State::read_file(MutableBytes out) {
  std::array<std::byte, 1> beyond{};
  const MutableBytes room = file_left == 0 ? MutableBytes(beyond) : out;
  const std::size_t got =
      read_some(room.first(std::min<std::uint64_t>(room.size(), file_left + 1)));
  if (got > file_left || (got == 0 && file_left > 0)) fail_changed();
  file_left -= got;
  if (file_left == 0 && (got == 0 || room.size() > got)) close_file();
  return got;
}

void NarSource::State::advance() {
  if (!is_started) {
    is_started = true;
    writer.begin_archive();
    return visit(AT_FDCWD, path, DT_UNKNOWN);
  }
  Folder& folder = folders.back();
  if (folder.next == folder.entries.size()) return leave();
  Entry& entry = folder.entries[folder.next++];
  current = std::move(entry.name);
  writer.begin_entry(current);
  visit(folder.descriptor.get(), current, entry.type);
}

void NarSource::State::visit(int folder, const std::string& name, unsigned char type) {
  if (type == DT_UNKNOWN) {
    struct stat status{};
    if (::fstatat(folder, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) fail_errno("stat");
    type = type_of(status.st_mode);
  }
  switch (type) {
    case DT_REG:
      return open_file(folder, name);
    case DT_LNK:
      return read_link(folder, name);
    case DT_DIR:
      return enter(folder, name);
    default:
      throw Error(Kind::invalid,
                  fmt::format("{} is {}, which a NAR cannot hold", current_path(), word_for(type)));
  }
}

void NarSource::State::open_file(int folder, const std::string& name) {
  // Not blocking, in case that a named pipe has just taken the file's place.
  constexpr int kFlags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
  file = Fd(::openat(folder, name.c_str(), kFlags));
  if (!file) fail_errno("open");
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) fail_errno("stat");
  if (!S_ISREG(status.st_mode)) fail_changed();
  file_size = static_cast<std::uint64_t>(status.st_size);
  file_left = file_size;
  writer.begin_file((status.st_mode & S_IXUSR) != 0, file_size);
}

void NarSource::State::close_file() {
  file.reset();
  writer.end_file(file_size);
  end_node();
}

void NarSource::State::read_link(int folder, const std::string& name) {
  std::array<char, 4096> target{};
  const ssize_t size = ::readlinkat(folder, name.c_str(), target.data(), target.size());
  if (size < 0) fail_errno("read the link");
  writer.symlink({target.data(), static_cast<std::size_t>(size)});
  end_node();
}

void NarSource::State::end_node() {
  if (!folders.empty()) writer.end_entry();
}

void NarSource::State::enter(int folder, const std::string& name) {
  constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  Folder inner;
  inner.descriptor = Fd(::openat(folder, name.c_str(), kFlags));
  if (!inner.descriptor) fail_errno("open");
  inner.entries = list(inner.descriptor.get());
  inner.name = name;
  folders.push_back(std::move(inner));
  current.clear();
  give_up_oldest_folder();
  writer.begin_directory();
}

void NarSource::State::leave() {
  current.clear();
  find_parent_again();
  folders.pop_back();
  writer.end_directory();
  end_node();
}

std::vector<Entry> NarSource::State::list(int folder) {
  listing.resize(kListingBuffer);
  std::vector<Entry> entries;
  for (;;) {
    const ssize_t size = ::getdents64(folder, listing.data(), listing.size());
    if (size < 0) fail_errno("list");
    if (size == 0) break;
    add_entries(static_cast<std::size_t>(size), entries);
  }
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return a.name < b.name;
  });
  return entries;
}

void NarSource::State::add_entries(std::size_t size, std::vector<Entry>& entries) const {
  std::size_t offset = 0;
  while (offset < size) {
    const auto* entry = reinterpret_cast<const dirent64*>(listing.data() + offset);
    offset += entry->d_reclen;
    if (!is_dot_or_dot_dot(entry->d_name)) {
      entries.push_back({.name = entry->d_name, .type = entry->d_type});
    }
  }
}

void NarSource::State::give_up_oldest_folder() {
  if (folders.size() <= kMaxOpenFolders) return;
  Folder& oldest = folders[folders.size() - 1 - kMaxOpenFolders];
  if (!oldest.descriptor) return;
  struct stat status{};
  if (::fstat(oldest.descriptor.get(), &status) != 0) fail_errno("stat a folder above");
  oldest.device = status.st_dev;
  oldest.inode = status.st_ino;
  oldest.descriptor.reset();
}

void NarSource::State::find_parent_again() {
  if (folders.size() < 2) return;
  Folder& parent = folders[folders.size() - 2];
  if (parent.descriptor) return;
  const int inner = folders.back().descriptor.get();
  parent.descriptor = Fd(::openat(inner, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!parent.descriptor) fail_errno("open the folder above");
  struct stat status{};
  if (::fstat(parent.descriptor.get(), &status) != 0) fail_errno("stat the folder above");
  if (status.st_dev != parent.device || status.st_ino != parent.inode) fail_changed();
}

NarSource::NarSource(std::string path) : state_(std::make_unique<State>(std::move(path))) {}

NarSource::~NarSource() = default;
NarSource::NarSource(NarSource&&) noexcept = default;
NarSource& NarSource::operator=(NarSource&&) noexcept = default;

std::size_t NarSource::read(MutableBytes out) {
  return state_->read(out);
}

}  // namespace firn::nix
