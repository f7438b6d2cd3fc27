// SPDX-License-Identifier: Apache-2.0
#include "read_floor.h"

#include "base/fd.h"
#include "base/hash.h"

#include <algorithm>
#include <cstddef>
#include <ctime>
#include <fcntl.h>
#include <limits>
#include <map>
#include <stdexcept>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace firn::bench {

namespace {

namespace fs = std::filesystem;

using NamesByFolder = std::map<std::string, std::vector<std::string>>;

NamesByFolder names_below(const fs::path& tree) {
  NamesByFolder folders;
  for (const auto& entry : fs::recursive_directory_iterator(tree)) {
    if (!entry.is_regular_file()) continue;
    folders[entry.path().parent_path().string()].push_back(entry.path().filename().string());
  }
  return folders;
}

void read_file(int folder, const std::string& name, MutableBytes block, Hasher& hasher) {
  const Fd file(::openat(folder, name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  struct stat status{};
  if (!file || ::fstat(file.get(), &status) != 0) throw std::runtime_error("cannot open " + name);
  for (auto left = static_cast<std::size_t>(status.st_size); left > 0;) {
    const auto got = ::read(file.get(), block.data(), block.size());
    if (got <= 0) throw std::runtime_error("cannot read " + name);
    hasher.update(Bytes(block).first(static_cast<std::size_t>(got)));
    left -= std::min(left, static_cast<std::size_t>(got));
  }
}

void read_all(const NamesByFolder& folders, MutableBytes block) {
  Hasher hasher(HashAlgorithm::sha256);
  for (const auto& [path, names] : folders) {
    const Fd folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder) throw std::runtime_error("cannot open " + path);
    for (const auto& name : names)
      read_file(folder.get(), name, block, hasher);
  }
  hasher.finish();
}

}  // namespace

double read_floor(const fs::path& tree) {
  constexpr int kRounds = 5;
  const auto folders = names_below(tree);
  std::vector<std::byte> block(std::size_t{256} << 10U);
  double best = std::numeric_limits<double>::max();
  for (int round = 0; round < kRounds; ++round) {
    const std::clock_t begin = std::clock();
    read_all(folders, block);
    best = std::min(best, static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC);
  }
  return best;
}

}  // namespace firn::bench
