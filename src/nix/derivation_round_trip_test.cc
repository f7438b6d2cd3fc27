// SPDX-License-Identifier: Apache-2.0
// Random derivations of every kind come back from ATerm and from JSON as they were.
#include "nix/content_address_json.h"
#include "nix/derivation_json.h"
#include "nix/derivation_options.h"
#include "nix/derived_path_json.h"
#include "nix/output_paths.h"
#include "nix/placeholder.h"
#include "nix/resolution.h"
#include "nix/store_path_computation.h"

#include <algorithm>
#include <array>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace firn::nix {
namespace {

constexpr int kRounds = 25;

constexpr std::array kKinds{OutputKind::input_addressed,
                            OutputKind::fixed,
                            OutputKind::floating,
                            OutputKind::deferred,
                            OutputKind::impure};

class RandomDerivations {
 public:
  /// JSON holds UTF-8 only, ATerm any bytes.
  enum class Texts : std::uint8_t { utf8, bytes };

  RandomDerivations(unsigned seed, Texts texts) : random_(seed), texts_(texts) {}

  Derivation next(OutputKind kind, const std::string& name) {
    Derivation drv;
    add_outputs(drv, kind, name);
    drv.platform = "system-" + std::to_string(pick(3));
    drv.builder = text();
    for (auto left = pick(4); left > 0; --left)
      drv.args.push_back(text());
    for (auto left = pick(6); left > 0; --left)
      drv.env[text()] = text();
    if (pick(3) == 0) drv.env[kStructuredAttributes] = Json{{"a", {1, 2.5, nullptr}}}.dump();
    for (auto left = pick(4); left > 0; --left)
      drv.input_sources.insert(path("source"));
    for (auto left = pick(4); left > 0; --left)
      drv.input_derivations[DrvPath(path("input.drv"))] = names();
    for (auto left = pick(3); left > 0; --left)
      drv.dynamic_inputs.insert(dynamic_input(drv));
    return drv;
  }

  ContentAddress address() {
    constexpr std::array kMethods{
        ContentMethod::flat, ContentMethod::nar, ContentMethod::text, ContentMethod::git};
    constexpr std::array kAlgorithms{HashAlgorithm::md5,
                                     HashAlgorithm::sha1,
                                     HashAlgorithm::sha256,
                                     HashAlgorithm::sha512,
                                     HashAlgorithm::blake3};
    const ContentMethod method = kMethods[pick(kMethods.size())];
    const bool is_free = method == ContentMethod::flat || method == ContentMethod::nar;
    const HashAlgorithm algorithm =
        is_free ? kAlgorithms[pick(kAlgorithms.size())] : HashAlgorithm::sha256;
    std::string digest(digest_size(algorithm), '\0');
    std::generate(digest.begin(), digest.end(), [&] { return static_cast<char>(random_()); });
    return {method, Hash(algorithm, as_bytes(digest))};
  }

  StorePath path(const std::string& name) {
    const Hash contents = hash_of(HashAlgorithm::sha256, std::to_string(random_()));
    return text_path(name, contents, {});
  }

 private:
  std::size_t pick(std::size_t bound) { return random_() % bound; }

  std::set<std::string> names() {
    constexpr std::array kNames{"bin", "dev", "doc", "out"};
    std::set<std::string> chosen{kNames[pick(kNames.size())]};
    while (pick(2) == 0)
      chosen.insert(kNames[pick(kNames.size())]);
    return chosen;
  }

  std::string text() {
    constexpr std::array kPieces{"", "a", "\"", "\\", "\n", "\r", "\t", "ü", "日本", "${x}", "),("};
    std::string result;
    for (auto left = pick(5); left > 0; --left)
      result += kPieces[pick(kPieces.size())];
    if (texts_ == Texts::bytes && pick(2) == 0) result += static_cast<char>(random_());
    return result;
  }

  /// Half of them of an input that has outputs of its own, too.
  SingleDerivedPath dynamic_input(const Derivation& drv) {
    SingleDerivedPath input{.base = path("maker.drv"), .outputs = {"out"}};
    if (!drv.input_derivations.empty() && pick(2) == 0)
      input.base = drv.input_derivations.begin()->first.path();
    for (auto left = 1 + pick(3); left > 0; --left)
      input.outputs.push_back(*names().begin());
    return input;
  }

  void add_outputs(Derivation& drv, OutputKind kind, const std::string& name) {
    const ContentAddress content = address();
    if (kind == OutputKind::fixed) {
      drv.outputs["out"] = DerivationOutput::fixed(content_addressed_path(name, content), content);
      return;
    }
    for (const std::string& output : names()) {
      DerivationOutput& made = drv.outputs[output];
      if (kind == OutputKind::input_addressed) made = DerivationOutput::input_addressed(path(name));
      if (kind == OutputKind::floating) made = DerivationOutput::floating(content.addressing());
      if (kind == OutputKind::impure) made = DerivationOutput::impure(content.addressing());
    }
  }

  std::mt19937 random_;
  Texts texts_;
};

template <class Check>
void for_each_kind(RandomDerivations::Texts texts, Check check) {
  RandomDerivations random(1, texts);
  for (const OutputKind kind : kKinds) {
    for (int round = 0; round < kRounds; ++round)
      check(random.next(kind, "name"));
  }
}

TEST(DerivationRoundTrip, ThroughAterm) {
  for_each_kind(RandomDerivations::Texts::bytes, [](const Derivation& drv) {
    const std::string aterm = to_aterm(drv);
    const Derivation parsed = parse_derivation(aterm, "name");
    ASSERT_EQ(parsed, drv) << aterm;
    ASSERT_EQ(to_aterm(parsed), aterm);
  });
}

TEST(DerivationRoundTrip, ThroughJson) {
  for_each_kind(RandomDerivations::Texts::utf8, [](const Derivation& drv) {
    const Json json = parse_json(to_text(to_json(drv, "name")));
    const auto [name, parsed] = derivation_from(JsonPlace(json));
    ASSERT_EQ(parsed, drv) << json;
    ASSERT_EQ(name, "name");
  });
}

TEST(DerivationRoundTrip, WithoutInputsThroughJson) {
  for_each_kind(RandomDerivations::Texts::utf8, [](const BasicDerivation& drv) {
    const Json json = parse_json(to_text(to_json(drv, "name")));
    ASSERT_EQ(basic_derivation_from(JsonPlace(json)).derivation, drv) << json;
  });
}

TEST(DerivationRoundTrip, OfEveryInputAsADerivedPath) {
  for_each_kind(RandomDerivations::Texts::utf8, [](const Derivation& drv) {
    for (const SingleDerivedPath& input : drv.dynamic_inputs) {
      for (const OutputMark mark : {OutputMark::caret, OutputMark::bang})
        ASSERT_EQ(parse_single_derived_path(to_string(input, mark), mark), input);
      const Json json = to_json(input);
      ASSERT_EQ(single_derived_path_from(JsonPlace(json)), input);
    }
  });
}

TEST(DerivationRoundTrip, OfContentAddresses) {
  RandomDerivations random(2, RandomDerivations::Texts::utf8);
  for (int round = 0; round < 500; ++round) {
    const ContentAddress address = random.address();
    const Json json = to_json(address);
    ASSERT_EQ(content_address_from(JsonPlace(json)), address);
    ASSERT_EQ(parse_content_address(to_string(address)), address);
    ASSERT_EQ(parse_hash_algo(to_hash_algo(address.addressing())), address.addressing());
  }
}

TEST(DerivationRoundTrip, OfFilledPaths) {
  for_each_kind(RandomDerivations::Texts::bytes, [](const Derivation& drv) {
    if (drv.outputs.begin()->second.path) return;
    BasicDerivation filled = drv;
    for (const auto& [output, value] : filled.outputs)
      filled.env.emplace(output, "");
    fill_output_paths(filled, "name");
    ASSERT_NO_THROW(check_output_paths(Derivation{filled, {}, {}}, "name", {}));
  });
}

TEST(DerivationRoundTrip, ResolvesWhatWasBuilt) {
  RandomDerivations paths(3, RandomDerivations::Texts::utf8);
  for_each_kind(RandomDerivations::Texts::utf8, [&](Derivation drv) {
    std::vector<std::string> built;
    for (const SingleDerivedPath& input : drv.dynamic_inputs)
      drv.args.push_back(input_placeholder(input));
    const auto resolved = try_resolve(drv, "name", [&](const SingleDerivedPath& input) {
      StorePath path = paths.path("built");
      if (input.outputs.size() > 1) built.push_back(path.str());
      return std::optional(std::move(path));
    });
    ASSERT_TRUE(resolved.has_value());
    ASSERT_TRUE(std::equal(built.rbegin(), built.rend(), resolved->args.rbegin()));
  });
}

}  // namespace
}  // namespace firn::nix
