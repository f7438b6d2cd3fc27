// SPDX-License-Identifier: Apache-2.0
// Answers those who fetch pages over HTTP: one request on a connection, within limits of size and
// time. Hand-written and small; the web front end will have a library
// (docs/decisions/0014-status-metrics-and-control.md).
#pragma once

#include "aio/acceptor.h"
#include "aio/loop.h"
#include "queue/http_request.h"

#include <functional>
#include <optional>
#include <string_view>
#include <utility>

namespace firn::queue {

class HttpHost final : public aio::Host {
 public:
  /// The page at a path; nothing where there is none. Called on the loop: cheap.
  using Pages = std::function<std::optional<HttpPage>(std::string_view path)>;

  HttpHost(aio::Loop& loop, Pages pages) : loop_(loop), pages_(std::move(pages)) {}

  aio::Task<void> talk(aio::PipeEnd& peer) override;

 private:
  std::string answer(std::string_view head) const;
  static aio::Task<void> part(aio::PipeEnd& peer);

  aio::Loop& loop_;
  Pages pages_;
};

}  // namespace firn::queue
