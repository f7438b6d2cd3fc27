// SPDX-License-Identifier: Apache-2.0
#include "queue/http_host.h"

#include "aio/phase.h"
#include "base/error.h"

#include <array>
#include <exception>
#include <string>
#include <variant>

#include <fmt/format.h>

namespace firn::queue {

using namespace std::chrono_literals;

namespace {

constexpr Duration kReadLimit = 10s;
constexpr Duration kWriteLimit = 30s;
constexpr Duration kPartLimit = 1s;

std::string refuse(const HttpRefusal& refusal) {
  return to_http({.status = refusal.status, .body = std::string(refusal.reason) + ".\n"}, true);
}

}  // namespace

aio::Task<void> HttpHost::talk(aio::PipeEnd& peer) {
  std::string buffer;
  std::string reply;
  try {
    const auto head = co_await aio::within(loop_,
                                           "reading a request",
                                           kReadLimit,
                                           aio::read_until(peer, buffer, kHeadEnd, kLongestHead));
    if (!head) co_return;
    reply = answer(*head);
  } catch (const Error& e) {
    if (e.kind() != Kind::resource) throw;
    reply = refuse({.status = HttpStatus::head_too_long, .reason = "the request is too long"});
  }
  co_await aio::within(loop_, "answering a request", kWriteLimit, aio::write_all(peer, reply));
  co_await aio::within(loop_, "ending a connection", kPartLimit, part(peer));
}

/// Bytes that nobody has read would have the system throw the answer away.
aio::Task<void> HttpHost::part(aio::PipeEnd& peer) {
  peer.close_write();
  std::array<std::byte, 4096> ignored{};
  while (co_await peer.read_some(ignored) > 0) {
  }
}

std::string HttpHost::answer(std::string_view head) const {
  const auto request = parse_http_request(head);
  if (const auto* refusal = std::get_if<HttpRefusal>(&request)) return refuse(*refusal);
  const auto& [wants_body, path] = std::get<HttpRequest>(request);
  try {
    const auto page = pages_(path);
    if (page) return to_http(*page, wants_body);
    return refuse({.status = HttpStatus::not_found, .reason = "there is no such page"});
  } catch (const std::exception&) {
    return refuse({.status = HttpStatus::internal_error, .reason = "the page cannot be made"});
  }
}

}  // namespace firn::queue
