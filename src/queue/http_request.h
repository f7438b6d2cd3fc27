// SPDX-License-Identifier: Apache-2.0
// As much of HTTP/1.1 as somebody needs who fetches a page: what is asked for, and the answer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace firn::queue {

/// A request's head ends so.
inline constexpr std::string_view kHeadEnd = "\r\n\r\n";
/// It may be so long.
inline constexpr std::size_t kLongestHead = 8192;

enum class HttpStatus : std::uint16_t {
  ok = 200,
  bad_request = 400,
  not_found = 404,
  method_not_allowed = 405,
  head_too_long = 431,
  internal_error = 500,
};

struct HttpRequest {
  /// Otherwise only the head of the answer is wanted.
  bool wants_body = true;
  /// Without what follows a "?".
  std::string path;
};

/// A request that is answered so, whatever it asks for.
struct HttpRefusal {
  HttpStatus status = HttpStatus::bad_request;
  /// For people, without a full stop.
  std::string_view reason;
};

/// `head` is without kHeadEnd. A body is not read.
std::variant<HttpRequest, HttpRefusal> parse_http_request(std::string_view head);

struct HttpPage {
  HttpStatus status = HttpStatus::ok;
  std::string_view content_type = "text/plain; charset=utf-8";
  std::string body;
};

/// The whole answer; the connection ends with it.
std::string to_http(const HttpPage& page, bool with_body);

}  // namespace firn::queue
