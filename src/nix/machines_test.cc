// SPDX-License-Identifier: Apache-2.0
#include "nix/machines.h"

#include "base/encoding.h"
#include "base/error.h"
#include "support/mutations.h"

#include <map>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace firn::nix {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Files = std::map<std::string, std::string>;

MachinesFile parse(std::string_view text, const Files& files = {}) {
  return parse_machines(text, "main", [&](const std::string& path) -> std::optional<std::string> {
    if (path == "/forbidden") throw Error(Kind::permission, "open /forbidden: Permission denied");
    const auto found = files.find(path);
    return found == files.end() ? std::nullopt : std::optional(found->second);
  });
}

std::vector<std::string> identities(const MachinesFile& file) {
  std::vector<std::string> all;
  for (const Machine& machine : file.machines)
    all.push_back(machine.uri.identity());
  return all;
}

std::vector<std::string> texts(const MachinesFile& file) {
  std::vector<std::string> all;
  for (const MachinesDiagnostic& diagnostic : file.diagnostics)
    all.push_back(diagnostic.str());
  return all;
}

TEST(Machines, ReadsEightColumns) {
  const std::string key = encode_base64(as_bytes("ssh-ed25519 AAAA me\n"));
  const MachinesFile file =
      parse("nix@b1 x86_64-linux,i686-linux  /k\t8 2.5 kvm,,big kvm " + key + " extra\r\n");
  EXPECT_THAT(texts(file), ElementsAre());
  ASSERT_EQ(file.machines.size(), 1U);
  const Machine& machine = file.machines[0];
  EXPECT_EQ(machine.uri.identity(), "ssh://nix@b1");
  EXPECT_THAT(machine.systems, ElementsAre("i686-linux", "x86_64-linux"));
  EXPECT_EQ(machine.ssh_key, "/k");
  EXPECT_EQ(machine.max_jobs, 8U);
  EXPECT_EQ(machine.speed_factor, 2.5);
  EXPECT_THAT(machine.supported_features, ElementsAre("big", "kvm"));
  EXPECT_THAT(machine.mandatory_features, ElementsAre("kvm"));
  EXPECT_EQ(machine.host_key, "ssh-ed25519 AAAA me");
}

TEST(Machines, HaveDefaults) {
  for (const char* text : {"b1", "b1 - - - - - - -"}) {
    const MachinesFile file = parse(text);
    ASSERT_EQ(file.machines.size(), 1U);
    Machine expected;
    expected.uri = parse_store_uri("ssh://b1");
    EXPECT_EQ(file.machines[0], expected);
  }
  EXPECT_EQ(parse("b1 - - - 0").machines.at(0).speed_factor, 1.0);
}

TEST(Machines, AreSeparatedByLinesAndSemicolons) {
  const MachinesFile file = parse("a; b ;;\n\n  # c\nd # ; e\n\t\n;f");
  EXPECT_THAT(identities(file), ElementsAre("ssh://a", "ssh://b", "ssh://d", "ssh://f"));
}

TEST(Machines, ABadEntryCostsOnlyItself) {
  const MachinesFile file = parse(
      "a\nb - - eight\nc - - -1\nd - - 1 -3; e - - 1 three\nf - - 1 1 - - BAD_KEY\n-\nssh://-o\n"
      "g - - 99999999999\nh - - 1 inf\ni\n");
  EXPECT_THAT(identities(file), ElementsAre("ssh://a", "ssh://i"));
  EXPECT_THAT(texts(file),
              ElementsAre("main:2: max jobs 'eight' is not a number",
                          "main:3: max jobs '-1' is not a number",
                          "main:4: speed factor '-3' is no number from 0 up",
                          "main:4: speed factor 'three' is no number from 0 up",
                          HasSubstr("main:5: host key 'BAD_KEY' is no base64"),
                          "main:6: the store URI, the first column, must not be '-'",
                          HasSubstr("main:7: store URI"),
                          "main:8: max jobs '99999999999' is not a number",
                          "main:9: speed factor 'inf' is no number from 0 up"));
}

TEST(Machines, IncludeFiles) {
  const Files files{{"/a", "a1\n@ /b ; a2 - - x\n"}, {"/b", "b1"}};
  const MachinesFile file = parse("first\n@/a\n@/missing\n@/b\nlast", files);
  EXPECT_THAT(identities(file),
              ElementsAre("ssh://first", "ssh://a1", "ssh://b1", "ssh://b1", "ssh://last"));
  EXPECT_THAT(texts(file), ElementsAre("/a:2: max jobs 'x' is not a number"));
}

TEST(Machines, NoticeIncludesThatCannotBe) {
  const Files files{{"/a", "@/b"}, {"/b", "b1\n@/a"}};
  const MachinesFile file = parse("@/a\n@/forbidden\nlast", files);
  EXPECT_THAT(identities(file), ElementsAre("ssh://b1", "ssh://last"));
  EXPECT_THAT(texts(file),
              ElementsAre("/b:2: /a includes itself",
                          "main:2: /forbidden is not read: open /forbidden: Permission denied"));
}

TEST(Machines, IncludesAreBounded) {
  Files files;
  for (int i = 0; i < 20; ++i) {
    const std::string next = "@/" + std::to_string(i + 1) + "\n";
    files["/" + std::to_string(i)] = next + next;
  }
  EXPECT_FALSE(parse("@/0", files).diagnostics.empty());
}

TEST(Machines, DamageIsHarmless) {
  const std::string text = "nix@b1 x86_64-linux /k 8 2.5 kvm kvm c3NoLXJzYQ==\n@/a\nb2 # x; y\n";
  testing::expect_changed_bytes_are_harmless(text,
                                             [](const std::string& damaged) { parse(damaged); });
}

}  // namespace
}  // namespace firn::nix
