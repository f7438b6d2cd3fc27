// SPDX-License-Identifier: Apache-2.0
// A store in memory. Only derivations are files, for they are read as files.
#pragma once

#include "nix/derivation.h"
#include "store/store.h"
#include "support/store_samples.h"
#include "support/temp_folder.h"

#include <algorithm>
#include <filesystem>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace firn::testing {

class FakeStore final : public store::Store {
 public:
  std::map<nix::StorePath, StoredPath> paths;
  /// What it could fetch.
  std::map<nix::StorePath, StoredPath> substitutes;
  bool trusts = true;
  nix::StorePathSet locked;
  /// Questions so far, by name of the function.
  std::map<std::string, int> asked;
  std::vector<nix::StorePath> added;
  std::vector<std::pair<std::filesystem::path, nix::StorePath>> roots;
  /// What the next additions throw, after they have read this many blocks.
  std::vector<std::pair<int, Error>> failures;
  /// Nobody answers.
  bool is_down = false;
  /// Called before path infos are given.
  std::function<void()> before_infos = [] {};
  /// How it builds.
  std::function<aio::Task<nix::BuildResult>(FakeStore&, wire::BuildDerivation, store::LogSink)>
      build_derivation = build_everything;
  std::function<aio::Task<wire::BuildPathsReply>(FakeStore&, wire::BuildPaths, store::LogSink)>
      build_paths =
          [](FakeStore&, wire::BuildPaths, store::LogSink) -> aio::Task<wire::BuildPathsReply> {
    co_return wire::BuildPathsReply{};
  };

  void hold(StoredPath path) {
    const nix::StorePath name = path.info.path;
    paths.insert_or_assign(name, std::move(path));
  }

  /// Puts a derivation where `location` says.
  void hold(const nix::DrvPath& drv, const nix::Derivation& derivation) {
    const std::string text = nix::to_aterm(derivation);
    nix::StorePathSet references = derivation.input_sources;
    for (const auto& [input, outputs] : derivation.input_derivations)
      references.insert(input.path());
    files_.write(drv.path().base_name(), text);
    hold(stored(drv.path(), nar_of(text), std::move(references)));
  }

  aio::Task<nix::StorePathSet> lock(nix::StorePathSet wanted) override {
    ++asked["lock"];
    must_be_up();
    locked.insert(wanted.begin(), wanted.end());
    std::erase_if(wanted, [this](const auto& path) { return !paths.contains(path); });
    co_return wanted;
  }

  aio::Task<nix::StorePathSet> substitute(nix::StorePathSet wanted) override {
    ++asked["substitute"];
    for (const auto& path : wanted) {
      if (substitutes.contains(path)) hold(substitutes.at(path));
    }
    return lock(std::move(wanted));
  }

  aio::Task<nix::StorePathSet> valid(nix::StorePathSet wanted) override {
    ++asked["valid"];
    must_be_up();
    std::erase_if(wanted, [this](const auto& path) { return !paths.contains(path); });
    co_return wanted;
  }

  aio::Task<nix::StorePathSet> closure_with_outputs(nix::StorePathSet wanted) override {
    ++asked["closure_with_outputs"];
    auto all = co_await closure(std::move(wanted));
    nix::StorePathSet outputs;
    for (const auto& [path, held] : paths) {
      if (held.info.deriver && all.contains(*held.info.deriver)) outputs.insert(path);
    }
    all.merge(co_await closure(std::move(outputs)));
    co_return all;
  }

  aio::Task<nix::StorePathSet> closure(nix::StorePathSet wanted) override {
    ++asked["closure"];
    must_be_up();
    nix::StorePathSet all;
    std::vector<nix::StorePath> open(wanted.begin(), wanted.end());
    while (!open.empty()) {
      const nix::StorePath path = open.back();
      open.pop_back();
      if (!all.insert(path).second) continue;
      const auto& references = must_have(path).info.references;
      open.insert(open.end(), references.begin(), references.end());
    }
    co_return all;
  }

  aio::Task<std::vector<nix::PathInfo>> path_infos(nix::StorePathSet wanted) override {
    ++asked["path_infos"];
    must_be_up();
    before_infos();
    std::vector<nix::PathInfo> infos;
    for (const auto& path : wanted)
      infos.push_back(must_have(path).info);
    co_return infos;
  }

  aio::Task<std::vector<nix::PathInfo>> find_path_infos(nix::StorePathSet wanted) override {
    ++asked["find_path_infos"];
    std::vector<nix::PathInfo> infos;
    for (const auto& path : wanted) {
      if (paths.contains(path)) infos.push_back(paths.at(path).info);
    }
    co_return infos;
  }

  std::string location(const nix::StorePath& path) const override {
    return files_.path() / path.base_name();
  }

  std::unique_ptr<store::NarStream> nar(const nix::StorePath& path) override {
    return std::make_unique<TextNar>(must_have(path).nar);
  }

  /// What is content-addressed is no output: it is the mark by which our store is recognised.
  aio::Task<void> add(const nix::PathInfo& info, store::NarStream& nar) override {
    must_be_up();
    if (!info.ca.empty()) {
      hold({.info = info, .nar = std::string(as_text(co_await nar.next()))});
      co_return;
    }
    std::optional<Error> failure;
    int blocks = 0;
    if (!failures.empty()) {
      blocks = failures.front().first;
      failure = failures.front().second;
      failures.erase(failures.begin());
    }
    std::string bytes;
    while (!failure || blocks-- > 0) {
      const Bytes block = co_await nar.next();
      if (block.empty()) break;
      bytes += as_text(block);
    }
    if (failure) throw Error(*failure);
    for (const auto& reference : info.references) {
      if (reference != info.path) must_have(reference);
    }
    added.push_back(info.path);
    hold({.info = info, .nar = std::move(bytes)});
  }

  aio::Task<nix::BuildResult> build(const wire::BuildDerivation& request,
                                    store::LogSink log) override {
    ++asked["build"];
    return build_derivation(*this, request, std::move(log));
  }

  aio::Task<wire::BuildPathsReply> build(const wire::BuildPaths& request,
                                         store::LogSink log) override {
    ++asked["build_paths"];
    return build_paths(*this, request, std::move(log));
  }

  /// Every output is a file that holds the derivation's name.
  static aio::Task<nix::BuildResult> build_everything(FakeStore& store,
                                                      wire::BuildDerivation request,
                                                      store::LogSink log) {
    log("building\n");
    nix::BuildResult result;
    for (const auto& [name, output] : request.derivation.outputs) {
      store.hold(stored(*output.path, nar_of(request.drv_path.str() + "!" + name)));
      result.built_outputs.insert_or_assign(
          name, nix::UnkeyedRealisation{.out_path = *output.path, .signatures = {}});
    }
    result.status = nix::BuildStatus::built;
    co_return result;
  }

  aio::Task<void> add_root(const nix::StorePath& path, std::filesystem::path link) override {
    must_have(path);
    roots.emplace_back(std::move(link), path);
    co_return;
  }

  aio::Task<bool> is_trusting() override { co_return trusts; }

  aio::Task<void> close() override { co_return; }

 private:
  void must_be_up() const {
    if (is_down) throw Error(Kind::unavailable, "the local store cannot be reached");
  }

  const StoredPath& must_have(const nix::StorePath& path) const {
    const auto found = paths.find(path);
    if (found == paths.end()) throw Error(Kind::not_found, path.str() + " is not valid");
    return found->second;
  }

  TempFolder files_;
};

/// A derivation in a few words. Its outputs are files with made-up paths.
struct DrvWish {
  std::string name;
  std::vector<std::string> outputs = {"out"};
  /// Other wishes by name, with the outputs that are needed.
  std::map<std::string, std::set<std::string>> inputs = {};
  nix::StorePathSet sources = {};
  std::string system = "x86_64-linux";
  /// What it requires of a machine, separated by blanks.
  std::string features = {};
};

inline nix::StorePath output_of(std::string_view name, std::string_view output = "out") {
  return store_path(std::string(name) + (output == "out" ? "" : "-" + std::string(output)));
}

inline nix::Derivation derivation_of(const DrvWish& wish) {
  nix::Derivation derivation;
  for (const auto& output : wish.outputs)
    derivation.outputs[output].path = output_of(wish.name, output);
  for (const auto& [name, outputs] : wish.inputs)
    derivation.input_derivations[drv_path(name)] = outputs;
  derivation.input_sources = wish.sources;
  derivation.platform = wish.system;
  derivation.builder = "/bin/sh";
  derivation.env["name"] = wish.name;
  if (!wish.features.empty()) derivation.env["requiredSystemFeatures"] = wish.features;
  return derivation;
}

}  // namespace firn::testing
