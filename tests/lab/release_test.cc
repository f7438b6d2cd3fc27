// SPDX-License-Identifier: Apache-2.0
// The cache of roots, with an mmdebstrap that makes nothing of the kind.
#include "lab/release.h"

#include "base/error.h"
#include "lab/process.h"
#include "lab/temp_dir.h"

#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace firn::lab {
namespace {

using ::testing::HasSubstr;
namespace fs = std::filesystem;

constexpr Release kRelease{.suite = "slink", .nix = "0.0.1"};

/// With programs of its own in front of the machine's.
class ReleaseCache : public ::testing::Test {
 protected:
  ReleaseCache() {
    ::setenv("FIRN_LAB_ROOTS", cache.c_str(), 1);
    ::setenv("PATH", (dir.path().string() + ":" + path).c_str(), 1);
    install("apt-get", "echo http://mirror.example/debian/");
  }

  ~ReleaseCache() override {
    ::setenv("PATH", path.c_str(), 1);
    ::unsetenv("FIRN_LAB_ROOTS");
  }

  void install(const std::string& name, std::string_view script) {
    write_file(dir.path() / name, "#!/bin/sh\n" + std::string(script) + '\n');
    fs::permissions(dir.path() / name, fs::perms::owner_all);
  }

  /// Writes a line for each call; the folder to make is the last word but one.
  void install_mmdebstrap(std::string_view script) {
    install("mmdebstrap",
            "echo \"$*\" >> " + calls.string() + "\nwhile [ $# -gt 2 ]; do shift; done\n" +
                std::string(script));
  }

  const std::string path = std::getenv("PATH");
  const TempDir dir;
  const fs::path cache = dir.path() / "roots";
  const fs::path calls = dir.path() / "calls";
};

TEST_F(ReleaseCache, MakesARootOnce) {
  install_mmdebstrap("mkdir $1 && echo whole > $1/file");
  EXPECT_TRUE(is_to_be_made(kRelease));
  const auto root = root_of(kRelease);
  EXPECT_EQ(root, cache / "slink-1");
  EXPECT_EQ(read_file(root / "file"), "whole\n");
  EXPECT_FALSE(is_to_be_made(kRelease));
  const auto call = read_file(calls);
  EXPECT_THAT(call, HasSubstr("deb http://mirror.example/debian/ slink main"));
  EXPECT_EQ(root_of(kRelease), root);
  EXPECT_EQ(read_file(calls), call);
}

TEST_F(ReleaseCache, TwoThatWantTheSameMakeItOnce) {
  install_mmdebstrap("sleep 0.02; mkdir $1");
  {
    std::jthread one([] { root_of(kRelease); });
    std::jthread two([] { root_of(kRelease); });
  }
  EXPECT_TRUE(fs::exists(cache / "slink-1"));
  const auto text = read_file(calls);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
}

TEST_F(ReleaseCache, WhatATornOneLeftGoes) {
  install_mmdebstrap("mkdir $1");
  fs::create_directories(cache / "slink-1.part-7" / "usr");
  root_of(kRelease);
  EXPECT_FALSE(fs::exists(cache / "slink-1.part-7"));
}

TEST_F(ReleaseCache, AFailureSaysWhyAndLeavesNothing) {
  install_mmdebstrap("mkdir $1; echo 'I: trying' >&2; echo 'E: no such suite' >&2; exit 1");
  try {
    root_of(kRelease);
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), Kind::unavailable);
    EXPECT_THAT(error.what(), HasSubstr("Nix 0.0.1 of Debian slink cannot be had"));
    EXPECT_THAT(error.what(), HasSubstr("E: no such suite"));
  }
  EXPECT_TRUE(is_to_be_made(kRelease));
  for (const auto& entry : fs::directory_iterator(cache))
    EXPECT_EQ(entry.path().filename(), "slink-1.lock");
}

TEST_F(ReleaseCache, OnlyAReleaseWithoutAKeyIsTakenUnsigned) {
  install_mmdebstrap(
      "case $2 in *trusted=yes*) mkdir $1 ;; *) mkdir $1; echo 'E: NO_PUBKEY 1' >&2; exit 1; esac");
  EXPECT_EQ(root_of(kRelease), cache / "slink-1");
}

TEST_F(ReleaseCache, AMachineWithoutDebianIsTold) {
  install("apt-get", "exit 0");
  install_mmdebstrap("mkdir $1");
  EXPECT_THROW(root_of(kRelease), Error);
  EXPECT_FALSE(fs::exists(calls));
}

}  // namespace
}  // namespace firn::lab
