// SPDX-License-Identifier: Apache-2.0
// Archives, derivations, narinfo files, machines files and recordings.
#include "nix/derivation.h"
#include "nix/file_tree.h"
#include "nix/machines.h"
#include "nix/nar_listing.h"
#include "nix/nar_parser.h"
#include "nix/narinfo.h"
#include "support/nar_trace.h"
#include "targets.h"
#include "transport/capture.h"

#include <array>
#include <optional>

namespace firn::fuzz {

namespace {

/// What a parser told of `bytes`, or nothing where they are no NAR.
std::optional<std::string> trace(std::string_view bytes, std::size_t size) {
  std::optional<std::string> told;
  allow_errors([&] {
    testing::NarTrace trace;
    nix::NarParser parser(trace);
    for (auto piece : cut(bytes, size)) {
      while (!piece.empty() && !parser.is_done())
        piece.remove_prefix(parser.feed(as_bytes(piece)));
      if (parser.is_done()) break;
    }
    parser.check_done();
    told = trace.text();
  });
  return told;
}

void nar(std::string_view bytes) {
  const auto at_once = trace(bytes, bytes.size() + 1);
  require(at_once == trace(bytes, 3), "pieces do not matter");
  allow_errors([&] {
    const auto tree = nix::parse_file_tree(bytes);
    require(nix::to_nar(tree) == bytes, "a NAR is written as it was read");
    nix::NarListingBuilder builder;
    nix::NarParser parser(builder);
    parser.feed(as_bytes(bytes));
    const auto text = nix::listing_file(builder.take(), nix::ListingForm::since_2_35);
    if (text) nix::parse_listing_file(*text);
  });
}

std::vector<std::string> nar_seeds() {
  using nix::FileTree;
  using nix::MemoryFile;
  FileTree::Folder folder;
  folder.emplace("a", FileTree{MemoryFile{.contents = "hello", .executable = true}});
  folder.emplace("b", FileTree{nix::Link{"a"}});
  folder.emplace("c", FileTree{FileTree::Folder{}});
  return {nix::to_nar(FileTree{std::move(folder)}),
          nix::to_nar(FileTree{MemoryFile{.contents = std::string(9, '\0'), .executable = false}}),
          nix::to_nar(FileTree{nix::Link{"/x"}})};
}

void derivation(std::string_view bytes) {
  allow_errors([&] {
    const auto derivation = nix::parse_derivation(bytes);
    const auto text = nix::to_aterm(derivation);
    require(nix::parse_derivation(text) == derivation, "a derivation is read as it was written");
    allow_errors([&] { nix::scheduling_attributes(derivation); });
  });
}

std::vector<std::string> derivation_seeds() {
  constexpr std::string_view kPath = "/nix/store/g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q-";
  const std::string path(kPath);
  return {
      R"(Derive([("out","","r:sha256","")],[],[],"x86_64-linux","/bin/sh",["-c","\n\\\""],[("a","b")]))",
      R"(Derive([("out","","","")],[(")" + path + R"(d.drv",["dev","out"])],[")" + path +
          R"(s"],"s","b",[],[("__json","{\"requiredSystemFeatures\":[\"kvm\"]}")]))",
      R"(DrvWithVersion("xp-dyn-drv",[("out","","","")],[(")" + path +
          R"(d.drv",(["out"],[("out",["out"])]))],[],"s","b",[],[]))",
      R"(Derive([("out","","text:sha256","impure")],[],[],"s","b",[],[("preferLocalBuild","1")]))"};
}

void narinfo(std::string_view bytes) {
  allow_errors([&] {
    const auto narinfo = nix::parse_narinfo(bytes);
    const auto text = nix::to_text(narinfo);
    require(nix::to_text(nix::parse_narinfo(text)) == text, "a narinfo is written as it was read");
    allow_errors([&] { nix::fingerprint(narinfo.info); });
  });
}

std::vector<std::string> narinfo_seeds() {
  return {
      "StorePath: /nix/store/g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q-a\nURL: nar/1.nar.xz\n"
      "Compression: xz\nFileHash: "
      "sha256:1b8m03r63zqhnjf7l5wnldhh7c134ap5vpj0850ymkq1iyzicy5s\nFileSize: 9\nNarHash: "
      "sha256:1b8m03r63zqhnjf7l5wnldhh7c134ap5vpj0850ymkq1iyzicy5s\nNarSize: 7\nReferences: "
      "g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q-a\nDeriver: g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q-a.drv\n"
      "Sig: k:AAAA\nCA: fixed:r:sha256:1b8m03r63zqhnjf7l5wnldhh7c134ap5vpj0850ymkq1iyzicy5s\n",
      "StorePath: /nix/store/g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q-a\nURL: n\nNarHash: "
      "sha256:1b8m03r63zqhnjf7l5wnldhh7c134ap5vpj0850ymkq1iyzicy5s\nNarSize: 1\n"};
}

void machines(std::string_view bytes) {
  const auto parsed = nix::parse_machines(bytes, "m", [&](const std::string& path) {
    return path == "m" ? std::optional(std::string(bytes)) : std::nullopt;
  });
  for (const auto& machine : parsed.machines)
    require(nix::parse_store_uri(machine.uri.identity()).host == machine.uri.host,
            "an identity parses again");
  for (const auto& diagnostic : parsed.diagnostics)
    require(!diagnostic.str().empty(), "a diagnostic says something");
}

std::vector<std::string> machines_seeds() {
  return {"ssh://nix@b1 x86_64-linux,i686-linux /key 8 2.5 kvm,a b c3NoLWVkMjU1MTkgQUFBQQ==\n",
          "b1; b2 - - 4 # comment\n@m\n@other\n",
          "ssh-ng://[fe80::1%25eth0]:22?remote-store=local%3Froot%3D%2Fx&compress=true - - -\n"};
}

void capture(std::string_view bytes) {
  allow_errors([&] {
    const auto capture = transport::parse_capture(bytes);
    std::size_t size = 0;
    for (const auto& record : capture.records)
      size += record.bytes.size();
    require(size <= bytes.size(), "a recording holds no more than its bytes");
  });
}

std::vector<std::string> capture_seeds() {
  const std::string header = "firn-capture: 1\npeer: b1\nstarted: 2026-11-26T17:20:00Z\n\n";
  const std::string record{">\0\0\0\x02\0\0\0\x07\0\0\0\0\0\0\0hi", 18};
  return {header, header + record, header + record + record.substr(0, 17)};
}

constexpr auto kTargets = std::to_array<Target>({
    {.name = "nar", .read = nar, .seeds = nar_seeds},
    {.name = "derivation", .read = derivation, .seeds = derivation_seeds},
    {.name = "narinfo", .read = narinfo, .seeds = narinfo_seeds},
    {.name = "machines", .read = machines, .seeds = machines_seeds},
    {.name = "recording", .read = capture, .seeds = capture_seeds},
});

}  // namespace

std::span<const Target> format_targets() {
  return kTargets;
}

}  // namespace firn::fuzz
