// SPDX-License-Identifier: Apache-2.0
#include "integration/derivation_corpus.h"

#include "base/hash.h"
#include "nix/placeholder.h"
#include "nix/store_path_computation.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace firn::testing {

namespace {

using Json = nlohmann::json;

/// A literal of the Nix language.
std::string nix_literal(std::string_view text) {
  std::string literal = "\"";
  for (const char byte : text) {
    switch (byte) {
      case '"':
      case '\\':
      case '$':
        literal += '\\';
        literal += byte;
        break;
      case '\n':
        literal += "\\n";
        break;
      case '\r':
        literal += "\\r";
        break;
      case '\t':
        literal += "\\t";
        break;
      default:
        literal += byte;
    }
  }
  return literal + '"';
}

/// A value as Nix reads it, and what becomes of it in an environment and in structured attributes.
struct Value {
  std::string expression;
  std::string variable;
  Json json;
};

Value text_value(const std::string& text) {
  return {.expression = nix_literal(text), .variable = text, .json = text};
}

constexpr std::array<std::string_view, 5> kOutputs{"bin", "dev", "doc", "lib", "out"};

/// The youngest last.
constexpr std::array kAlgorithms{HashAlgorithm::md5,
                                 HashAlgorithm::sha1,
                                 HashAlgorithm::sha256,
                                 HashAlgorithm::sha512,
                                 HashAlgorithm::blake3};

std::string_view mode_of(nix::ContentMethod method) {
  return method == nix::ContentMethod::nar ? "recursive" : to_string(method);
}

}  // namespace

/// One derivation while it is put together.
class CorpusDerivation {
 public:
  explicit CorpusDerivation(DerivationCorpus& corpus)
      : corpus_(corpus), index_(corpus.entries_.size()) {}

  void make() {
    is_structured_ = corpus_.chance(5);
    name_ = fmt::format("d{}{}", index_, name_tail());
    set_kind();
    set("name", text_value(name_));
    set("system", text_value("x86_64-linux"));
    Value builder = text();
    builder.expression = fmt::format("({} + {})", nix_literal("/bin/"), builder.expression);
    builder.variable.insert(0, "/bin/");
    builder.json = builder.variable;
    set("builder", builder);
    drv_.platform = "x86_64-linux";
    drv_.builder = builder.variable;
    for (auto left = corpus_.pick(4); left > 0; --left) {
      const Value arg = text();
      drv_.args.push_back(arg.variable);
      args_ += " " + arg.expression;
    }
    for (auto left = corpus_.pick(7); left > 0; --left) {
      const std::string chosen = key();
      if (!attributes_.contains(chosen)) set(chosen, value());
    }
    finish();
  }

 private:
  void set(const std::string& key, const Value& value) {
    attributes_.emplace(key, value);
    drv_.env[key] = value.variable;
    json_[key] = value.json;
  }

  /// Attributes that Nix takes for itself.
  void set_flag(const std::string& key) {
    attributes_.emplace(key, Value{.expression = "true", .variable = "", .json = {}});
  }

  std::string name_tail() {
    constexpr std::array<std::string_view, 6> kTails{
        "", "-1.2", "+x_y?z=1", ".tar.gz", "-A--b", "-"};
    return std::string(kTails[corpus_.pick(kTails.size())]);
  }

  std::string key() {
    constexpr std::array<std::string_view, 10> kKeys{
        "a", "Zed", "_x", "key\"q", "b.c", "ünï", "with space", "back\\slash", "new\nline", "z9"};
    return std::string(kKeys[corpus_.pick(kKeys.size())]);
  }

  Value value() {
    switch (corpus_.pick(9)) {
      case 0:
        return {.expression = "true", .variable = "1", .json = true};
      case 1:
        return {.expression = "false", .variable = "", .json = false};
      case 2:
        return {.expression = "null", .variable = "", .json = nullptr};
      case 3:
        return {.expression = "(-42)", .variable = "-42", .json = -42};
      case 4:
        return {.expression = R"([ 1 "x y" [ ] true ])",
                .variable = "1 x y 1",
                .json = {1, "x y", Json::array(), true}};
      default:
        return text();
    }
  }

  /// Literals and what the derivation needs, in any order.
  Value text() {
    Value value = text_value(literal());
    for (auto left = corpus_.pick(3); left > 0; --left) {
      const Value next = need();
      value.expression = fmt::format("({} + {})", value.expression, next.expression);
      value.variable += next.variable;
    }
    value.json = value.variable;
    return value;
  }

  std::string literal() {
    constexpr std::array<std::string_view, 12> kPieces{"",
                                                       " ",
                                                       "plain",
                                                       "\"quoted\"",
                                                       "back\\slash",
                                                       "line\nline\r\n",
                                                       "\ttab",
                                                       "$x ${y} $${z}",
                                                       "日本語 ünïcode",
                                                       "'';",
                                                       "\\n\\\"",
                                                       "😀"};
    std::string text;
    for (auto left = corpus_.pick(4); left > 0; --left)
      text += kPieces[corpus_.pick(kPieces.size())];
    if (corpus_.chance(60)) text += std::string(200'000 + corpus_.pick(1000), '"');
    if (!is_structured_ && corpus_.chance(15)) text += "\x01\x7f\xff\xc3";
    return text;
  }

  Value need() {
    if (corpus_.chance(4)) return source();
    if (!corpus_.derivation_makers_.empty() && corpus_.chance(6)) return output_of_output();
    if (corpus_.entries_.empty()) return text_value("first");
    return output();
  }

  Value source() {
    const std::string name = fmt::format("source-{}", corpus_.pick(1000));
    const std::string contents = "contents\n" + name;
    const nix::StorePath path = nix::text_path(name, hash_of(HashAlgorithm::sha256, contents), {});
    drv_.input_sources.insert(path);
    return {.expression = fmt::format(
                "\"${{builtins.toFile {} {}}}\"", nix_literal(name), nix_literal(contents)),
            .variable = path.str(),
            .json = {}};
  }

  /// Near ones more often: that makes chains and diamonds.
  Value output() {
    const std::size_t count = corpus_.entries_.size();
    const std::size_t index = count - 1 - corpus_.pick(std::min<std::size_t>(count, 12));
    const CorpusEntry& entry = corpus_.entries_[index];
    auto chosen = entry.derivation.outputs.begin();
    std::advance(chosen, corpus_.pick(entry.derivation.outputs.size()));
    const auto& [name, output] = *chosen;
    drv_.input_derivations[entry.path].insert(name);
    const std::string path =
        output.path ? output.path->str()
                    : nix::input_placeholder({.base = entry.path.path(), .outputs = {name}});
    return {
        .expression = fmt::format("\"${{d{}.{}}}\"", index, name), .variable = path, .json = {}};
  }

  Value output_of_output() {
    const auto& makers = corpus_.derivation_makers_;
    const std::size_t index = makers[corpus_.pick(makers.size())];
    const std::string wanted(kOutputs[corpus_.pick(kOutputs.size())]);
    const nix::SingleDerivedPath input{.base = corpus_.entries_[index].path.path(),
                                       .outputs = {"out", wanted}};
    drv_.dynamic_inputs.insert(input);
    return {
        .expression = fmt::format("(builtins.outputOf d{}.outPath {})", index, nix_literal(wanted)),
        .variable = nix::input_placeholder(input),
        .json = {}};
  }

  void set_kind() {
    const std::size_t kind = corpus_.pick(10);
    if (kind < 3) return set_fixed();
    if (corpus_.era_ >= Era::content_addressed && kind < 5) return set_floating();
    set_outputs({});
  }

  /// All of one kind; some are the single output "out", which need not be said.
  void set_outputs(const nix::DerivationOutput& output) {
    std::vector<std::string> names;
    for (const std::string_view name : kOutputs) {
      if (corpus_.chance(2)) names.emplace_back(name);
    }
    std::shuffle(names.begin(), names.end(), corpus_.random_);
    if (names.empty()) {
      drv_.outputs["out"] = output;
      return;
    }
    std::string expression = "[";
    std::string variable;
    for (const std::string& name : names) {
      drv_.outputs[name] = output;
      expression += " " + nix_literal(name);
      variable += (variable.empty() ? "" : " ") + name;
    }
    set("outputs", {.expression = expression + " ]", .variable = variable, .json = names});
  }

  nix::ContentAddressing addressing() {
    if (corpus_.era_ >= Era::dynamic && corpus_.chance(4))
      return {.method = nix::ContentMethod::text, .algorithm = HashAlgorithm::sha256};
    if (corpus_.era_ >= Era::dynamic && corpus_.chance(5)) {
      const bool is_sha256 = corpus_.era_ >= Era::latest && corpus_.chance(2);
      return {.method = nix::ContentMethod::git,
              .algorithm = is_sha256 ? HashAlgorithm::sha256 : HashAlgorithm::sha1};
    }
    const std::size_t known = kAlgorithms.size() - (corpus_.era_ >= Era::latest ? 0 : 1);
    return {.method = corpus_.chance(2) ? nix::ContentMethod::nar : nix::ContentMethod::flat,
            .algorithm = kAlgorithms[corpus_.pick(known)]};
  }

  void set_addressing(const nix::ContentAddressing& addressing) {
    set("outputHashAlgo", text_value(std::string(firn::to_string(addressing.algorithm))));
    set("outputHashMode", text_value(std::string(mode_of(addressing.method))));
  }

  void set_fixed() {
    const nix::ContentAddressing chosen = addressing();
    const std::string bytes(digest_size(chosen.algorithm), static_cast<char>(corpus_.pick(200)));
    const nix::ContentAddress address{.method = chosen.method,
                                      .hash = Hash(chosen.algorithm, as_bytes(bytes))};
    constexpr std::array kForms{HashForm::base16, HashForm::nix32, HashForm::base64};
    const std::size_t form = corpus_.pick(kForms.size() + 1);
    set_addressing(chosen);
    set("outputHash",
        text_value(form == kForms.size() ? address.hash.sri() : address.hash.encode(kForms[form])));
    drv_.outputs["out"] =
        nix::DerivationOutput::fixed(nix::content_addressed_path(name_, address), address);
  }

  void set_floating() {
    const nix::ContentAddressing chosen = addressing();
    const bool is_impure = corpus_.chance(4);
    set_flag(is_impure ? "__impure" : "__contentAddressed");
    set_addressing(chosen);
    if (!is_impure && chosen.method == nix::ContentMethod::text && corpus_.chance(2)) {
      name_ += ".drv";
      drv_.outputs["out"] = nix::DerivationOutput::floating(chosen);
      makes_derivation_ = true;
      return;
    }
    set_outputs(is_impure ? nix::DerivationOutput::impure(chosen)
                          : nix::DerivationOutput::floating(chosen));
  }

  void finish() {
    if (is_structured_) {
      set_flag("__structuredAttrs");
      drv_.env = {{nix::kStructuredAttributes, json_.dump()}};
    }
    for (const auto& [name, output] : drv_.outputs) {
      const bool is_decided_by_content = !output.path && !output.hash_algo.empty();
      drv_.env[name] = is_decided_by_content ? nix::output_placeholder(name) : "";
    }
    nix::fill_output_paths(drv_, name_, corpus_.modulos_);
    nix::DrvPath path = nix::derivation_path(drv_, name_);
    corpus_.modulos_.emplace(path, nix::input_modulo(drv_, corpus_.modulos_));
    if (makes_derivation_) corpus_.derivation_makers_.push_back(index_);
    corpus_.bindings_ += fmt::format("d{} = derivation {{ args = [{} ];", index_, args_);
    for (const auto& [key, value] : attributes_)
      corpus_.bindings_ += fmt::format(" {} = {};", nix_literal(key), value.expression);
    corpus_.bindings_ += " };\n";
    corpus_.entries_.push_back({.name = name_, .derivation = drv_, .path = std::move(path)});
  }

  DerivationCorpus& corpus_;
  std::size_t index_;
  std::string name_;
  bool is_structured_ = false;
  bool makes_derivation_ = false;
  nix::Derivation drv_;
  std::string args_;
  std::map<std::string, Value> attributes_;
  Json json_ = Json::object();
};

void DerivationCorpus::add() {
  CorpusDerivation(*this).make();
}

std::string DerivationCorpus::expression() const {
  std::string list;
  for (std::size_t i = 0; i < entries_.size(); ++i)
    list += fmt::format(" d{}", i);
  return fmt::format("let\n{}in [{} ]\n", bindings_, list);
}

}  // namespace firn::testing
