// SPDX-License-Identifier: Apache-2.0
// NARs written and parsed, always with SHA-256 beside it, as every transfer does: from files in
// memory, and from files on disk, where the system calls of four per file count, too.
#include "base/hash.h"
#include "nix/file_tree.h"
#include "nix/nar_parser.h"
#include "nix/nar_source.h"
#include "nix/nar_writer.h"
#include "read_floor.h"
#include "yardstick.h"

#include <algorithm>
#include <benchmark/benchmark.h>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

namespace firn::bench {
namespace {

namespace fs = std::filesystem;

/// What farm and store move data in.
constexpr std::size_t kBlock = std::size_t{256} << 10U;

struct Shape {
  const char* name;
  int files;
  /// Sizes are spread evenly over the powers of two between these.
  unsigned least_bits;
  unsigned most_bits;
};

/// Of the size of one release of a compiler, of a package in Python, and of the headers that nobody
/// counts.
constexpr Shape kLarge{.name = "large files", .files = 24, .least_bits = 20, .most_bits = 23};
constexpr Shape kMixed{.name = "mixed files", .files = 1500, .least_bits = 8, .most_bits = 18};
constexpr Shape kSmall{.name = "small files", .files = 8000, .least_bits = 7, .most_bits = 13};

std::string bytes(std::mt19937_64& random, std::size_t size) {
  std::string text(size, '\0');
  std::generate(text.begin(), text.end(), [&] { return static_cast<char>(random()); });
  return text;
}

/// Folders of 40 files each.
nix::FileTree make_tree(const Shape& shape) {
  constexpr int kFilesPerFolder = 40;
  std::mt19937_64 random(1);
  std::uniform_real_distribution<double> bits(shape.least_bits, shape.most_bits);
  nix::FileTree::Folder root;
  nix::FileTree::Folder folder;
  for (int i = 1; i <= shape.files; ++i) {
    const auto size = static_cast<std::size_t>(std::exp2(bits(random)));
    folder.emplace("file-" + std::to_string(i),
                   nix::FileTree{nix::MemoryFile{.contents = bytes(random, size)}});
    if (i % kFilesPerFolder != 0 && i != shape.files) continue;
    root.emplace("folder-" + std::to_string(i), nix::FileTree{std::move(folder)});
    folder.clear();
  }
  return {std::move(root)};
}

void write(const nix::FileTree& tree, const fs::path& path) {
  if (const auto* file = std::get_if<nix::MemoryFile>(&tree.node)) {
    std::ofstream(path, std::ios::binary) << file->contents;
    return;
  }
  fs::create_directory(path);
  for (const auto& [name, entry] : std::get<nix::FileTree::Folder>(tree.node))
    write(entry, path / name);
}

/// A tree on disk that goes with its object.
class TreeOnDisk {
 public:
  explicit TreeOnDisk(const Shape& shape) {
    std::string name = (fs::temp_directory_path() / "firn-nar-bench-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make " + name);
    folder_ = name;
    write(make_tree(shape), root());
    floor_ = read_floor(root());
  }

  ~TreeOnDisk() { fs::remove_all(folder_); }

  TreeOnDisk(const TreeOnDisk&) = delete;
  TreeOnDisk& operator=(const TreeOnDisk&) = delete;

  fs::path root() const { return folder_ / "tree"; }

  /// Seconds of processor time that nobody reads it without.
  double floor() const { return floor_; }

 private:
  fs::path folder_;
  double floor_ = 0;
};

void report(benchmark::State& state, std::size_t nar_size) {
  const auto total = static_cast<double>(nar_size) * static_cast<double>(state.iterations());
  state.SetBytesProcessed(static_cast<std::int64_t>(total));
  state.counters["of_openssl"] =
      benchmark::Counter(total / openssl_sha256_rate(), benchmark::Counter::kIsRate);
}

/// Made when asked first: Google Benchmark calls each function several times.
const TreeOnDisk& tree_on_disk(const Shape& shape) {
  static std::map<std::string, TreeOnDisk> trees;
  return trees.try_emplace(shape.name, shape).first->second;
}

void read_files(benchmark::State& state, const Shape& shape) {
  const TreeOnDisk& tree = tree_on_disk(shape);
  std::vector<std::byte> block(kBlock);
  std::size_t nar_size = 0;
  for (auto _ : state) {
    nix::NarSource source(tree.root().string());
    Hasher hasher(HashAlgorithm::sha256);
    nar_size = 0;
    while (const std::size_t size = source.read(block)) {
      hasher.update(Bytes(block).first(size));
      nar_size += size;
    }
    benchmark::DoNotOptimize(hasher.finish());
  }
  report(state, nar_size);
  state.counters["of_floor"] =
      benchmark::Counter(tree.floor(), benchmark::Counter::kIsIterationInvariantRate);
}

/// Writes a tree in blocks and hashes each.
class BlockWriter {
 public:
  void write(const nix::FileTree& tree) {
    std::visit([this](const auto& node) { write_node(node); }, tree.node);
    if (block_.size() >= kBlock) flush();
  }

  void flush() {
    hasher.update(block_);
    size += block_.size();
    block_.clear();
  }

  Hasher hasher{HashAlgorithm::sha256};
  std::size_t size = 0;

 private:
  void write_node(const nix::MemoryFile& file) {
    writer_.begin_file(file.executable, file.contents.size());
    for (std::size_t offset = 0; offset < file.contents.size(); offset += kBlock) {
      writer_.data(std::string_view(file.contents).substr(offset, kBlock));
      if (block_.size() >= kBlock) flush();
    }
    writer_.end_file(file.contents.size());
  }

  void write_node(const nix::Link& link) { writer_.symlink(link.target); }

  void write_node(const nix::FileTree::Folder& folder) {
    writer_.begin_directory();
    for (const auto& [name, entry] : folder) {
      writer_.begin_entry(name);
      write(entry);
      writer_.end_entry();
    }
    writer_.end_directory();
  }

  std::string block_;
  nix::NarWriter writer_{block_};
};

void write_nar(benchmark::State& state, const Shape& shape) {
  const nix::FileTree tree = make_tree(shape);
  std::size_t nar_size = 0;
  for (auto _ : state) {
    BlockWriter writer;
    writer.write(tree);
    writer.flush();
    benchmark::DoNotOptimize(writer.hasher.finish());
    nar_size = writer.size;
  }
  report(state, nar_size);
}

void parse_nar(benchmark::State& state, const Shape& shape) {
  const std::string nar = nix::to_nar(make_tree(shape));
  for (auto _ : state) {
    nix::NarVisitor ignore;
    nix::NarParser parser(ignore);
    Hasher hasher(HashAlgorithm::sha256);
    for (std::size_t offset = 0; offset < nar.size(); offset += kBlock) {
      const Bytes block = as_bytes(std::string_view(nar).substr(offset, kBlock));
      hasher.update(block);
      parser.feed(block);
    }
    parser.check_done();
    benchmark::DoNotOptimize(hasher.finish());
  }
  report(state, nar.size());
}

BENCHMARK_CAPTURE(write_nar, large, kLarge)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(write_nar, mixed, kMixed)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(write_nar, small, kSmall)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(read_files, large, kLarge)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(read_files, mixed, kMixed)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(read_files, small, kSmall)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(parse_nar, large, kLarge)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(parse_nar, mixed, kMixed)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(parse_nar, small, kSmall)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace firn::bench
