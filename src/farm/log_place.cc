// SPDX-License-Identifier: Apache-2.0
#include "farm/log_place.h"

#include "base/error.h"
#include "farm/free_number.h"
#include "farm/hydra_files.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <string_view>
#include <sys/stat.h>
#include <system_error>
#include <utility>

#include <fmt/format.h>

namespace firn::farm {

namespace {

/// Tries to take a name while others take it first.
constexpr int kMostRaces = 100;
/// Of what is moved together.
constexpr std::array<std::string_view, 3> kEndings = {
    "", kCompressedLogEndings[0], kCompressedLogEndings[1]};

bool stands(const std::string& path) {
  struct stat ignored{};
  return ::lstat(path.c_str(), &ignored) == 0;
}

/// None where the name is taken.
Fd create(const std::string& path, mode_t mode) {
  Fd file(::open(path.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC | O_APPEND, mode));
  if (!file && errno != EEXIST)
    throw system_error(errno, fmt::format("make the log file {}", path));
  return file;
}

/// False where `to` is taken.
bool move(const std::string& from, const std::string& to) {
  int error =
      ::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0 ? 0 : errno;
  // What some file systems, such as NFS, say for not replacing; nobody but us makes such names.
  if (error == EINVAL && stands(to)) error = EEXIST;
  if (error == EINVAL) error = ::rename(from.c_str(), to.c_str()) == 0 ? 0 : errno;
  if (error != 0 && error != ENOENT && error != EEXIST)
    throw system_error(error, fmt::format("move the earlier log {} to {}", from, to));
  return error != EEXIST;
}

/// False where somebody took the name meanwhile.
bool move_earlier(const std::string& data, const nix::DrvPath& drv) {
  const std::string newest = log_path(data, drv);
  const auto is_there = [&](std::string_view ending) {
    return stands(newest + std::string(ending));
  };
  if (std::ranges::none_of(kEndings, is_there)) return true;
  const std::uint32_t number = find_free_number([&](std::uint32_t n) {
    return std::ranges::any_of(kEndings, [&](std::string_view ending) {
      return stands(earlier_log_path(data, drv, n, ending));
    });
  });
  return std::ranges::all_of(kEndings, [&](std::string_view ending) {
    return move(newest + std::string(ending), earlier_log_path(data, drv, number, ending));
  });
}

NewLog make_numbered(const std::string& folder, const nix::DrvPath& drv) {
  const auto name = [&](std::uint32_t n) {
    return fmt::format("{}/{}.{}.log", folder, drv.path().base_name(), n);
  };
  for (int race = 0; race < kMostRaces; ++race) {
    std::string path = name(find_free_number([&](std::uint32_t n) { return stands(name(n)); }));
    if (Fd file = create(path, 0644)) return {.path = std::move(path), .file = std::move(file)};
  }
  throw Error(Kind::resource, fmt::format("others make the same log files in {}", folder));
}

NewLog make_newest(const std::string& data, const nix::DrvPath& drv) {
  std::string path = log_path(data, drv);
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), error);
  if (error) throw system_error(error.value(), fmt::format("make the folder of the log {}", path));
  for (int race = 0; race < kMostRaces; ++race) {
    if (!move_earlier(data, drv)) continue;
    if (Fd file = create(path, 0666)) return {.path = std::move(path), .file = std::move(file)};
  }
  throw Error(Kind::resource, fmt::format("others make the same log file {}", path));
}

}  // namespace

NewLog make_log(const LogPlace& place, const nix::DrvPath& drv) {
  return place.naming == LogNaming::hydra ? make_newest(place.path, drv)
                                          : make_numbered(place.path, drv);
}

void make_no_log(const LogPlace& place, const nix::DrvPath& drv) {
  if (place.naming == LogNaming::hydra) move_earlier(place.path, drv);
}

}  // namespace firn::farm
