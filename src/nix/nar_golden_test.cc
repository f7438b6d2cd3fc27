// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"
#include "base/hash.h"
#include "nix/nar_parser.h"
#include "nix/nar_writer.h"
#include "support/golden.h"
#include "support/nar_trace.h"

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace firn::nix {
namespace {

using Json = nlohmann::json;
using Path = std::filesystem::path;
using NarGolden = testing::GoldenTest;

std::string prefix_of(const std::string& folder, std::string_view name) {
  return name.empty() || folder.empty() ? std::string(name) : folder + "/" + std::string(name);
}

/// What `NarTrace` should write for a "tree" of the vectors, contents aside.
void describe(const Json& node, const std::string& path, std::string& out) {
  const auto type = node.at("type").get<std::string>();
  if (type == "symlink") {
    out += "l " + path + " -> " + node.at("target").get<std::string>() + "\n";
  } else if (type == "regular") {
    out += (node.value("executable", false) ? "x " : "f ") + path + " " +
           std::to_string(node.at("size").get<std::uint64_t>()) + "\n";
  } else {
    out += "d " + path + "\n";
    for (const auto& [name, entry] : node.at("entries").items()) {
      describe(entry, prefix_of(path, name), out);
    }
  }
}

/// A trace without contents.
class Outline : public NarVisitor {
 public:
  void begin_directory(std::string_view name) override {
    folder_ = prefix_of(folder_, name);
    text += "d " + folder_ + "\n";
    lengths_.push_back(name.size());
  }

  void end_directory() override {
    const std::size_t length = lengths_.back();
    lengths_.pop_back();
    folder_.resize(folder_.size() - std::min(folder_.size(), length + 1));
  }

  void begin_file(std::string_view name, bool executable, std::uint64_t size) override {
    text +=
        (executable ? "x " : "f ") + prefix_of(folder_, name) + " " + std::to_string(size) + "\n";
  }

  void symlink(std::string_view name, std::string_view target) override {
    text += "l " + prefix_of(folder_, name) + " -> " + std::string(target) + "\n";
  }

  std::string text;

 private:
  std::string folder_;
  std::vector<std::size_t> lengths_;
};

void expect_accepted(const std::string& nar, const Json& expected) {
  const auto size = expected.at("narSize").get<std::size_t>();
  Outline outline;
  EXPECT_EQ(testing::parse_nar(nar, outline), size);
  std::string wanted;
  describe(expected.at("tree"), "", wanted);
  EXPECT_EQ(outline.text, wanted);
  testing::NarTrace trace;
  testing::parse_nar(nar, trace, 5);
  EXPECT_EQ(trace.rewritten(), nar.substr(0, size));
  const auto hash = expected.value("narHash", expected.value("sha256", ""));
  EXPECT_EQ(hash_of(HashAlgorithm::sha256, trace.rewritten()),
            parse_hash(hash, HashAlgorithm::sha256));
}

/// Refused, with a message that says where and what was expected.
void expect_refused(const std::string& nar) {
  NarVisitor ignore;
  try {
    testing::parse_nar(nar, ignore);
    ADD_FAILURE() << "it was accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), Kind::invalid);
    EXPECT_NE(error.message().find("at offset "), std::string::npos) << error.message();
  }
}

TEST_F(NarGolden, AcceptsAndRefusesAsExpected) {
  for (const Path folder : {"nars", "nars-fuzz", "nars-functional"}) {
    for (const Path& file : testing::golden_files(folder, ".json")) {
      const Json table = Json::parse(testing::read_golden(file));
      for (const auto& [name, expected] : table.items()) {
        SCOPED_TRACE(name + ": " + expected.value("reason", ""));
        const std::string nar = testing::read_golden(folder / name);
        if (expected.at("accept").get<bool>()) {
          expect_accepted(nar, expected);
        } else {
          expect_refused(nar);
        }
      }
    }
  }
}

TEST_F(NarGolden, ReadsAndWritesTheNarsOfARealNix) {
  for (const Path& file : testing::golden_files("captured-nix-2.8.0/nars", ".nar")) {
    SCOPED_TRACE(file);
    const std::string nar = testing::read_golden(file);
    expect_accepted(nar, Json::parse(testing::read_golden(Path(file).replace_extension(".json"))));
  }
}

void write_tree(NarWriter& writer, const Json& tree) {
  if (tree.at("type") == "regular") {
    const auto contents = tree.at("contents").get<std::string>();
    writer.begin_file(tree.value("executable", false), contents.size());
    writer.data(contents);
    writer.end_file(contents.size());
    return;
  }
  writer.begin_directory();
  for (const auto& [name, entry] : tree.at("entries").items()) {
    writer.begin_entry(name);
    write_tree(writer, entry);
    writer.end_entry();
  }
  writer.end_directory();
}

TEST_F(NarGolden, HashesOfTrees) {
  std::vector<Json> rows;
  for (const Path& file : testing::golden_files("transcribed/nar-hash", ".json")) {
    const Json table = Json::parse(testing::read_golden(file));
    rows.insert(rows.end(), table.begin(), table.end());
  }
  for (const Json& row : rows) {
    std::string nar;
    NarWriter writer(nar);
    writer.begin_archive();
    write_tree(writer, row.at("tree"));
    const Json& hash = row.at("narHash");
    const auto algorithm = find_hash_algorithm(hash.at("algo").get<std::string>()).value();
    const auto digits = hash.contains("nix32") ? hash.at("nix32") : hash.at("base16");
    EXPECT_EQ(hash_of(algorithm, nar), parse_hash(digits.get<std::string>(), algorithm)) << row;
  }
}

/// Byte by byte: wherever the input ends before the NAR does, that is an error.
void expect_every_cut_fails(const std::string& nar) {
  NarVisitor ignore;
  NarParser parser(ignore);
  try {
    for (std::size_t at = 0; at < nar.size() && !parser.is_done(); ++at) {
      EXPECT_THROW(parser.check_done(), Error) << "cut after " << at << " bytes";
      parser.feed(as_bytes(nar.substr(at, 1)));
    }
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), Kind::invalid);
  }
}

TEST_F(NarGolden, EveryCutIsAnError) {
  for (const char* folder : {"captured-nix-2.8.0/nars", "nars", "nars-fuzz", "nars-functional"}) {
    for (const Path& file : testing::golden_files(folder, ".nar")) {
      SCOPED_TRACE(file);
      expect_every_cut_fails(testing::read_golden(file));
    }
  }
}

}  // namespace
}  // namespace firn::nix
