// SPDX-License-Identifier: Apache-2.0
#include "nix/store_path_computation.h"

#include "base/encoding.h"
#include "base/error.h"

#include <string>

#include <gtest/gtest.h>

namespace firn::nix {
namespace {

Hash sha256(std::string_view text) {
  return hash_of(HashAlgorithm::sha256, text);
}

StorePath sample(std::string_view name) {
  return StorePath::from_base_name("g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q-" + std::string(name));
}

TEST(StorePathComputation, FoldsOntoTwentyBytes) {
  EXPECT_EQ(fold_digest({}), std::string(20, '\0'));
  std::string digest(20, '\x11');
  EXPECT_EQ(fold_digest(as_bytes(digest)), digest);
  digest += "\x01\x02";
  EXPECT_EQ(fold_digest(as_bytes(digest)), "\x10\x13" + std::string(18, '\x11'));
}

TEST(StorePathComputation, NamesSourcesByContentAndReferences) {
  const ContentAddress address{ContentMethod::nar, sha256("(...)")};
  EXPECT_EQ(
      content_addressed_path("foo", address, {.others = {sample("bar")}, .self = true}).base_name(),
      "n5wkd9frr45pa74if5gpz9j7mifg27fh-foo");
  const StorePath alone = content_addressed_path("foo", address);
  EXPECT_NE(alone, content_addressed_path("foo", address, {.others = {}, .self = true}));
  EXPECT_NE(alone, content_addressed_path("foo", address, {.others = {sample("bar")}}));
}

TEST(StorePathComputation, NamesTextsByContentAndReferences) {
  const Hash contents = sha256("Derive(...)");
  const StorePath path = text_path("foo.drv", contents, {sample("bar")});
  EXPECT_EQ(content_addressed_path(
                "foo.drv", {ContentMethod::text, contents}, {.others = {sample("bar")}}),
            path);
  EXPECT_NE(text_path("foo.drv", contents, {}), path);
}

TEST(StorePathComputation, NamesOutputsAfterTheirDerivation) {
  EXPECT_EQ(output_path_name("hello", "out"), "hello");
  EXPECT_EQ(output_path_name("hello", "dev"), "hello-dev");
  EXPECT_EQ(input_addressed_path("hello", "dev", sha256("")).name(), "hello-dev");
  EXPECT_NE(input_addressed_path("hello", "out", sha256("")).hash_part(),
            input_addressed_path("hello", "dev", sha256("")).hash_part());
}

TEST(StorePathComputation, RefusesWhatNixHasNoPathFor) {
  const std::string twenty(20, 'x');
  const Hash sha1(HashAlgorithm::sha1, as_bytes(twenty));
  const Hash md5(HashAlgorithm::md5, as_bytes(twenty).first(16));
  const References self{.others = {}, .self = true};
  const References other{.others = {sample("bar")}};
  EXPECT_THROW(text_path("foo", sha1, {}), Error);
  EXPECT_THROW(content_addressed_path("foo", {ContentMethod::text, sha256("")}, self), Error);
  EXPECT_THROW(content_addressed_path("foo", {ContentMethod::text, sha1}), Error);
  EXPECT_THROW(content_addressed_path("foo", {ContentMethod::nar, sha1}, self), Error);
  EXPECT_THROW(content_addressed_path("foo", {ContentMethod::flat, sha256("")}, other), Error);
  EXPECT_THROW(content_addressed_path("foo", {ContentMethod::git, md5}), Error);
  EXPECT_THROW(input_addressed_path("foo", "out", sha1), Error);
  EXPECT_THROW(content_addressed_path("a/b", {ContentMethod::flat, sha1}), Error);
}

TEST(StorePathComputation, CarriesBlake3) {
  const std::string digest(32, 'x');
  const ContentAddress address{ContentMethod::nar, Hash(HashAlgorithm::blake3, as_bytes(digest))};
  EXPECT_EQ(content_addressed_path("foo", address).name(), "foo");
}

}  // namespace
}  // namespace firn::nix
