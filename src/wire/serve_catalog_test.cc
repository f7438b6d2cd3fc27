// SPDX-License-Identifier: Apache-2.0
#include "wire/serve_catalog.h"

#include "nix/nar_writer.h"
#include "support/serve_samples.h"
#include "wire/export_stream.h"
#include "wire/reply_reader.h"
#include "wire/serve_commands.h"
#include "wire/serve_handshake.h"

#include <concepts>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace firn::wire {
namespace {

using firn::testing::ServeSamples;
using nix::Json;
using ::testing::HasSubstr;

constexpr std::string_view kHash = "0c6rn30q4frawknapgwq386zq358m8r6";

Json read(std::string_view name, std::string_view bytes, ServeVersion version = kNewestServe) {
  const auto* message = find_message(serve_catalog(), name);
  if (message == nullptr) throw Error(Kind::not_found, std::string(name));
  Replay stream({bytes.substr(0, bytes.size() / 2), bytes.substr(bytes.size() / 2)});
  Json out;
  message->take(out, stream, version);
  EXPECT_TRUE(stream.is_at_end()) << name << ": read " << stream.offset() << " bytes";
  return out;
}

template <class Request>
void expect_reads_both_ways(const std::string& name) {
  for (std::uint8_t minor = 1; minor <= 8; ++minor) {
    const ServeVersion version(minor);
    if (!can_ask<Request>(version)) continue;
    ServeSamples samples(minor);
    std::string request;
    append_request(request, samples.request<Request>(), version);
    if (Request::kCommand == Command::add_to_store_nar) request += nix::nar_of_file("x");
    if (Request::kCommand == Command::import_paths) append_export_end(request);
    EXPECT_NO_THROW(read(name, request, version)) << version.str();
    if constexpr (!std::same_as<typename Request::Reply, NarFollows> &&
                  !std::same_as<typename Request::Reply, ExportFollows>) {
      typename Request::Reply reply;
      samples.fill(reply);
      std::string bytes;
      append_reply<Request>(bytes, reply, version);
      EXPECT_NO_THROW(read(name + "-reply", bytes, version)) << version.str();
    }
  }
}

TEST(ServeCatalog, ReadsEveryRequestAndReplyAtEveryVersion) {
  expect_reads_both_ways<QueryValidPaths>("query-valid-paths");
  expect_reads_both_ways<QueryPathInfos>("query-path-infos");
  expect_reads_both_ways<DumpStorePath>("dump-store-path");
  expect_reads_both_ways<ImportPaths>("import-paths");
  expect_reads_both_ways<ExportPaths>("export-paths");
  expect_reads_both_ways<BuildPaths>("build-paths");
  expect_reads_both_ways<QueryClosure>("query-closure");
  expect_reads_both_ways<BuildDerivation>("build-derivation");
  expect_reads_both_ways<AddToStoreNar>("add-to-store-nar");
}

TEST(ServeCatalog, SaysWhatARequestHolds) {
  const auto path = nix::StorePath::from_base_name(std::string(kHash) + "-x");
  std::string bytes;
  append_request(
      bytes, QueryValidPaths{.lock = true, .substitute = false, .paths = {path}}, kNewestServe);
  EXPECT_EQ(read("query-valid-paths", bytes),
            Json({{"lock", true}, {"substitute", false}, {"paths", Json::array({path.str()})}}));
}

TEST(ServeCatalog, SaysWhatTheNarOfARequestIs) {
  const std::string nar = nix::nar_of_file("hello\n");
  const Json out = read("nar", nar);
  EXPECT_EQ(out.at("type"), "regular");
  EXPECT_EQ(out.at("narSize"), nar.size());
  EXPECT_EQ(out.at("narHash"), hash_of(HashAlgorithm::sha256, nar).sri());
  EXPECT_EQ(out.at("files"), 1);
}

TEST(ServeCatalog, TakesAnExportStreamApart) {
  const auto path = nix::StorePath::from_base_name(std::string(kHash) + "-x");
  std::string bytes;
  append_export_item(bytes);
  bytes += nix::nar_of_file("1");
  append_export_trailer(bytes, {.path = path, .references = {path}, .deriver = {}});
  append_export_end(bytes);
  const Json out = read("export-stream", bytes);
  ASSERT_EQ(out.size(), 1U);
  EXPECT_EQ(out[0].at("path"), path.str());
  EXPECT_EQ(out[0].at("references"), Json::array({path.str()}));
  EXPECT_EQ(out[0].at("nar").at("narSize"), nix::nar_of_file("1").size());
}

TEST(ServeCatalog, ReadsGreetings) {
  EXPECT_EQ(read("client-hello", client_hello(ServeVersion(5))),
            Json::object({{"version", "2.5"}}));
  EXPECT_EQ(read("server-hello", server_hello(ServeVersion(7))),
            Json::object({{"version", "2.7"}}));
}

TEST(ServeCatalog, TellsAnotherCommandFromTheOneThatWasNamed) {
  std::string bytes;
  append_request(bytes, QueryPathInfos{}, kNewestServe);
  try {
    read("query-valid-paths", bytes);
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.message(), HasSubstr("at byte 0 of the stream: expected"));
    EXPECT_THAT(error.message(), HasSubstr("0x1"));
  }
}

TEST(ServeCatalog, KeepsWhatItReadBeforeATornNar) {
  ServeSamples samples(3);
  const auto request = samples.request<AddToStoreNar>();
  std::string bytes;
  append_request(bytes, request, kNewestServe);
  bytes += nix::nar_of_file("hello").substr(0, 40);
  Replay stream({bytes});
  Json out;
  EXPECT_THROW(find_message(serve_catalog(), "add-to-store-nar")->take(out, stream, kNewestServe),
               Error);
  EXPECT_EQ(out.at("narSize"), request.info.nar_size.value());
}

TEST(ServeCatalog, NamesEachMessageOnce) {
  for (const auto& message : serve_catalog())
    EXPECT_EQ(find_message(serve_catalog(), message.name), &message) << message.name;
}

}  // namespace
}  // namespace firn::wire
