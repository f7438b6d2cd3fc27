// SPDX-License-Identifier: Apache-2.0
// The fixture of what tests our serve server.
#pragma once

#include "store/serve_connection.h"
#include "support/served_store.h"
#include "wire/reply_reader.h"
#include "wire/serve_commands.h"
#include "wire/serve_handshake.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace firn::testing {

/// Tells a story over one conversation, as a client of ours or as one of bytes.
class ServedConversation : public ::testing::Test {
 public:
  using Story = aio::Task<void> (*)(ServedConversation&, store::ServeConnection&);
  using RawStory = aio::Task<void> (*)(ServedConversation&, RawClient&);

  /// `story` on a client of ours that has greeted.
  void tell(Story story) { loop.run(tell_greeted(story)); }

  /// `story` on a client of bytes that has greeted as `version`.
  void tell(RawStory story) { loop.run(tell_greeted(story)); }

  template <class Request>
  std::string bytes_of(const Request& request) const {
    std::string bytes;
    wire::append_request(bytes, request, wire::agree(version, served.options.announced));
    return bytes;
  }

  template <class Request>
  std::string answer_of(const typename Request::Reply& reply) const {
    std::string bytes;
    wire::append_reply<Request>(bytes, reply, wire::agree(version, served.options.announced));
    return bytes;
  }

  aio::Loop loop{aio::Loop::Time::manual};
  ServedStore served{loop};
  wire::ServeVersion version = wire::kNewestServe;

 private:
  aio::Task<void> tell_greeted(Story story) {
    store::ServeConnection connection(loop, served.open(), "firn");
    co_await connection.greet();
    co_await story(*this, connection);
    co_await connection.close();
  }

  aio::Task<void> tell_greeted(RawStory story) {
    RawClient client(served);
    EXPECT_EQ(co_await client.tell(wire::client_hello(version)),
              wire::server_hello(served.options.announced));
    co_await story(*this, client);
    co_await client.leave();
    EXPECT_FALSE(client.is_served());
  }
};

/// A derivation with one output and no inputs.
inline wire::BuildDerivation build_of(std::string_view name) {
  wire::BuildDerivation request{.drv_path = drv_path(name), .derivation = {}, .options = {}};
  request.derivation.outputs["out"].path = store_path(name);
  request.derivation.platform = "x86_64-linux";
  request.derivation.builder = "/bin/sh";
  return request;
}

}  // namespace firn::testing
