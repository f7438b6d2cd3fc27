// SPDX-License-Identifier: Apache-2.0
#include "nix/narinfo.h"

#include "base/error.h"
#include "nix/signature.h"
#include "support/mutations.h"

#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace firn::nix {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::string kA(32, 'a');
const std::string kB(32, 'b');
const std::string kHash = "sha256:" + std::string(52, '0');

const std::string kStorePath = "StorePath: /nix/store/" + kA + "-x\n";
const std::string kUrl = "URL: nar/x.nar.xz\n";
const std::string kNarHash = "NarHash: " + kHash + "\n";
const std::string kNarSize = "NarSize: 112\n";
const std::string kNeeded = kStorePath + kUrl + kNarHash + kNarSize;

/// In Nix's order, with every field.
const std::string kFull = kStorePath + kUrl + "Compression: xz\nFileHash: " + kHash +
                          "\nFileSize: 7\n" + kNarHash + kNarSize + "References: " + kA + "-x " +
                          kB + "-y\nDeriver: " + kB +
                          "-x.drv\nSig: a:AA==\nSig: b:BB==\nCA: fixed:r:" + kHash + "\n";

std::string refusal_of(const std::string& text) {
  try {
    parse_narinfo(text);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), Kind::invalid);
    return error.what();
  }
  return "nothing was thrown";
}

TEST(NarInfo, PrintsWhatItRead) {
  const NarInfo narinfo = parse_narinfo(kFull);
  EXPECT_EQ(narinfo.info.path.name(), "x");
  EXPECT_EQ(narinfo.info.nar_size, ByteCount(112));
  EXPECT_EQ(narinfo.info.references.size(), 2U);
  EXPECT_EQ(narinfo.info.deriver->name(), "x.drv");
  EXPECT_THAT(narinfo.info.signatures, ElementsAre("a:AA==", "b:BB=="));
  EXPECT_EQ(narinfo.info.ca, "fixed:r:" + kHash);
  EXPECT_EQ(narinfo.url, "nar/x.nar.xz");
  EXPECT_EQ(narinfo.compression, "xz");
  EXPECT_EQ(narinfo.file_size, ByteCount(7));
  EXPECT_EQ(to_text(narinfo), kFull);
}

TEST(NarInfo, PrintsTheLeast) {
  EXPECT_EQ(to_text(parse_narinfo(kNeeded)),
            kStorePath + kUrl + "Compression: bzip2\n" + kNarHash + kNarSize + "References: \n");
}

TEST(NarInfo, TakesWhatNixTakes) {
  const NarInfo least = parse_narinfo(kNeeded);
  const std::string base16 = "sha256:" + std::string(64, '0');
  for (const std::string& text : {
           kNarSize + kNarHash + kUrl + kStorePath,
           kNeeded + "System: x86_64-linux\nUnknown: \n",
           kNeeded + "Compression: \nDeriver: unknown-deriver\nCA: \nReferences: \nReferences:  \n",
           kStorePath + kUrl + kNarSize + "NarHash: " + base16 + "\n",
           "a line of noise\nStorePath:xother\n" + kNeeded,
           "URL: first\nNarSize: 1\n" + kNeeded,
       }) {
    EXPECT_EQ(parse_narinfo(text), least) << text;
  }
}

TEST(NarInfo, SkipsTwoCharactersAfterTheColon) {
  const std::string deriver = "Deriver: " + kB + "-x.drv";
  const NarInfo swallowed = parse_narinfo(kNeeded + "Compression:\n" + deriver + "\n");
  EXPECT_FALSE(swallowed.info.deriver.has_value());
  EXPECT_EQ(swallowed.compression, deriver);
  EXPECT_EQ(parse_narinfo(kNeeded + "Compression:_xz\n").compression, "xz");
}

TEST(NarInfo, SortsSignaturesAndReferences) {
  const NarInfo narinfo = parse_narinfo(
      kNeeded + "Sig: b:BB==\nSig: a:AA==\nSig: b:BB==\nReferences: " + kB + "-y  " + kA + "-x\n");
  EXPECT_THAT(narinfo.info.signatures, ElementsAre("a:AA==", "b:BB=="));
  EXPECT_THAT(to_text(narinfo), HasSubstr("References: " + kA + "-x " + kB + "-y\n"));
}

TEST(NarInfo, SaysWhereItIsBad) {
  const std::pair<std::string, const char*> cases[] = {
      {"", "expected StorePath before the end in line 1 (offset 0)"},
      {kStorePath + kUrl + kNarSize, "NarHash before the end"},
      {kStorePath + kNarHash + kNarSize, "URL before the end"},
      {kStorePath + kUrl + kNarHash, "NarSize, not 0,"},
      {kStorePath + kUrl + kNarHash + "NarSize: 0\n", "NarSize, not 0,"},
      {kUrl + kNarHash + kNarSize, "StorePath before the end in line 4"},
      {kNeeded + "Sig", "a key and ':' in line 5"},
      {kNeeded + "Sig: a:AA==", "a line end in line 5"},
      {kNeeded + "Sig:", "a line end"},
      {"StorePath: /nix/store/x\n", "narinfo's StorePath in line 1 (offset 0)"},
      {kUrl + "NarHash: " + std::string(52, '0') + "\n", "narinfo's NarHash in line 2 (offset 18)"},
      {"FileHash: sha256:0\n", "narinfo's FileHash"},
      {"FileSize: 1x\n", "'1x' is no number of bytes"},
      {"NarSize: -1\n", "no number"},
      {"NarSize: 18446744073709551616\n", "no number"},
      {"NarSize: \n", "no number"},
      {"References: " + kA + "-x\nReferences: " + kB + "-y\n", "references already"},
      {"References: /nix/store/" + kA + "-x\n", "narinfo's References"},
      {"Deriver: x\n", "narinfo's Deriver"},
      {"CA: fixed:r:" + kHash + "\nCA: fixed:r:" + kHash + "\n", "a content address already"},
      {"CA: x\n", "narinfo's CA"},
  };
  for (const auto& [text, why] : cases)
    EXPECT_THAT(refusal_of(text), HasSubstr(why)) << text;
}

TEST(NarInfo, SignsPathHashSizeAndReferences) {
  PathInfo info = parse_narinfo(kNeeded).info;
  const std::string start = "1;/nix/store/" + kA + "-x;" + kHash + ";112;";
  EXPECT_EQ(fingerprint(info), start);
  info = parse_narinfo(kFull).info;
  EXPECT_EQ(fingerprint(info), start + "/nix/store/" + kA + "-x,/nix/store/" + kB + "-y");
  info.nar_size = ByteCount(0);
  EXPECT_THROW(fingerprint(info), Error);
  info.nar_size = ByteCount(1);
  info.nar_hash.reset();
  EXPECT_THROW(fingerprint(info), Error);
}

TEST(NarInfo, TravelsAsJson) {
  NarInfo narinfo = parse_narinfo(kFull);
  for (const auto format : {PathInfoFormat::v1, PathInfoFormat::v2, PathInfoFormat::v3}) {
    const Json all = to_json(narinfo, format, PathInfoPart::all);
    EXPECT_EQ(narinfo_from(JsonPlace(all), narinfo.info.path), narinfo);
  }
  const Json pure = to_json(narinfo, PathInfoFormat::v3, PathInfoPart::pure);
  EXPECT_FALSE(pure.contains("url"));
  EXPECT_EQ(pure, to_json(narinfo.info, PathInfoFormat::v3, PathInfoPart::pure));
}

TEST(NarInfo, DamageIsHarmless) {
  const auto parse = [](const std::string& text) { parse_narinfo(text); };
  testing::expect_changed_bytes_are_harmless(kFull, parse);
  for (std::size_t size = 0; size < kFull.size(); ++size) {
    const std::string cut = kFull.substr(0, size);
    const bool is_whole = cut.ends_with('\n') && size >= kNeeded.size() + 60;
    if (!is_whole) {
      EXPECT_THROW(parse(cut), Error) << size;
    }
  }
}

}  // namespace
}  // namespace firn::nix
