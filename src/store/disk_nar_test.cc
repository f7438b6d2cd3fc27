// SPDX-License-Identifier: Apache-2.0
#include "store/disk_nar.h"

#include "aio/phase.h"
#include "nix/nar_source.h"
#include "support/run.h"
#include "support/store_samples.h"
#include "support/temp_folder.h"

#include <array>
#include <string>

#include <gtest/gtest.h>

namespace firn::store {
namespace {

namespace fs = std::filesystem;
using testing::kind_of;
using testing::read_into;
using testing::TempFolder;

std::string through_source(const fs::path& path) {
  nix::NarSource source(path.string());
  std::array<std::byte, 4096> block{};
  std::string nar;
  while (const std::size_t got = source.read(block))
    nar += as_text(Bytes(block).first(got));
  return nar;
}

std::string through_pool(const fs::path& path) {
  aio::Loop loop;
  DiskNar nar(loop, path.string());
  std::string bytes;
  loop.run(read_into(nar, bytes));
  return bytes;
}

TEST(DiskNar, IsTheNarOfItsFiles) {
  const TempFolder folder;
  folder.write("tree/empty", "");
  folder.write("tree/small", "hello");
  folder.write("tree/deep/er/big", std::string(1'500'000, 'x'));
  fs::create_symlink("small", folder.path() / "tree/link");
  for (const char* name : {"tree", "tree/empty", "tree/small", "tree/deep/er/big", "tree/link"}) {
    const fs::path path = folder.path() / name;
    EXPECT_TRUE(through_pool(path) == through_source(path)) << name;
  }
}

TEST(DiskNar, EndsAfterAWholeBlock) {
  const TempFolder folder;
  // So many bytes stand around a file's contents: the NAR fills its blocks to the last byte.
  constexpr std::size_t kAround = 112;
  for (const std::size_t size : {65536UL, 65536UL + 524288UL}) {
    const auto file = folder.write("file", std::string(size - kAround, 'x'));
    EXPECT_EQ(through_pool(file).size(), size);
  }
}

TEST(DiskNar, AMissingPathIsAnError) {
  const TempFolder folder;
  aio::Loop loop;
  DiskNar nar(loop, folder.path() / "nothing");
  std::string bytes;
  EXPECT_EQ(kind_of(loop, read_into(nar, bytes)), Kind::not_found);
  EXPECT_EQ(bytes, "");
}

aio::Task<void> leave_early(aio::Loop& loop, const fs::path& file) {
  DiskNar nar(loop, file.string());
  co_await nar.next();
  // Cancelled while a thread reads: the reader lives on with its block.
  co_await aio::within(loop, "nothing", Duration(0), nar.next());
}

TEST(DiskNar, MayBeLeftWhileAThreadReads) {
  const TempFolder folder;
  const auto file = folder.write("file", std::string(2'000'000, 'x'));
  aio::Loop loop;
  const auto kind = kind_of(loop, leave_early(loop, file));
  EXPECT_TRUE(!kind || kind == Kind::timeout);
}

}  // namespace
}  // namespace firn::store
