// SPDX-License-Identifier: Apache-2.0
// Short texts: store URIs, store paths, hashes, content addresses, keys, names of outputs. What can
// be read is written, and read again as the same.
#include "base/encoding.h"
#include "base/hash.h"
#include "nix/content_address.h"
#include "nix/derived_path.h"
#include "nix/git_object.h"
#include "nix/outputs_spec.h"
#include "nix/realisation.h"
#include "nix/signature.h"
#include "nix/store_path.h"
#include "nix/store_uri.h"
#include "targets.h"

#include <array>

namespace firn::fuzz {

namespace {

template <class Parse, class Print>
void require_same(std::string_view bytes, Parse parse, Print print) {
  allow_errors([&] {
    const auto value = parse(bytes);
    require(parse(print(value)) == value, "a text is read as it was written");
  });
}

void store_uri(std::string_view bytes) {
  require_same(
      bytes,
      [](std::string_view text) { return nix::parse_store_uri(text); },
      [](const nix::StoreUri& uri) { return uri.str(); });
  allow_errors([&] {
    const auto uri = nix::parse_store_uri(bytes);
    require(nix::parse_store_uri(uri.identity()).identity() == uri.identity(),
            "an identity names itself");
    require(!uri.host.starts_with('-') && !uri.user.starts_with('-'), "no host is an option");
  });
}

std::vector<std::string> store_uri_seeds() {
  return {"ssh://nix@b1:2222/x?compress=true&remote-store=local%3Froot%3D%2Fa",
          "ssh-ng://[fe80::1%25eth0]:22",
          "ssh://user@fe80::1%eth0?x=y",
          "unix:///run/socket?root=/x",
          "local?root=/a b",
          "daemon",
          "/some/where",
          "nix@host",
          "s3://bucket?region=x"};
}

void store_path(std::string_view bytes) {
  require_same(bytes, nix::parse_store_path, [](const auto& path) { return path.str(); });
}

std::vector<std::string> store_path_seeds() {
  return {"/nix/store/g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q-a-1.0.drv",
          "/nix/store/g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q-.gitignore"};
}

void hash(std::string_view bytes) {
  using nix::parse_content_address;
  require_same(
      bytes,
      [](std::string_view text) { return parse_hash(text); },
      [](const Hash& hash) { return hash.sri(); });
  allow_errors([&] { parse_hash(bytes, HashAlgorithm::sha256); });
  require_same(
      bytes, parse_content_address, [](const auto& value) { return nix::to_string(value); });
  require_same(bytes, nix::parse_content_addressing, [](const auto& value) {
    return nix::to_string(value);
  });
  require_same(
      bytes, nix::parse_hash_algo, [](const auto& value) { return nix::to_hash_algo(value); });
  allow_errors([&] {
    require(encode_base16(as_bytes(decode_base16(bytes))).size() == bytes.size(), "base16");
  });
  allow_errors([&] {
    require(encode_nix32(as_bytes(decode_nix32(bytes))).size() == bytes.size(), "nix32");
  });
  allow_errors([&] { decode_base64(bytes); });
}

std::vector<std::string> hash_seeds() {
  return {"sha256:1b8m03r63zqhnjf7l5wnldhh7c134ap5vpj0850ymkq1iyzicy5s",
          "sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=",
          "md5:900150983cd24fb0d6963f7d28e17f72",
          "fixed:r:sha256:1b8m03r63zqhnjf7l5wnldhh7c134ap5vpj0850ymkq1iyzicy5s",
          "text:sha256:1b8m03r63zqhnjf7l5wnldhh7c134ap5vpj0850ymkq1iyzicy5s",
          "fixed:git:sha1",
          "r:sha512",
          "blake3-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="};
}

void output_name(std::string_view bytes) {
  using nix::OutputMark;
  for (const auto mark : {OutputMark::caret, OutputMark::bang}) {
    require_same(
        bytes,
        [mark](std::string_view text) { return nix::parse_derived_path(text, mark); },
        [mark](const nix::DerivedPath& path) { return nix::to_string(path, mark); });
  }
  require_same(bytes, nix::parse_old_derived_path, nix::to_old_string);
  require_same(
      bytes, nix::parse_outputs_spec, [](const auto& value) { return nix::to_string(value); });
  require_same(bytes, nix::parse_drv_output, [](const auto& value) { return value.str(); });
  require_same(bytes, nix::parse_hashed_drv_output, [](const auto& value) { return value.str(); });
  allow_errors([&] { nix::split_outputs_spec(bytes); });
}

std::vector<std::string> output_name_seeds() {
  const std::string drv = "/nix/store/g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q-a.drv";
  return {drv,
          drv + "!*",
          drv + "!dev,out",
          drv + "^out^out",
          "*",
          "dev,out",
          "nixpkgs#a^dev",
          drv.substr(11) + "^out",
          "sha256:" + std::string(64, '0') + "!out"};
}

void key(std::string_view bytes) {
  require_same(bytes, nix::PublicKey::parse, [](const auto& key) { return key.str(); });
  allow_errors([&] {
    const auto secret = nix::SecretKey::parse(bytes);
    require(secret.public_key().name() == secret.name(), "both halves have one name");
  });
  allow_errors([&] {
    const auto keys =
        nix::TrustedKeys::parse("k:" + encode_base64(as_bytes(std::string(32, '\7'))));
    keys.verify("message", bytes);
  });
}

std::vector<std::string> key_seeds() {
  return {"k:" + encode_base64(as_bytes(std::string(32, '\7'))),
          "k:" + encode_base64(as_bytes(std::string(64, '\7'))),
          "k:AA=="};
}

void git_object(std::string_view bytes) {
  allow_errors([&] { nix::parse_git_blob(bytes); });
  allow_errors([&] { nix::parse_git_tree(bytes, HashAlgorithm::sha1); });
  allow_errors([&] { nix::parse_git_tree(bytes, HashAlgorithm::sha256); });
}

std::vector<std::string> git_object_seeds() {
  const std::string entry = std::string("100644 a") + '\0' + std::string(20, 'h');
  return {std::string("blob 3\0abc", 10), "tree 29" + std::string(1, '\0') + entry};
}

constexpr auto kTargets = std::to_array<Target>({
    {.name = "store-uri", .read = store_uri, .seeds = store_uri_seeds},
    {.name = "store-path", .read = store_path, .seeds = store_path_seeds},
    {.name = "hash", .read = hash, .seeds = hash_seeds},
    {.name = "output-name", .read = output_name, .seeds = output_name_seeds},
    {.name = "key", .read = key, .seeds = key_seeds},
    {.name = "git-object", .read = git_object, .seeds = git_object_seeds},
});

}  // namespace

std::span<const Target> text_targets() {
  return kTargets;
}

}  // namespace firn::fuzz
