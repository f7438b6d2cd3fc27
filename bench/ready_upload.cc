// SPDX-License-Identifier: Apache-2.0
#include "ready_upload.h"

#include "base/error.h"
#include "wire/request.h"
#include "wire/serve_commands.h"
#include "wire/serve_handshake.h"

#include <fstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace firn::bench {

namespace {

constexpr wire::ServeVersion kVersion{7};

/// As the store tells it: the content address among it makes the builder hash the path once more.
nix::PathInfo info_of(const BenchLab& lab, const std::string& path) {
  const auto text = lab.run_command({"nix", "path-info", "--json", path}).out;
  const auto json = nlohmann::json::parse(text).at(0);
  return {.path = nix::parse_store_path(path),
          .nar_hash = parse_hash(json.at("narHash").get<std::string>()),
          .nar_size = ByteCount(json.at("narSize").get<std::uint64_t>()),
          .ca = json.value("ca", "")};
}

}  // namespace

void write_ready_upload(const BenchLab& lab,
                        const std::string& path,
                        const std::filesystem::path& file) {
  const wire::AddToStoreNar request{.info = info_of(lab, path)};
  std::string head = wire::client_hello(kVersion);
  wire::append_request(head, request, kVersion);
  std::ofstream out(file, std::ios::binary);
  out.exceptions(std::ios::failbit | std::ios::badbit);
  out << head;
  out.close();
  lab.run_command({"sh", "-c", fmt::format("nix-store --dump {} >> {}", path, file.string())});
}

Cost pour_ready_upload(const BenchLab& lab,
                       const std::string& path,
                       const std::filesystem::path& file) {
  const auto command = fmt::format("ssh {} nix-store --serve --write < {} > {}.reply",
                                   lab.builder_name(),
                                   file.string(),
                                   file.string());
  const auto cost = lab.run_command({"sh", "-c", command}).cost;
  const auto valid = lab.builder().run({"nix-store", "--query", "--hash", path});
  if (!valid.ok()) throw Error(Kind::unavailable, command + ": " + valid.describe());
  return cost;
}

}  // namespace firn::bench
