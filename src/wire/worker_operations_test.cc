// SPDX-License-Identifier: Apache-2.0
#include "wire/worker_operations.h"

#include "base/error.h"
#include "support/worker_samples.h"
#include "wire/reply_reader.h"
#include "wire/request.h"
#include "wire/worker_builds.h"
#include "wire/worker_queries.h"
#include "wire/worker_upkeep.h"
#include "wire/worker_uploads.h"

#include <cstdint>
#include <string>
#include <variant>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace firn::wire::worker {
namespace {

using ::testing::HasSubstr;

constexpr const char* kDrv = "/nix/store/g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q-foo.drv";

constexpr Protocol at(std::uint8_t minor, FeatureSet features = {}) {
  return {.version = WorkerVersion(minor), .features = features};
}

/// The texts and numbers of a request's fields, after its number.
template <class Request>
Decoder fields_of(const Request& request, Protocol protocol, std::string& bytes) {
  append_request(bytes, request, protocol);
  return Decoder(std::string_view(bytes).substr(8));
}

template <class Request>
std::string first_target(const Request& request, Protocol protocol) {
  std::string bytes;
  auto io = fields_of(request, protocol, bytes);
  std::string text;
  io.count(0);
  io.text(text, kTextLimit);
  return text;
}

template <class Error, class Request>
std::string refusal(const Request& request, Protocol protocol) {
  std::string bytes;
  try {
    append_request(bytes, request, protocol);
  } catch (const Error& error) {
    return error.message();
  }
  return "no error";
}

TEST(WorkerOperations, UnknownNumbersAreRefused) {
  for (const std::uint64_t number : {0U, 2U, 5U, 27U, 48U, 1000U}) {
    std::string bytes;
    Encoder(bytes).u64(number);
    EXPECT_THROW(decode_operation(bytes), Error) << number;
  }
  EXPECT_EQ(to_string(Operation::sync_with_gc), "SyncWithGC");
}

TEST(WorkerOperations, AreNotAskedBeforeTheyExist) {
  EXPECT_THAT(refusal<Bug>(AddMultipleToStore{}, at(31)), HasSubstr("request 44 is asked at 1.31"));
  EXPECT_EQ(refusal<Bug>(AddMultipleToStore{}, at(32)), "no error");
  EXPECT_FALSE(can_ask<BuildPathsWithResults>(at(33)));
  EXPECT_TRUE(can_ask<BuildPathsWithResults>(at(34)));
}

TEST(WorkerOperations, SayHowTheyUpload) {
  EXPECT_EQ(upload_of<AddToStoreNar>(at(22)), Upload::pulled);
  EXPECT_EQ(upload_of<AddToStoreNar>(at(23)), Upload::frames);
  EXPECT_EQ(upload_of<AddToStore>(at(24)), Upload::nar);
  EXPECT_EQ(upload_of<AddToStore>(at(25)), Upload::frames);
  EXPECT_EQ(upload_of<AddBuildLog>(at(32)), Upload::frames);
  EXPECT_EQ(upload_of<BuildPaths>(at(38)), Upload::nothing);
}

TEST(WorkerOperations, OldVersionsTakeABareDerivationForAllItsOutputs) {
  const auto drv = nix::parse_store_path(kDrv);
  const BuildPaths all{
      .targets = {nix::BuiltPath{.derivation = {.base = drv, .outputs = {}}, .outputs = {}}},
      .mode = BuildMode::normal};
  EXPECT_EQ(first_target(all, at(29)), kDrv);
  EXPECT_EQ(first_target(all, at(30)), std::string(kDrv) + "!*");
  const BuildPaths file{.targets = {drv}, .mode = BuildMode::normal};
  EXPECT_EQ(first_target(file, at(30)), kDrv);
  EXPECT_THAT(refusal<Error>(file, at(29)), HasSubstr(kDrv));
}

TEST(WorkerOperations, OldVersionsNameMethodsByThreeFields) {
  struct Case {
    const char* method;
    bool is_fixed;
    bool is_over_nar;
    const char* algorithm;
  };

  for (const auto& [method, is_fixed, is_over_nar, algorithm] :
       {Case{"fixed:r:sha256", false, true, "sha256"},
        Case{"fixed:r:sha1", true, true, "sha1"},
        Case{"fixed:sha256", true, false, "sha256"}}) {
    SCOPED_TRACE(method);
    const AddToStore add{.name = "x", .method = method, .references = {}, .repair = false};
    std::string bytes;
    auto io = fields_of(add, at(24), bytes);
    std::string name;
    bool fixed = false;
    bool over_nar = false;
    std::string got;
    io.text(name, kNameLimit);
    io.boolean(fixed);
    io.boolean(over_nar);
    io.text(got, kNameLimit);
    EXPECT_EQ(fixed, is_fixed);
    EXPECT_EQ(over_nar, is_over_nar);
    EXPECT_EQ(got, algorithm);
  }
  const AddToStore text{.name = "x", .method = "text:sha256", .references = {}, .repair = false};
  EXPECT_THAT(refusal<Error>(text, at(24)), HasSubstr("text:sha256"));
  EXPECT_EQ(refusal<Error>(text, at(25)), "no error");
}

TEST(WorkerOperations, RealisationsAreNamedAsWasAgreed) {
  testing::WorkerSamples samples(1, at(38));
  const QueryRealisation hashed{.output = samples.hashed_output()};
  const QueryRealisation named{.output = samples.drv_output()};
  const Protocol featured = at(38, {Feature::realisation_with_path});
  EXPECT_EQ(refusal<Bug>(hashed, at(38)), "no error");
  EXPECT_EQ(refusal<Bug>(named, featured), "no error");
  EXPECT_THAT(refusal<Bug>(hashed, featured), HasSubstr("1.38 with realisation-with-path"));
  EXPECT_THAT(refusal<Bug>(named, at(38)), HasSubstr("1.38"));
}

TEST(WorkerOperations, AtMostOneRealisationIsFound) {
  std::string bytes;
  Encoder(bytes).u64(2);
  EXPECT_THROW(ReplyReader<QueryRealisation>(at(38)).feed(bytes), Error);
}

TEST(WorkerOperations, ObsoleteFieldsAreReadAsAnything) {
  std::string bytes;
  Encoder(bytes).u64(77);
  ReplyReader<EnsurePath> reader(at(38));
  EXPECT_TRUE(reader.feed(bytes).done);
}

TEST(WorkerOperations, UnknownModesAreRefused) {
  const BuildPaths build{.targets = {}, .mode = static_cast<BuildMode>(3)};
  std::string bytes;
  append_request(bytes, build, at(38));
  EXPECT_THROW(decode_request<BuildPaths>(bytes.substr(8), at(38)), Error);
}

}  // namespace
}  // namespace firn::wire::worker
