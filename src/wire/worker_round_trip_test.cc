// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"
#include "support/wire_checks.h"
#include "support/worker_requests.h"
#include "wire/reply_reader.h"
#include "wire/request.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include <gtest/gtest.h>

namespace firn::wire::worker {
namespace {

using ::firn::testing::worker_protocols;
using ::firn::testing::WorkerSamples;

/// Every request, with its reply, by every agreement and for some contents.
template <class Request>
class WorkerRoundTrip : public ::testing::Test {
 protected:
  using Reply = typename Request::Reply;

  template <class Body>
  void for_each_sample(std::uint64_t seeds, Body body) {
    for (const Protocol protocol : worker_protocols()) {
      for (std::uint64_t seed = 0; seed < seeds && can_ask<Request>(protocol); ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed) + " at " + protocol.str());
        WorkerSamples samples(seed * 100 + protocol.version.number(), protocol);
        body(samples, protocol);
      }
    }
  }

  /// The oldest, the newest with everything, and one between.
  template <class Body>
  void for_some(Body body) {
    const auto all = worker_protocols();
    for (const Protocol protocol : {all.front(), all.at(all.size() / 2), all.back()}) {
      SCOPED_TRACE(protocol.str());
      WorkerSamples samples(protocol.version.number(), protocol);
      if (can_ask<Request>(protocol)) body(samples, protocol);
    }
  }

  static Reply reply_of(WorkerSamples& samples) {
    auto reply = blank<Reply>();
    samples.fill(reply);
    return reply;
  }

  static std::string fields_of(WorkerSamples& samples, Protocol protocol) {
    std::string bytes;
    append_request(bytes, samples.request<Request>(), protocol);
    return bytes.substr(8);
  }

  static std::string reply_bytes_of(WorkerSamples& samples, Protocol protocol) {
    std::string bytes;
    append_reply<Request>(bytes, reply_of(samples), protocol);
    return bytes;
  }

  static auto request_reader(Protocol protocol) {
    return [protocol](std::string_view bytes) -> std::uint64_t {
      const auto result = decode_request<Request>(bytes, protocol);
      const auto* missing = std::get_if<Short>(&result);
      return missing == nullptr ? 0 : missing->missing;
    };
  }

  static auto reply_reader(Protocol protocol) {
    return [protocol](std::string_view bytes) -> std::uint64_t {
      return ReplyReader<Request>(protocol).feed(bytes).missing;
    };
  }
};

using Requests = testing::WorkerRequests::As<::testing::Types>;
TYPED_TEST_SUITE(WorkerRoundTrip, Requests);

TYPED_TEST(WorkerRoundTrip, RequestArrives) {
  this->for_each_sample(4, [](WorkerSamples& samples, Protocol protocol) {
    const auto request = samples.template request<TypeParam>();
    std::string bytes;
    append_request(bytes, request, protocol);
    const auto operation = std::get<Decoded<Operation>>(decode_operation(bytes));
    EXPECT_EQ(operation.value, TypeParam::kOperation);
    const auto rest = std::string_view(bytes).substr(operation.consumed);
    const auto arrived = std::get<Decoded<TypeParam>>(decode_request<TypeParam>(rest, protocol));
    EXPECT_EQ(arrived.value, testing::as_of(protocol, request));
    EXPECT_EQ(arrived.consumed, rest.size());
  });
}

TYPED_TEST(WorkerRoundTrip, ReplyArrives) {
  this->for_each_sample(4, [](WorkerSamples& samples, Protocol protocol) {
    const auto reply = TestFixture::reply_of(samples);
    std::string bytes;
    append_reply<TypeParam>(bytes, reply, protocol);
    bytes += "more";
    ReplyReader<TypeParam> reader(protocol);
    const Progress progress = reader.feed(bytes);
    ASSERT_TRUE(progress.done);
    EXPECT_EQ(progress.consumed, bytes.size() - 4);
    EXPECT_EQ(progress.missing, 0U);
    EXPECT_EQ(std::move(reader).take(), testing::as_of(protocol, reply));
  });
}

TYPED_TEST(WorkerRoundTrip, CutMessagesAskForMore) {
  this->for_some([](WorkerSamples& samples, Protocol protocol) {
    testing::expect_asks_for_more(TestFixture::fields_of(samples, protocol),
                                  TestFixture::request_reader(protocol));
    testing::expect_asks_for_more(TestFixture::reply_bytes_of(samples, protocol),
                                  TestFixture::reply_reader(protocol));
  });
}

TYPED_TEST(WorkerRoundTrip, ChangedBytesAreNoDisaster) {
  this->for_some([](WorkerSamples& samples, Protocol protocol) {
    testing::expect_survives_changes(TestFixture::fields_of(samples, protocol),
                                     TestFixture::request_reader(protocol));
    testing::expect_survives_changes(TestFixture::reply_bytes_of(samples, protocol),
                                     TestFixture::reply_reader(protocol));
  });
}

}  // namespace
}  // namespace firn::wire::worker
