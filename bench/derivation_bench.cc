// SPDX-License-Identifier: Apache-2.0
// Derivations of the size that nixpkgs has: about 3 kB, a dozen inputs, two outputs, some thirty
// variables, one of them a script with escapes.
#include "nix/derivation.h"
#include "nix/output_paths.h"

#include <benchmark/benchmark.h>
#include <string>
#include <string_view>

namespace firn::bench {
namespace {

nix::StorePath store_path(std::string_view name) {
  const auto hash = hash_of(HashAlgorithm::sha256, name).encode(HashForm::nix32).substr(0, 32);
  return nix::StorePath::from_base_name(hash + "-" + std::string(name));
}

nix::Derivation make_derivation() {
  nix::Derivation drv;
  drv.outputs = {{"dev", {}}, {"out", {}}};
  drv.platform = "x86_64-linux";
  drv.builder = store_path("bash-5.2p37").str() + "/bin/bash";
  drv.input_sources = {store_path("default-builder.sh"), store_path("source-stdenv.sh")};
  drv.args = {"-e", store_path("source-stdenv.sh").str(), store_path("default-builder.sh").str()};
  std::string inputs;
  for (int i = 0; i < 12; ++i) {
    const std::string name = "library-" + std::to_string(i) + ".1.2";
    const nix::DrvPath drv_path(store_path(name + ".drv"));
    drv.input_derivations[drv_path] = {"dev", "out"};
    if (i < 8) inputs += store_path(name + "-dev").str() + " ";
  }
  for (const char* key : {"__structuredAttrs",
                          "cmakeFlags",
                          "depsBuildBuild",
                          "depsBuildBuildPropagated",
                          "depsBuildTarget",
                          "depsBuildTargetPropagated",
                          "depsHostHost",
                          "depsHostHostPropagated",
                          "depsTargetTarget",
                          "depsTargetTargetPropagated",
                          "doCheck",
                          "doInstallCheck",
                          "mesonFlags",
                          "patches",
                          "propagatedBuildInputs",
                          "propagatedNativeBuildInputs",
                          "strictDeps",
                          "dev",
                          "out"})
    drv.env[key] = "";
  drv.env["buildInputs"] = inputs;
  drv.env["builder"] = drv.builder;
  drv.env["configureFlags"] = "--with-ssl --disable-static --enable-shared";
  drv.env["name"] = "package-1.2.3";
  drv.env["outputs"] = "dev out";
  drv.env["pname"] = "package";
  drv.env["postInstall"] =
      "install -Dm644 \"$src/doc/manual.1\" \"$out/share/man\"\n"
      "for f in $out/bin/*; do\n\twrapProgram \"$f\" --prefix PATH : \"$tools\"\ndone\n";
  drv.env["src"] = store_path("package-1.2.3.tar.gz").str();
  drv.env["stdenv"] = store_path("stdenv-linux").str();
  drv.env["system"] = "x86_64-linux";
  drv.env["version"] = "1.2.3";
  nix::fill_output_paths(static_cast<nix::BasicDerivation&>(drv), "package-1.2.3");
  return drv;
}

void count(benchmark::State& state, std::size_t bytes) {
  state.SetItemsProcessed(state.iterations());
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes));
  state.counters["size"] = static_cast<double>(bytes);
}

void parse_derivation(benchmark::State& state) {
  const std::string aterm = nix::to_aterm(make_derivation());
  for (auto _ : state) {
    benchmark::DoNotOptimize(nix::parse_derivation(aterm));
  }
  count(state, aterm.size());
}

void write_derivation(benchmark::State& state) {
  const nix::Derivation drv = make_derivation();
  for (auto _ : state) {
    benchmark::DoNotOptimize(nix::to_aterm(drv));
  }
  count(state, nix::to_aterm(drv).size());
}

BENCHMARK(parse_derivation);
BENCHMARK(write_derivation);

}  // namespace
}  // namespace firn::bench
