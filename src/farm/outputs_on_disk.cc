// SPDX-License-Identifier: Apache-2.0
#include "farm/outputs_on_disk.h"

#include "base/error.h"
#include "base/fd.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

namespace firn::farm {

namespace {

constexpr std::size_t kBlock = std::size_t{64} << 10U;

/// A member and where it is; no link on the way was followed.
struct Place {
  Fd folder;
  std::string name;
  MemberType type;
};

/// Nothing where there is nothing of that name, or no file, folder or link.
std::optional<MemberType> type_of(int folder, const std::string& name, const std::string& path) {
  struct stat status{};
  if (::fstatat(folder, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT || errno == ENAMETOOLONG) return std::nullopt;
    throw system_error(errno, "look at " + path);
  }
  if (S_ISREG(status.st_mode)) return MemberType::regular;
  if (S_ISDIR(status.st_mode)) return MemberType::directory;
  if (S_ISLNK(status.st_mode)) return MemberType::symlink;
  return std::nullopt;
}

Fd open_folder(int parent, const std::string& name, const std::string& path) {
  constexpr int kFlags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  Fd folder(::openat(parent, name.c_str(), kFlags));
  if (!folder) throw system_error(errno, "open " + path);
  return folder;
}

/// `path` is for errors.
std::optional<Place> find_place(const std::string& store_folder,
                                const nix::StorePath& output,
                                std::string_view inside,
                                const std::string& path) {
  Fd folder(::open(store_folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!folder) throw system_error(errno, "open " + store_folder);
  std::string name = output.base_name();
  while (true) {
    const auto type = type_of(folder.get(), name, path);
    if (!type) return std::nullopt;
    if (inside.empty()) return Place{.folder = std::move(folder), .name = name, .type = *type};
    if (*type != MemberType::directory) return std::nullopt;
    folder = open_folder(folder.get(), name, path);
    const auto end = std::min(inside.find('/'), inside.size());
    name = inside.substr(0, end);
    inside.remove_prefix(std::min(end + 1, inside.size()));
  }
}

Fd open_file(const Place& place, const std::string& path) {
  constexpr int kFlags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
  Fd file(::openat(place.folder.get(), place.name.c_str(), kFlags));
  if (!file) throw system_error(errno, "open " + path);
  return file;
}

/// Calls `take` for each block until it returns false.
template <class Take>
void read_blocks(const Fd& file, const std::string& path, Take take) {
  std::vector<std::byte> block(kBlock);
  while (true) {
    const auto count = ::read(file.get(), block.data(), block.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw system_error(errno, "read " + path);
    if (count == 0 || !take(Bytes(block).first(static_cast<std::size_t>(count)))) return;
  }
}

std::string path_of(const std::string& store_folder,
                    const nix::StorePath& output,
                    std::string_view inside) {
  return fmt::format(
      "{}/{}{}{}", store_folder, output.base_name(), inside.empty() ? "" : "/", inside);
}

std::optional<std::string> read_note(const std::string& store_folder,
                                     const nix::StorePath& output,
                                     std::string_view name) {
  const std::string inside = fmt::format("nix-support/{}", name);
  const std::string path = path_of(store_folder, output, inside);
  const auto place = find_place(store_folder, output, inside, path);
  if (!place || place->type != MemberType::regular) return std::nullopt;
  std::string text;
  read_blocks(open_file(*place, path), path, [&text](Bytes block) {
    text += as_text(block);
    return text.size() <= kMostNoteBytes;
  });
  return whole_lines(std::move(text));
}

}  // namespace

OutputNotes OutputsOnDisk::notes(const nix::StorePath& output) const {
  const std::string path = path_of(store_folder_, output, "");
  const auto root = find_place(store_folder_, output, "", path);
  if (!root) throw Error(Kind::not_found, fmt::format("there is no {}", path));
  OutputNotes notes{.root = root->type};
  constexpr std::string_view kSupport = "nix-support";
  if (!find_place(store_folder_, output, kSupport, path)) return notes;
  notes.products = read_note(store_folder_, output, "hydra-build-products");
  notes.release_name = read_note(store_folder_, output, "hydra-release-name");
  notes.metrics = read_note(store_folder_, output, "hydra-metrics");
  notes.has_failed = find_place(store_folder_, output, "nix-support/failed", path).has_value();
  return notes;
}

std::optional<Member> OutputsOnDisk::find(const nix::StorePath& output,
                                          std::string_view inside) const {
  const std::string path = path_of(store_folder_, output, inside);
  const auto place = find_place(store_folder_, output, inside, path);
  if (!place) return std::nullopt;
  Member member{.type = place->type};
  if (place->type != MemberType::regular) return member;
  Hasher hasher(HashAlgorithm::sha256);
  read_blocks(open_file(*place, path), path, [&](Bytes block) {
    hasher.update(block);
    member.size += block.size();
    return true;
  });
  member.sha256 = hasher.finish();
  return member;
}

BuildProducts read_products(std::vector<BuiltOutput> outputs, const OutputsOnDisk& disk) {
  for (BuiltOutput& output : outputs)
    output.notes = disk.notes(output.path);
  return collect_products(outputs, [&disk](const nix::StorePath& output, std::string_view inside) {
    return disk.find(output, inside);
  });
}

}  // namespace firn::farm
