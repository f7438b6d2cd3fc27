// SPDX-License-Identifier: Apache-2.0
// The attributes of a derivation that decide where it is built, from the environment or from
// "__json".
#include "base/error.h"
#include "nix/derivation.h"
#include "nix/words.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace firn::nix {

namespace {

constexpr std::string_view kFeatures = "requiredSystemFeatures";
constexpr std::string_view kLocal = "preferLocalBuild";
constexpr std::string_view kSubstitutes = "allowSubstitutes";

/// Picks the three attributes out of the JSON while it is read, so that no document is built in
/// memory. Depth 1 is inside the outer object, depth 2 inside one of its values.
class AttributesReader : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit AttributesReader(SchedulingAttributes& attributes) : attributes_(attributes) {}

  bool null() override { return scalar("null"); }

  bool boolean(bool value) override {
    if (depth_ == 1 && key_ == kLocal) {
      attributes_.prefer_local_build = value;
      return true;
    }
    if (depth_ == 1 && key_ == kSubstitutes) {
      attributes_.allow_substitutes = value;
      return true;
    }
    return scalar("a boolean");
  }

  bool number_integer(number_integer_t /*value*/) override { return scalar("a number"); }

  bool number_unsigned(number_unsigned_t /*value*/) override { return scalar("a number"); }

  bool number_float(number_float_t /*value*/, const string_t& /*text*/) override {
    return scalar("a number");
  }

  bool string(string_t& value) override {
    if (depth_ != 2 || key_ != kFeatures) return scalar("a string");
    attributes_.required_system_features.insert(std::move(value));
    return true;
  }

  bool binary(binary_t& /*value*/) override { return scalar("binary data"); }

  bool start_object(std::size_t /*size*/) override { return open("an object", depth_ == 0); }

  bool key(string_t& name) override {
    if (depth_ != 1) return true;
    key_ = std::move(name);
    if (key_ == kFeatures) attributes_.required_system_features.clear();
    return true;
  }

  bool end_object() override { return close(); }

  bool start_array(std::size_t /*size*/) override {
    return open("a list", depth_ == 1 && key_ == kFeatures);
  }

  bool end_array() override { return close(); }

  bool parse_error(std::size_t position,
                   const std::string& /*token*/,
                   const nlohmann::detail::exception& /*error*/) override {
    throw Error(Kind::invalid,
                fmt::format("structured attributes: no valid JSON at offset {}", position));
  }

 private:
  bool open(std::string_view found, bool expected) {
    if (!expected) check_type(found);
    ++depth_;
    return true;
  }

  bool close() {
    --depth_;
    return true;
  }

  bool scalar(std::string_view found) {
    check_type(found);
    return true;
  }

  void check_type(std::string_view found) const {
    const bool in_features = key_ == kFeatures && depth_ <= 2;
    if (depth_ == 0) fail("the whole", "an object", found);
    if (in_features) fail(kFeatures, "a list of strings", found);
    if (depth_ == 1 && (key_ == kLocal || key_ == kSubstitutes)) fail(key_, "a boolean", found);
  }

  [[noreturn]] static void fail(std::string_view what,
                                std::string_view expected,
                                std::string_view found) {
    throw Error(
        Kind::invalid,
        fmt::format(
            "structured attributes: {} must be {}, but is or holds {}", what, expected, found));
  }

  SchedulingAttributes& attributes_;
  std::string key_;
  std::size_t depth_ = 0;
};

SchedulingAttributes from_environment(const std::map<std::string, std::string>& env) {
  const auto value_of = [&](std::string_view key, std::string_view otherwise) {
    const auto found = env.find(std::string(key));
    return found == env.end() ? otherwise : std::string_view(found->second);
  };
  const auto features = words_of(value_of(kFeatures, ""));
  return {.required_system_features = {features.begin(), features.end()},
          .prefer_local_build = value_of(kLocal, "") == "1",
          .allow_substitutes = value_of(kSubstitutes, "1") == "1"};
}

}  // namespace

SchedulingAttributes scheduling_attributes(const BasicDerivation& derivation) {
  SchedulingAttributes attributes;
  if (const auto json = derivation.env.find(kStructuredAttributes); json != derivation.env.end()) {
    AttributesReader reader(attributes);
    nlohmann::json::sax_parse(json->second, &reader);
  } else {
    attributes = from_environment(derivation.env);
  }
  const auto has_no_path = [](const auto& entry) { return !entry.second.path; };
  if (std::any_of(derivation.outputs.begin(), derivation.outputs.end(), has_no_path)) {
    attributes.required_system_features.emplace("ca-derivations");
  }
  return attributes;
}

std::set<std::string> required_system_features(const BasicDerivation& derivation) {
  return scheduling_attributes(derivation).required_system_features;
}

bool prefers_local_build(const BasicDerivation& derivation) {
  return scheduling_attributes(derivation).prefer_local_build;
}

bool allows_substitutes(const BasicDerivation& derivation) {
  return scheduling_attributes(derivation).allow_substitutes;
}

}  // namespace firn::nix
