// SPDX-License-Identifier: Apache-2.0
#include "farm/machine_facts.h"

#include <gtest/gtest.h>

namespace firn::farm {
namespace {

TEST(MachineFacts, ReadsWhatTheScriptPrints) {
  const auto facts = parse_facts(
      "Welcome to b1\n"
      "clock 1700000000\n"
      "nix nix-store (Nix) 2.8.0\n"
      "space 1000 250\n"
      "inodes 6553600 6000000\n"
      "extra-platforms = i686-linux\n"
      "system = x86_64-linux\n"
      "system-features = benchmark kvm\n"
      "clientaliveinterval 15\n");
  EXPECT_EQ(facts.clock, 1700000000);
  EXPECT_EQ(facts.nix_version, "2.8.0");
  ASSERT_TRUE(facts.space);
  EXPECT_EQ(facts.space->total, 1024000U);
  EXPECT_EQ(facts.space->free, 256000U);
  ASSERT_TRUE(facts.inodes);
  EXPECT_EQ(facts.inodes->free, 6000000U);
  EXPECT_EQ(facts.systems, (std::set<std::string>{"i686-linux", "x86_64-linux"}));
  EXPECT_EQ(facts.features, (std::set<std::string>{"benchmark", "kvm"}));
  EXPECT_EQ(facts.client_alive, 15U);
}

TEST(MachineFacts, WhatIsNotToldStaysUnknown) {
  for (const char* text : {"",
                           "clock \nnix \nspace  \ninodes - -\n",
                           "clock soon\nspace 1 99999999999999999999999\ninodes 0 0\n",
                           "\x01\x02\xff garbage"}) {
    const auto facts = parse_facts(text);
    EXPECT_FALSE(facts.clock) << text;
    EXPECT_TRUE(facts.nix_version.empty()) << text;
    EXPECT_FALSE(facts.space) << text;
    EXPECT_FALSE(facts.inodes) << text;
    EXPECT_TRUE(facts.systems.empty()) << text;
    EXPECT_FALSE(facts.client_alive) << text;
  }
}

}  // namespace
}  // namespace firn::farm
