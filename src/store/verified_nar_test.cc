// SPDX-License-Identifier: Apache-2.0
#include "store/verified_nar.h"

#include "support/run.h"
#include "support/store_samples.h"

#include <string>

#include <gtest/gtest.h>

namespace firn::store {
namespace {

using testing::kind_of;
using testing::nar_of;
using testing::read_into;
using testing::StoredPath;
using testing::TextNar;

struct Passage {
  std::optional<Kind> error;
  std::string received;
};

/// What a receiver gets of `bytes`, promised as `promise`, in blocks of `step`.
Passage pass(const std::string& bytes, const nix::PathInfo& promise, std::size_t step) {
  aio::Loop loop(aio::Loop::Time::manual);
  TextNar source(bytes, step);
  VerifiedNar nar(loop, source, promise);
  Passage result;
  result.error = kind_of(loop, read_into(nar, result.received));
  return result;
}

/// Small blocks, blocks that a pool thread hashes, and all at once.
constexpr std::size_t kSteps[] = {1, 64, 100'000, 1'000'000};

std::string big_nar() {
  return nar_of(std::string(300'000, 'x'));
}

TEST(VerifiedNar, PassesARightOneOn) {
  for (const std::string& nar : {nar_of("hello"), big_nar()}) {
    const StoredPath path = testing::stored(testing::store_path("a"), nar);
    for (const std::size_t step : kSteps) {
      if (nar.size() / step > 1000) continue;
      const Passage passage = pass(nar, path.info, step);
      EXPECT_FALSE(passage.error) << step;
      EXPECT_TRUE(passage.received == nar) << step;
    }
  }
}

struct Lie {
  std::string what;
  std::string nar;
  nix::PathInfo promise;
};

std::vector<Lie> lies() {
  const std::string nar = big_nar();
  const StoredPath path = testing::stored(testing::store_path("a"), nar);
  std::string changed = nar;
  changed[changed.size() / 2] ^= 1;
  std::string changed_end = nar;
  changed_end.back() ^= 1;
  nix::PathInfo wrong_hash = path.info;
  wrong_hash.nar_hash = hash_of(HashAlgorithm::sha256, "something else");
  nix::PathInfo promised_more = path.info;
  promised_more.nar_size = ByteCount(nar.size() + 1);
  nix::PathInfo promised_less = path.info;
  promised_less.nar_size = ByteCount(nar.size() - 1);
  return {{.what = "a changed byte", .nar = changed, .promise = path.info},
          {.what = "a changed last byte", .nar = changed_end, .promise = path.info},
          {.what = "another hash", .nar = nar, .promise = wrong_hash},
          {.what = "too short", .nar = nar.substr(0, nar.size() - 8), .promise = path.info},
          {.what = "empty", .nar = "", .promise = path.info},
          {.what = "too long", .nar = nar + "more", .promise = path.info},
          {.what = "a size too big", .nar = nar, .promise = promised_more},
          {.what = "a size too small", .nar = nar, .promise = promised_less}};
}

TEST(VerifiedNar, NobodyGetsTheWholeOfAWrongOne) {
  for (const Lie& lie : lies()) {
    for (const std::size_t step : {std::size_t{5000}, std::size_t{100'000}, lie.nar.size() + 1}) {
      const Passage passage = pass(lie.nar, lie.promise, step);
      EXPECT_EQ(passage.error, Kind::protocol) << lie.what << ", " << step;
      EXPECT_LT(passage.received.size(), lie.promise.nar_size.value()) << lie.what << ", " << step;
    }
  }
}

TEST(VerifiedNar, NamesThePathAndBothHashes) {
  aio::Loop loop(aio::Loop::Time::manual);
  StoredPath path = testing::stored("hello");
  const Hash right = *path.info.nar_hash;
  path.info.nar_hash = hash_of(HashAlgorithm::sha256, "");
  TextNar source(path.nar);
  VerifiedNar nar(loop, source, path.info);
  std::string received;
  try {
    loop.run(read_into(nar, received));
    FAIL() << "no error";
  } catch (const Error& e) {
    for (const std::string& word : {path.info.path.str(),
                                    right.prefixed(HashForm::nix32),
                                    path.info.nar_hash->prefixed(HashForm::nix32)})
      EXPECT_NE(e.message().find(word), std::string::npos) << e.message();
  }
}

TEST(VerifiedNar, NeedsAHash) {
  aio::Loop loop(aio::Loop::Time::manual);
  StoredPath path = testing::stored("hello");
  path.info.nar_hash.reset();
  TextNar source(path.nar);
  EXPECT_THROW(VerifiedNar(loop, source, path.info), Bug);
}

}  // namespace
}  // namespace firn::store
