// SPDX-License-Identifier: Apache-2.0
// Every published vector, cut and changed: each decoder that reads it ends in a value or a clean
// error, and its properties hold for what it still reads. Fragments of messages, which no decoder
// reads alone, are damaged in src/wire/*vectors_golden_test.cc.
#include "message_target.h"
#include "support/golden.h"
#include "support/mutations.h"
#include "targets.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <ostream>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace firn::fuzz {
namespace {

namespace fs = std::filesystem;
using nix::Json;
using testing::read_golden;

/// What of a file is read by the decoder.
enum class Part : unsigned char {
  whole,
  texts,    ///< each text in a JSON document
  session,  ///< with the file of the other direction
};

/// Vectors of one kind.
struct Family {
  std::string_view folder;
  std::string_view suffix;
  std::string_view target;
  Part part = Part::whole;
};

void PrintTo(const Family& family, std::ostream* out) {
  *out << family.folder << "/*" << family.suffix;
}

constexpr auto kFamilies = std::to_array<Family>({
    {"build-result", ".json", "build-result-json"},
    {"captured-nix-2.8.0/binary-cache/uncompressed", ".ls.json", "listing-json"},
    {"captured-nix-2.8.0/binary-cache/uncompressed", ".narinfo", "narinfo"},
    {"captured-nix-2.8.0/binary-cache/uncompressed/nar", ".nar", "nar"},
    {"captured-nix-2.8.0/binary-cache/xz", ".ls.json", "listing-json"},
    {"captured-nix-2.8.0/binary-cache/xz", ".narinfo", "narinfo"},
    {"captured-nix-2.8.0/derivations", ".drv", "derivation"},
    {"captured-nix-2.8.0/export", ".bin", "export-stream"},
    {"captured-nix-2.8.0/nars", ".nar", "nar"},
    {"captured-nix-2.8.0/serve-sessions", ".c2s.bin", "serve-conversation", Part::session},
    {"captured-nix-2.8.0/worker-sessions", ".c2s.bin", "worker-conversation", Part::session},
    {"content-address", ".json", "path-info-json"},
    {"derivation", ".drv", "derivation"},
    {"derivation", ".json", "derivation-json"},
    {"derivation-fuzz", ".drv", "derivation"},
    {"derivation/ca", ".drv", "derivation"},
    {"derivation/ca", ".json", "derivation-json"},
    {"derivation/ca/derivation-options", ".json", "derivation-json"},
    {"derivation/hash-modulo", ".drv", "derivation"},
    {"derivation/hash-modulo", ".json", "derivation-json"},
    {"derivation/ia", ".drv", "derivation"},
    {"derivation/ia", ".json", "derivation-json"},
    {"derivation/ia/derivation-options", ".json", "derivation-json"},
    {"derivation/invariants", ".json", "derivation-json"},
    {"derivation/try-resolve", "after.json", "derivation-json"},
    {"derivation/try-resolve", "before.json", "derivation-json"},
    {"derivation/try-resolve", "buildTrace.json", "derivation-json", Part::texts},
    {"derived-path", ".json", "derivation-json"},
    {"dummy-store", ".json", "store-json"},
    {"git", ".bin", "git-object"},
    {"hash", ".json", "hash", Part::texts},
    {"machines", ".txt", "machines"},
    {"memory-source-accessor", ".json", "file-tree-json"},
    {"nar-info", ".narinfo", "narinfo"},
    {"nar-info/json-1", ".json", "path-info-json"},
    {"nar-info/json-2", ".json", "path-info-json"},
    {"nar-info/json-3", ".json", "path-info-json"},
    {"nar-listing", ".json", "listing-json"},
    {"nars", ".nar", "nar"},
    {"nars-functional", ".nar", "nar"},
    {"nars-fuzz", ".nar", "nar"},
    {"outputs-spec", ".json", "output-name", Part::texts},
    {"path-info/json-1", ".json", "path-info-json"},
    {"path-info/json-2", ".json", "path-info-json"},
    {"path-info/json-3", ".json", "path-info-json"},
    {"realisation", ".json", "realisation-json"},
    {"store-path", ".json", "store-path", Part::texts},
    {"store-reference", ".txt", "store-uri"},
    {"transcribed/hash", ".json", "hash", Part::texts},
    {"transcribed/machines", ".json", "machines", Part::texts},
    {"transcribed/signature", ".json", "key", Part::texts},
    {"transcribed/store-path", ".txt", "store-path"},
    {"worker-substitution/ca-drv", ".json", "store-json"},
    {"worker-substitution/single", ".json", "store-json"},
    {"worker-substitution/with-dep", ".json", "store-json"},
});

void collect_texts(const Json& json, std::set<std::string>& texts) {
  if (json.is_string()) texts.insert(json.get<std::string>());
  if (!json.is_structured()) return;
  for (const auto& member : json)
    collect_texts(member, texts);
}

std::set<std::string> inputs_of(const fs::path& file, const Family& family) {
  std::set<std::string> inputs;
  const std::string bytes = read_golden(file);
  switch (family.part) {
    case Part::whole:
      break;
    case Part::texts:
      collect_texts(Json::parse(bytes), inputs);
      return inputs;
    case Part::session: {
      std::string other = file.string();
      other.replace(other.rfind(".c2s."), 5, ".s2c.");
      return {conversation_seed(bytes, read_golden(other))};
    }
  }
  return {bytes};
}

Target target_of(const Family& family) {
  const auto all = all_targets();
  const auto found = std::ranges::find(all, family.target, &Target::name);
  if (found == all.end()) throw std::logic_error("no target " + std::string(family.target));
  return *found;
}

class Damage : public testing::GoldenTest, public ::testing::WithParamInterface<Family> {
 protected:
  void expect_fine(std::string_view bytes, std::string_view how, std::size_t at) {
    try {
      target_.read(bytes);
    } catch (const std::exception& error) {
      ADD_FAILURE() << how << at << ": " << error.what();
    }
  }

  void damage(std::string_view bytes) {
    expect_fine(bytes, "whole, ", bytes.size());
    testing::for_each_cut(
        bytes, [&](std::string_view cut) { expect_fine(cut, "cut after ", cut.size()); });
    testing::for_each_change(bytes, [&](std::string_view changed, std::size_t at) {
      expect_fine(changed, "changed at ", at);
    });
  }

 private:
  Target target_ = target_of(GetParam());
};

TEST_P(Damage, EndsInValuesOrErrors) {
  const auto& family = GetParam();
  const auto files = testing::golden_files(family.folder, family.suffix);
  EXPECT_FALSE(files.empty());
  for (const auto& file : files) {
    SCOPED_TRACE(file);
    for (const auto& input : inputs_of(file, family))
      damage(input);
  }
}

INSTANTIATE_TEST_SUITE_P(Vectors, Damage, ::testing::ValuesIn(kFamilies), [](const auto& chosen) {
  std::string name(chosen.param.folder);
  name.append(chosen.param.suffix);
  std::ranges::replace_if(name, [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
});

}  // namespace
}  // namespace firn::fuzz
