// SPDX-License-Identifier: Apache-2.0
// Derivations of every kind, each made twice: as a Nix expression, and by firn from the same parts.
// What Nix then instantiates must be what firn made.
#pragma once

#include "nix/derivation.h"
#include "nix/output_paths.h"

#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace firn::testing {

/// What a release of Nix knows; each knows what those above it know.
enum class Era : std::uint8_t {
  addressed_by_input,  ///< 2.3: input-addressed and fixed outputs
  content_addressed,   ///< 2.8: floating and impure outputs, too
  dynamic,             ///< 2.26: text and Git hashes, outputs of outputs
  latest,              ///< 2.34: Git with SHA-256, blake3
};

/// Made by firn.
struct CorpusEntry {
  std::string name;
  nix::Derivation derivation;
  nix::DrvPath path;
};

/// The same seed and era make the same corpus.
class DerivationCorpus {
 public:
  DerivationCorpus(Era era, unsigned seed) : era_(era), random_(seed) {}

  /// Adds one derivation that may need earlier ones.
  void add();

  /// "let …; in [ … ]": all derivations in their order.
  std::string expression() const;

  const std::vector<CorpusEntry>& entries() const { return entries_; }

 private:
  friend class CorpusDerivation;

  /// Below `bound`.
  std::size_t pick(std::size_t bound) { return random_() % bound; }

  bool chance(std::size_t one_in) { return pick(one_in) == 0; }

  Era era_;
  std::mt19937 random_;
  std::string bindings_;
  std::vector<CorpusEntry> entries_;
  nix::InputModulos modulos_;
  /// Floating text outputs that are named like derivations.
  std::vector<std::size_t> derivation_makers_;
};

}  // namespace firn::testing
