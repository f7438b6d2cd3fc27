// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"
#include "support/serve_samples.h"
#include "support/wire_checks.h"
#include "wire/reply_reader.h"
#include "wire/serve_commands.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include <gtest/gtest.h>

namespace firn::wire {
namespace {

using ::firn::testing::ServeSamples;

constexpr std::uint8_t kMinors = 8;

/// Every request, with its reply, at every version and for some contents.
template <class Request>
class ServeRoundTrip : public ::testing::Test {
 protected:
  using Reply = typename Request::Reply;

  template <class Body>
  void for_each_sample(std::uint64_t seeds, Body body) {
    for (std::uint8_t minor = 0; minor <= kMinors; ++minor) {
      const ServeVersion version(minor);
      for (std::uint64_t seed = 0; seed < seeds; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed) + " at " + version.str());
        ServeSamples samples(seed * 100 + minor);
        if (can_ask<Request>(version)) body(samples, version);
      }
    }
  }

  static std::string fields_of(const Request& request, ServeVersion version) {
    std::string bytes;
    append_request(bytes, request, version);
    return bytes.substr(8);
  }

  static std::string bytes_of(const Reply& reply, ServeVersion version) {
    std::string bytes;
    append_reply<Request>(bytes, reply, version);
    return bytes;
  }

  static auto request_reader(ServeVersion version) {
    return [version](std::string_view bytes) -> std::uint64_t {
      const auto result = decode_request<Request>(bytes, version);
      const auto* missing = std::get_if<Short>(&result);
      return missing == nullptr ? 0 : missing->missing;
    };
  }

  static auto reply_reader(ServeVersion version) {
    return [version](std::string_view bytes) -> std::uint64_t {
      return ReplyReader<Request>(version).feed(bytes).missing;
    };
  }
};

using Requests = ::testing::Types<QueryValidPaths,
                                  QueryPathInfos,
                                  DumpStorePath,
                                  ImportPaths,
                                  ExportPaths,
                                  BuildPaths,
                                  QueryClosure,
                                  BuildDerivation,
                                  AddToStoreNar>;
TYPED_TEST_SUITE(ServeRoundTrip, Requests);

TYPED_TEST(ServeRoundTrip, RequestArrives) {
  this->for_each_sample(4, [](ServeSamples& samples, ServeVersion version) {
    const auto request = samples.request<TypeParam>();
    std::string bytes;
    append_request(bytes, request, version);
    const auto command = std::get<Decoded<Command>>(decode_command(bytes));
    EXPECT_EQ(command.value, TypeParam::kCommand);
    const auto rest = std::string_view(bytes).substr(command.consumed);
    const auto arrived = std::get<Decoded<TypeParam>>(decode_request<TypeParam>(rest, version));
    EXPECT_EQ(arrived.value, testing::as_of(version, request));
    EXPECT_EQ(arrived.consumed, rest.size());
  });
}

TYPED_TEST(ServeRoundTrip, ReplyArrives) {
  this->for_each_sample(4, [](ServeSamples& samples, ServeVersion version) {
    typename TypeParam::Reply reply{};
    samples.fill(reply);
    const auto bytes = TestFixture::bytes_of(reply, version) + "more";
    ReplyReader<TypeParam> reader(version);
    const Progress progress = reader.feed(bytes);
    ASSERT_TRUE(progress.done);
    EXPECT_EQ(progress.consumed, bytes.size() - 4);
    EXPECT_EQ(progress.missing, 0U);
    EXPECT_EQ(std::move(reader).take(), testing::as_of(version, reply));
  });
}

TYPED_TEST(ServeRoundTrip, CutRequestAsksForMore) {
  this->for_each_sample(1, [](ServeSamples& samples, ServeVersion version) {
    const auto bytes = TestFixture::fields_of(samples.request<TypeParam>(), version);
    testing::expect_asks_for_more(bytes, TestFixture::request_reader(version));
  });
}

TYPED_TEST(ServeRoundTrip, CutReplyAsksForMore) {
  this->for_each_sample(1, [](ServeSamples& samples, ServeVersion version) {
    typename TypeParam::Reply reply{};
    samples.fill(reply);
    const auto bytes = TestFixture::bytes_of(reply, version);
    testing::expect_asks_for_more(bytes, TestFixture::reply_reader(version));
  });
}

TYPED_TEST(ServeRoundTrip, ChangedBytesAreNoDisaster) {
  ServeSamples samples(7);
  const auto request = TestFixture::fields_of(samples.request<TypeParam>(), ServeVersion(7));
  testing::expect_survives_changes(request, TestFixture::request_reader(ServeVersion(7)));
  for (const auto version : {ServeVersion(7), ServeVersion(8)}) {
    typename TypeParam::Reply reply{};
    samples.fill(reply);
    const auto bytes = TestFixture::bytes_of(reply, version);
    testing::expect_survives_changes(bytes, TestFixture::reply_reader(version));
  }
}

TEST(AppendRequest, RefusesWhatTheServerDoesNotKnow) {
  ServeSamples samples(1);
  std::string out;
  const auto add = samples.request<AddToStoreNar>();
  EXPECT_THROW(append_request(out, add, ServeVersion(4)), Bug);
  const auto build = samples.request<BuildDerivation>();
  EXPECT_THROW(append_request(out, build, ServeVersion(0)), Bug);
  EXPECT_EQ(out, "");
}

TEST(DecodeRequest, ReadsABigListInFewAttempts) {
  QueryValidPaths request;
  ServeSamples samples(1);
  while (request.paths.size() < 2000)
    request.paths.insert(samples.path());
  std::string bytes;
  append_request(bytes, request, kNewestServe);
  const auto fields = std::string_view(bytes).substr(8);
  std::uint64_t arrived = 0;
  int attempts = 0;
  for (;; ++attempts) {
    const auto result = decode_request<QueryValidPaths>(fields.substr(0, arrived), kNewestServe);
    const auto* missing = std::get_if<Short>(&result);
    if (missing == nullptr) break;
    arrived += missing->missing;
  }
  EXPECT_EQ(arrived, fields.size());
  EXPECT_LT(attempts, 12);
}

}  // namespace
}  // namespace firn::wire
