// SPDX-License-Identifier: Apache-2.0
#include "wire/worker_catalog.h"

#include "nix/nar_writer.h"
#include "support/worker_requests.h"
#include "wire/framed_stream.h"
#include "wire/reply_reader.h"
#include "wire/request.h"

#include <concepts>
#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace firn::wire::worker {
namespace {

using firn::testing::framed;
using firn::testing::worker_protocols;
using firn::testing::WorkerSamples;
using nix::Json;
using ::testing::HasSubstr;

constexpr Protocol kNewest{.version = kNewestWorker, .features = kOurFeatures};

std::string small_nar() {
  std::string out;
  nix::NarWriter nar(out);
  nar.begin_archive();
  nar.symlink("x");
  return out;
}

Json read(std::string_view name, std::string_view bytes, Protocol protocol) {
  const auto* kind = find_message(worker_catalog(), name);
  if (kind == nullptr) throw Error(Kind::not_found, std::string(name));
  Replay stream({bytes.substr(0, bytes.size() / 2), bytes.substr(bytes.size() / 2)});
  Json out;
  kind->take(out, stream, protocol);
  EXPECT_TRUE(stream.is_at_end()) << name << ": read " << stream.offset() << " bytes";
  return out;
}

template <class Request>
void expect_reads_both_ways() {
  const auto* kind =
      find_request(worker_catalog(), static_cast<std::uint64_t>(Request::kOperation));
  ASSERT_NE(kind, nullptr);
  const std::string name(kind->name);
  for (const Protocol protocol : worker_protocols()) {
    if (!can_ask<Request>(protocol)) continue;
    SCOPED_TRACE(name + " at " + protocol.str());
    WorkerSamples samples(protocol.version.number(), protocol);
    std::string request;
    append_request(request, samples.request<Request>(), protocol);
    const Json out = read(
        name, request + testing::upload_bytes<Request>(samples, protocol, small_nar()), protocol);
    EXPECT_FALSE(out.contains("problem")) << out;
    if constexpr (!std::same_as<typename Request::Reply, NarFollows>) {
      auto reply = blank<typename Request::Reply>();
      samples.fill(reply);
      std::string bytes;
      append_reply<Request>(bytes, reply, protocol);
      read(name + "-reply", bytes, protocol);
    }
  }
}

TEST(WorkerCatalog, ReadsRequestsAndRepliesAtEveryVersion) {
  testing::WorkerRequests::for_each([]<class Request>() { expect_reads_both_ways<Request>(); });
}

TEST(WorkerCatalog, AddsNarsAndFiles) {
  AddToStore request{.name = "x", .method = "fixed:r:sha256", .references = {}, .repair = false};
  std::string bytes;
  append_request(bytes, request, kNewest);
  EXPECT_EQ(read("add-to-store", bytes + framed(small_nar()), kNewest).at("nar").at("type"),
            "symlink");
  request.method = "text:sha256";
  bytes.clear();
  append_request(bytes, request, kNewest);
  EXPECT_EQ(read("add-to-store", bytes + framed("hello"), kNewest).at("fileSize"), 5);
}

TEST(WorkerCatalog, AnUploadThatWasGivenUpEndsWithItsFrames) {
  WorkerSamples samples(1, kNewest);
  std::string bytes;
  append_request(bytes, samples.request<AddToStoreNar>(), kNewest);
  const Json out = read("add-to-store-nar", bytes + framed(small_nar().substr(0, 50)), kNewest);
  EXPECT_THAT(out.at("problem").get<std::string>(), HasSubstr("in what was uploaded: at byte 50"));
}

TEST(WorkerCatalog, ReadsEveryMessageOfADaemon) {
  for (const Protocol protocol : worker_protocols()) {
    WorkerSamples samples(protocol.version.number(), protocol);
    for (const auto& message : samples.messages()) {
      std::string bytes;
      append_message(bytes, message, protocol);
      EXPECT_TRUE(read("message", bytes, protocol).contains("message"));
    }
  }
}

TEST(WorkerCatalog, NamesEachMessageOnce) {
  for (const auto& kind : worker_catalog())
    EXPECT_EQ(find_message(worker_catalog(), kind.name), &kind) << kind.name;
}

}  // namespace
}  // namespace firn::wire::worker
