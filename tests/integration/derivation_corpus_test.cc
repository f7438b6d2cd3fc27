// SPDX-License-Identifier: Apache-2.0
// Paths, bytes and JSON of derivations beside those of `nix-instantiate` and `nix derivation show`,
// of four ages.
#include "integration/derivation_corpus.h"

#include "integration/farm_fixture.h"
#include "nix/derivation_json.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace firn::testing {
namespace {

namespace fs = std::filesystem;

constexpr int kDerivations = 400;
constexpr const char* kFeatures =
    "nix-command ca-derivations impure-derivations dynamic-derivations git-hashing blake3-hashes";

std::string read_file(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

Era era_of(const lab::Release& release) {
  if (release.nix.starts_with("2.3.")) return Era::addressed_by_input;
  if (release.nix.starts_with("2.8.")) return Era::content_addressed;
  return release.nix.starts_with("2.26.") ? Era::dynamic : Era::latest;
}

class DerivationCorpusTest : public ReleaseTest {
 protected:
  void SetUp() override {
    ReleaseTest::SetUp();
    if (IsSkipped()) return;
    lab::HostOptions options{.release = GetParam()};
    options.nix_conf["experimental-features"] = kFeatures;
    host_ = std::make_unique<lab::Host>(options);
    corpus_ = std::make_unique<DerivationCorpus>(era_of(GetParam()), 20);
    for (int i = 0; i < kDerivations; ++i)
      corpus_->add();
  }

  lab::Outcome run(const std::vector<std::string>& argv) const {
    auto outcome = host_->run(argv);
    EXPECT_TRUE(outcome.ok()) << argv.front() << ": " << outcome.describe();
    return outcome;
  }

  /// The derivations that Nix made, in the order of the corpus.
  std::vector<std::string> instantiate() const {
    const fs::path file = host_->dir() / "corpus.nix";
    std::ofstream(file, std::ios::binary) << corpus_->expression();
    std::istringstream lines(run({"nix-instantiate", file}).out);
    std::vector<std::string> paths;
    for (std::string line; std::getline(lines, line);)
      paths.push_back(line.substr(0, line.find('!')));
    return paths;
  }

  const DerivationCorpus& corpus() const { return *corpus_; }

  /// What `nix show-derivation` or its successor prints of everything that JSON has words for.
  nlohmann::json shown_by(std::vector<std::string> argv) const {
    for (const CorpusEntry& entry : shown_entries())
      argv.push_back(entry.path.str());
    return nlohmann::json::parse(run(argv).out);
  }

  /// Those without bytes that are not UTF-8.
  std::vector<CorpusEntry> shown_entries() const {
    std::vector<CorpusEntry> entries = corpus_->entries();
    std::erase_if(entries, [](const CorpusEntry& entry) {
      return nix::to_aterm(entry.derivation).find('\xff') != std::string::npos;
    });
    return entries;
  }

  std::string read_inside(const std::string& path) const { return read_file(host_->outside(path)); }

 private:
  std::unique_ptr<lab::Host> host_;
  std::unique_ptr<DerivationCorpus> corpus_;
};

INSTANTIATE_TEST_SUITE_P(Nix,
                         DerivationCorpusTest,
                         ::testing::ValuesIn(lab::kReleases),
                         release_name);

TEST_P(DerivationCorpusTest, IsWhatNixInstantiates) {
  const std::vector<std::string> paths = instantiate();
  ASSERT_EQ(paths.size(), corpus().entries().size());
  nix::InputModulos known;
  std::set<nix::OutputKind> kinds;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    const auto& [name, derivation, path] = corpus().entries()[i];
    SCOPED_TRACE(name);
    const std::string aterm = read_inside(paths[i]);
    ASSERT_EQ(nix::to_aterm(derivation), aterm);
    ASSERT_EQ(path.str(), paths[i]);
    const nix::Derivation parsed = nix::parse_derivation(aterm, name);
    EXPECT_EQ(parsed, derivation);
    EXPECT_NO_THROW(nix::check_output_paths(parsed, name, known));
    known.emplace(path, nix::input_modulo(parsed, known));
    for (const auto& [output, value] : parsed.outputs)
      kinds.insert(value.kind());
  }
  const Era era = era_of(GetParam());
  EXPECT_EQ(kinds.size(), era == Era::addressed_by_input ? 2U : 5U);
  if (era == Era::content_addressed) {
    const nlohmann::json shown = shown_by({"nix", "show-derivation"});
    for (const auto& [name, derivation, path] : shown_entries())
      EXPECT_EQ(nix::to_first_json(derivation), shown.at(path.str())) << name;
  } else if (era == Era::latest) {
    const nlohmann::json shown = shown_by({"nix", "derivation", "show"}).at("derivations");
    for (const auto& [name, derivation, path] : shown_entries())
      EXPECT_EQ(nix::to_json(derivation, name), shown.at(path.path().base_name())) << name;
  }
}

}  // namespace
}  // namespace firn::testing
