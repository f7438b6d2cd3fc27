// SPDX-License-Identifier: Apache-2.0
// From a connector to a client that has greeted: what keeps the program at the other end from
// answering (no Nix there, a login that prints or waits) is told in one line that says what to do.
#pragma once

#include "aio/loop.h"
#include "aio/phase.h"
#include "base/error.h"
#include "store/limits.h"
#include "transport/link.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace firn::store {

/// `text` came where the protocol's greeting was expected. Error{protocol}.
Error explain_chatter(std::string_view machine, std::string_view text);

/// Nothing was heard for `limit`. Error{timeout}.
Error explain_silence(std::string_view machine, Duration limit);

/// `error` is how the greeting failed: Error{not_found} where the login has no `program` (exit
/// status 127), `error` itself otherwise.
Error explain_end(std::string_view machine, std::string_view program, const Error& error);

/// Opens a link, makes a `Client` of it, which names the program that it talks to, and greets;
/// opens another one where the machine refused the session for want of room. Throws Error as above,
/// or as the connector and the client do.
template <class Client>
aio::Task<std::unique_ptr<Client>> greeted(aio::Loop& loop,
                                           transport::Connector& connector,
                                           std::string machine,
                                           SessionLimits limits = {}) {
  constexpr int kMostRefusals = 16;
  for (int tries = 0;; ++tries) {
    auto client =
        std::make_unique<Client>(loop, co_await connector.open(), machine, limits.import_answer);
    std::optional<Error> failure;
    try {
      co_await aio::within(loop, "greeting", limits.greeting, client->greet());
    } catch (const Error& e) {
      failure = e;
    }
    if (!failure) co_return client;
    if (failure->kind() == Kind::timeout) throw explain_silence(machine, limits.greeting);
    if (failure->kind() != Kind::unavailable) throw Error(*failure);
    if (tries < kMostRefusals && connector.learn_refusal(client->link(), failure->message()))
      continue;
    throw explain_end(machine, Client::kProgram, *failure);
  }
}

}  // namespace firn::store
