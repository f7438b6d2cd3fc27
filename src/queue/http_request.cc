// SPDX-License-Identifier: Apache-2.0
#include "queue/http_request.h"

#include <algorithm>

#include <fmt/format.h>

namespace firn::queue {

namespace {

std::string_view phrase(HttpStatus status) {
  switch (status) {
    case HttpStatus::ok:
      return "OK";
    case HttpStatus::bad_request:
      return "Bad Request";
    case HttpStatus::not_found:
      return "Not Found";
    case HttpStatus::method_not_allowed:
      return "Method Not Allowed";
    case HttpStatus::head_too_long:
      return "Request Header Fields Too Large";
    case HttpStatus::internal_error:
      return "Internal Server Error";
  }
  return {};
}

bool is_visible(char c) {
  return c > ' ' && c < '\x7f';
}

std::string_view take_word(std::string_view& line) {
  const auto end = std::min(line.find(' '), line.size());
  const auto word = line.substr(0, end);
  line.remove_prefix(std::min(end + 1, line.size()));
  return word;
}

}  // namespace

std::variant<HttpRequest, HttpRefusal> parse_http_request(std::string_view head) {
  auto line = head.substr(0, head.find("\r\n"));
  const auto method = take_word(line);
  const auto target = take_word(line);
  if (method.empty() || !target.starts_with('/') || !std::ranges::all_of(target, is_visible) ||
      (line != "HTTP/1.1" && line != "HTTP/1.0"))
    return HttpRefusal{.status = HttpStatus::bad_request, .reason = "this is no HTTP/1.1 request"};
  if (method != "GET" && method != "HEAD")
    return HttpRefusal{.status = HttpStatus::method_not_allowed,
                       .reason = "only GET and HEAD are answered here"};
  return HttpRequest{.wants_body = method == "GET",
                     .path = std::string(target.substr(0, target.find('?')))};
}

std::string to_http(const HttpPage& page, bool with_body) {
  auto text = fmt::format(
      "HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\n{}"
      "Cache-Control: no-store\r\nConnection: close\r\n\r\n",
      static_cast<int>(page.status),
      phrase(page.status),
      page.content_type,
      page.body.size(),
      page.status == HttpStatus::method_not_allowed ? "Allow: GET, HEAD\r\n" : "");
  if (with_body) text += page.body;
  return text;
}

}  // namespace firn::queue
