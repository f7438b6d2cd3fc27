// SPDX-License-Identifier: Apache-2.0
#include "eval/evaluate.h"

#include "aio/child_process.h"
#include "base/error.h"
#include "eval/nix_process.h"
#include "eval/rooted.h"

#include <filesystem>
#include <system_error>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace firn::eval {

namespace fs = std::filesystem;

namespace {

/// Evaluated again when the garbage collector is faster than the root: once is bad luck already.
constexpr int kMostTries = 3;

/// Both facts about an installable in one evaluation. `nix path-info --derivation` would do it
/// twice.
constexpr std::string_view kDescribe =
    R"(d: if (d.type or "") == "derivation")"
    " then { drv = d.drvPath; outputs = d.meta.outputsToInstall or [ d.outputName ]; }"
    " else null";

bool is_url(std::string_view file) {
  return file.starts_with('<') || file.starts_with("channel:") ||
         file.find("://") != std::string_view::npos;
}

void check_file(const std::string& file) {
  std::error_code ignored;
  if (is_url(file)) return;
  const std::string expression =
      fs::is_directory(file, ignored) ? (fs::path(file) / "default.nix").string() : file;
  if (fs::exists(expression, ignored)) return;
  throw Error(
      Kind::not_found,
      fmt::format("no such file: {}; give a FILE, an installable such as .#hello, or a .drv",
                  expression));
}

void append(std::vector<std::string>& argv, const std::vector<Argument>& arguments) {
  for (const auto& [form, name, value] : arguments)
    argv.insert(argv.end(), {form == Argument::Form::text ? "--argstr" : "--arg", name, value});
}

aio::Task<Evaluation> evaluate_file(aio::Loop& loop,
                                    const Request& request,
                                    EvaluationRoots& roots,
                                    const Options& options) {
  std::string file = request.inputs.empty() ? "./default.nix" : request.inputs.front();
  check_file(file);
  std::string what = "evaluation of " + aio::quote_for_shell(file);
  if (file.starts_with('-')) file.insert(0, "./");
  std::vector<std::string> argv = {
      "nix-instantiate", file, "--add-root", roots.next_link(), "--indirect"};
  for (const auto& attribute : request.attributes) {
    argv.insert(argv.end(), {"-A", attribute});
    what += " -A " + aio::quote_for_shell(attribute);
  }
  append(argv, request.arguments);
  NixOutput output = co_await run_nix(loop, what, std::move(argv), options);
  if (!output.status.is_success()) throw output.error(what);
  Evaluation evaluation{.targets = read_roots(output.text), .notes = std::move(output.words)};
  if (evaluation.targets.empty()) {
    throw Error(Kind::invalid, what + " gave no derivation; choose one with -A ATTR");
  }
  co_return evaluation;
}

/// The first one that is not there; null where all are, and held.
aio::Task<const Target*> find_missing(const std::vector<Target>& targets, const Hold& hold) {
  nix::StorePathSet drvs;
  for (const auto& target : targets)
    drvs.insert(target.drv.path());
  const auto held = co_await hold(std::move(drvs));
  for (const auto& target : targets)
    if (!held.contains(target.drv.path())) co_return &target;
  co_return nullptr;
}

aio::Task<Evaluation> resolve_derivations(const Request& request, const Hold& hold) {
  Evaluation evaluation;
  for (const auto& input : request.inputs)
    merge(evaluation.targets, parse_derivation_input(input));
  const Target* missing = co_await find_missing(evaluation.targets, hold);
  if (missing != nullptr) throw Error(Kind::not_found, "no such derivation: " + missing->drv.str());
  co_return evaluation;
}

Target described(std::string_view json, const Installable& installable) try {
  const auto value = nlohmann::json::parse(json);
  if (value.is_null()) {
    throw Error(Kind::invalid,
                fmt::format("{} is no derivation; see what there is with 'nix flake show'",
                            installable.reference));
  }
  Target target{.drv = nix::DrvPath(nix::parse_store_path(value.at("drv").get<std::string>())),
                .outputs = installable.outputs};
  if (target.outputs.empty() && !installable.all_outputs)
    target.outputs = value.at("outputs").get<std::set<std::string>>();
  return target;
} catch (const nlohmann::json::exception& e) {
  throw Error(
      Kind::invalid,
      fmt::format(
          "evaluation of {} gave no derivation with outputs: {}", installable.reference, e.what()));
}

Error installable_error(const std::string& what, const NixOutput& output) {
  if (output.words.find("--extra-experimental-features'") != std::string::npos) {
    return {
        Kind::invalid,
        what + " failed: this Nix is older than 2.4 and knows no flakes; give a FILE or a .drv"};
  }
  return output.error(what);
}

aio::Task<void> evaluate_installable(aio::Loop& loop,
                                     const Installable& installable,
                                     const Request& request,
                                     const Options& options,
                                     Evaluation& evaluation) {
  const std::string what = "evaluation of " + aio::quote_for_shell(installable.reference);
  std::vector<std::string> argv = {"nix",
                                   "--extra-experimental-features",
                                   "nix-command flakes",
                                   "eval",
                                   "--json",
                                   "--apply",
                                   std::string(kDescribe),
                                   installable.reference};
  append(argv, request.arguments);
  const NixOutput output = co_await run_nix(loop, what, std::move(argv), options);
  if (!output.status.is_success()) throw installable_error(what, output);
  merge(evaluation.targets, described(output.text, installable));
  if (!evaluation.notes.empty() && !output.words.empty()) evaluation.notes += '\n';
  evaluation.notes += output.words;
}

aio::Task<Evaluation> evaluate_installables(aio::Loop& loop,
                                            const Request& request,
                                            const Hold& hold,
                                            const Options& options) {
  std::vector<Installable> installables;
  installables.reserve(request.inputs.size());
  for (const auto& input : request.inputs)
    installables.push_back(parse_installable(input));
  if (installables.empty()) installables.push_back({.reference = ".", .outputs = {}});
  for (int tries = 0; tries < kMostTries; ++tries) {
    Evaluation evaluation;
    for (const auto& installable : installables)
      co_await evaluate_installable(loop, installable, request, options, evaluation);
    const Target* missing = co_await find_missing(evaluation.targets, hold);
    if (missing == nullptr) co_return evaluation;
  }
  throw Error(Kind::unavailable,
              fmt::format("the garbage collector took a derivation of {} away before it could be "
                          "rooted, {} times in a row; try again when no collection is running",
                          installables.front().reference,
                          kMostTries));
}

}  // namespace

aio::Task<Evaluation> evaluate(aio::Loop& loop,
                               const Request& request,
                               EvaluationRoots& roots,
                               const Hold& hold,
                               const Options& options) {
  switch (kind_of(request)) {
    case InputKind::derivation:
      return resolve_derivations(request, hold);
    case InputKind::installable:
      return evaluate_installables(loop, request, hold, options);
    case InputKind::file:
      break;
  }
  return evaluate_file(loop, request, roots, options);
}

}  // namespace firn::eval
