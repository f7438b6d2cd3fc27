// SPDX-License-Identifier: Apache-2.0
#include "nix/store_uri.h"

#include "base/encoding.h"
#include "base/error.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

namespace firn::nix {

namespace {

constexpr std::string_view kSchemeEnd = "://";
constexpr std::string_view kHexAndColon = "0123456789abcdefABCDEF:.";
constexpr std::string_view kSchemeCharacters = "abcdefghijklmnopqrstuvwxyz0123456789+-.";
constexpr std::array<std::string_view, 3> kShorthands{"auto", "daemon", "local"};

bool is_shorthand(std::string_view text) {
  return std::any_of(
      kShorthands.begin(), kShorthands.end(), [&](std::string_view word) { return text == word; });
}

bool is_unreserved(char character) {
  return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
         (character >= '0' && character <= '9') ||
         std::string_view("-._~").find(character) != std::string_view::npos;
}

/// `kept` are characters that may stand as they are.
std::string percent_encode(std::string_view text, std::string_view kept) {
  std::string encoded;
  for (const char character : text) {
    if (is_unreserved(character) || kept.find(character) != std::string_view::npos) {
      encoded += character;
    } else {
      encoded += fmt::format("%{:02X}", static_cast<unsigned char>(character));
    }
  }
  return encoded;
}

/// Takes one URI apart. Every part is a view of `whole_`, so that errors know their offset.
class UriReader {
 public:
  UriReader(std::string_view whole, std::string_view working_folder)
      : whole_(whole), working_folder_(working_folder) {}

  StoreUri read();

 private:
  void read_uri(std::string_view text, std::size_t scheme_end);
  void read_word(std::string_view word);
  void read_path(std::string_view path);
  void read_query(std::string_view query);
  void read_authority(std::string_view authority);
  void read_host_and_port(std::string_view text);
  void read_bracketed_host(std::string_view text);
  void read_port(std::string_view text);
  std::string decode(std::string_view text) const;
  void check_word(std::string_view decoded, std::string_view part, std::string_view what) const;

  [[noreturn]] void fail(std::string_view at, std::string_view expected) const {
    throw Error(Kind::invalid,
                fmt::format("store URI {}: expected {} at offset {}",
                            in_quotes(whole_),
                            expected,
                            at.data() - whole_.data()));
  }

  [[noreturn]] void fail_scheme() const {
    fail(whole_, "a scheme such as 'ssh://', 'auto', 'daemon', 'local', or a path");
  }

  std::string_view whole_;
  std::string_view working_folder_;
  StoreUri uri_;
};

/// What follows the first '?'.
std::string_view after_mark(std::string_view text) {
  const std::size_t mark = text.find('?');
  return mark == std::string_view::npos ? text.substr(text.size()) : text.substr(mark + 1);
}

std::string UriReader::decode(std::string_view text) const {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    unsigned value = 0;
    const char* digits = text.data() + i + 1;
    const bool fits = i + 2 < text.size();
    if (!fits || std::from_chars(digits, digits + 2, value, 16).ptr != digits + 2) {
      fail(text.substr(i), "two hexadecimal digits after '%'");
    }
    decoded += static_cast<char>(value);
    i += 2;
  }
  return decoded;
}

/// What reaches a command line must be neither an option nor more than one word.
void UriReader::check_word(std::string_view decoded,
                           std::string_view part,
                           std::string_view what) const {
  const auto is_bad = [](char character) {
    const auto value = static_cast<unsigned char>(character);
    return value <= ' ' || value == 0x7f;
  };
  if (decoded.empty() || decoded.front() == '-' ||
      std::any_of(decoded.begin(), decoded.end(), is_bad)) {
    fail(part, fmt::format("{}, one word that does not begin with '-',", what));
  }
}

void UriReader::read_query(std::string_view query) {
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    const std::size_t equals = pair.find('=');
    if (equals == std::string_view::npos) continue;
    uri_.parameters.emplace(decode(pair.substr(0, equals)), decode(pair.substr(equals + 1)));
  }
}

void UriReader::read_authority(std::string_view authority) {
  if (authority.empty()) return;
  const std::size_t at = authority.rfind('@');
  if (at != std::string_view::npos) {
    const std::string_view user_info = authority.substr(0, at);
    const std::string_view user = user_info.substr(0, user_info.find(':'));
    if (user.size() < user_info.size()) uri_.password = decode(user_info.substr(user.size() + 1));
    uri_.user = decode(user);
    check_word(uri_.user, user, "a user");
    authority.remove_prefix(at + 1);
  }
  read_host_and_port(authority);
}

void UriReader::read_host_and_port(std::string_view text) {
  if (text.starts_with('[')) return read_bracketed_host(text);
  const std::string_view address = text.substr(0, text.find('%'));
  const bool is_ipv6 = std::count(address.begin(), address.end(), ':') > 1;
  if (is_ipv6) {
    // Not what the grammar of URIs says, but Nix takes it: an address without brackets, and then no
    // port.
    if (address.find_first_not_of(kHexAndColon) != std::string_view::npos) {
      fail(text, "an IPv6 address");
    }
    if (text.ends_with('%')) fail(text.substr(text.size()), "a zone after '%'");
    uri_.host = text;
    return check_word(uri_.host, text, "a host");
  }
  const std::size_t colon = text.find(':');
  const std::string_view host = text.substr(0, colon);
  uri_.host = decode(host);
  check_word(uri_.host, host, "a host");
  if (uri_.host.find_first_of(":/[]@") != std::string::npos)
    fail(host, "a host without any of ':/[]@'");
  if (colon != std::string_view::npos) read_port(text.substr(colon + 1));
}

void UriReader::read_bracketed_host(std::string_view text) {
  constexpr std::string_view kEncodedPercent = "%25";
  const std::size_t end = text.find(']');
  if (end == std::string_view::npos) fail(text.substr(text.size()), "']'");
  const std::string_view inner = text.substr(1, end - 1);
  const std::string_view address = inner.substr(0, inner.find('%'));
  if (address.find(':') == std::string_view::npos ||
      address.find_first_not_of(kHexAndColon) != std::string_view::npos) {
    fail(inner, "an IPv6 address");
  }
  std::string_view zone = inner.substr(address.size());
  if (zone == "%") fail(inner.substr(inner.size()), "a zone after '%'");
  uri_.host = address;
  if (zone.starts_with(kEncodedPercent) && zone.size() > kEncodedPercent.size()) {
    uri_.host += "%" + decode(zone.substr(kEncodedPercent.size()));
  } else {
    uri_.host += zone;
  }
  check_word(uri_.host, inner, "a host");
  const std::string_view rest = text.substr(end + 1);
  if (rest.empty()) return;
  if (!rest.starts_with(':')) fail(rest, "':' and a port");
  read_port(rest.substr(1));
}

void UriReader::read_port(std::string_view text) {
  if (text.empty()) return;
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0)
    fail(text, "a port from 1 to 65535");
  uri_.port = port;
}

void UriReader::read_word(std::string_view word) {
  uri_.scheme = word.empty() ? "auto" : word;
  uri_.is_word = uri_.scheme == "auto" || uri_.parameters.empty();
  if (!uri_.is_word && uri_.scheme == "daemon") uri_.scheme = "unix";
}

void UriReader::read_path(std::string_view path) {
  std::filesystem::path whole(path);
  if (whole.is_relative()) {
    if (working_folder_.empty()) fail(path, "an absolute path");
    whole = std::filesystem::path(working_folder_) / whole;
  }
  uri_.scheme = "local";
  uri_.path = whole.lexically_normal().string();
  if (uri_.path.size() > 1 && uri_.path.ends_with('/')) uri_.path.pop_back();
}

StoreUri UriReader::read() {
  const std::string_view before_query = whole_.substr(0, whole_.find_first_of("?#"));
  const std::size_t scheme_end = before_query.find(kSchemeEnd);
  const bool has_scheme = scheme_end != std::string_view::npos;
  if (has_scheme) {
    read_query(after_mark(whole_.substr(0, whole_.find('#'))));
    read_uri(before_query, scheme_end);
    return std::move(uri_);
  }
  const std::string_view query = after_mark(whole_);
  const std::string_view word = whole_.substr(0, whole_.find('?'));
  if (const std::size_t hash = query.find('#'); hash != std::string_view::npos)
    fail(query.substr(hash), "no fragment");
  read_query(query);
  if (word.empty() || is_shorthand(word)) {
    read_word(word);
  } else if (word.find('/') != std::string_view::npos) {
    read_path(word);
  } else {
    fail_scheme();
  }
  return std::move(uri_);
}

/// `scheme_end` is where "://" stands in `text`, which is all before query and fragment.
void UriReader::read_uri(std::string_view text, std::size_t scheme_end) {
  const std::string_view scheme = text.substr(0, scheme_end);
  if (scheme.empty() || scheme.find_first_not_of(kSchemeCharacters) != std::string_view::npos)
    fail_scheme();
  uri_.scheme = scheme;
  const std::string_view rest = text.substr(scheme_end + kSchemeEnd.size());
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  read_authority(rest.substr(0, slash));
  uri_.path = decode(rest.substr(slash));
  if (uri_.scheme.starts_with("ssh") && uri_.host.empty()) fail(rest, "a host");
}

std::string host_and_path(const StoreUri& uri) {
  constexpr std::string_view kKeptInPath = ":@/";
  const bool is_ipv6 = uri.host.find(':') != std::string::npos;
  std::string text =
      is_ipv6 ? "[" + percent_encode(uri.host, ":") + "]" : percent_encode(uri.host, "");
  if (uri.port) text += fmt::format(":{}", *uri.port);
  return text + percent_encode(uri.path, kKeptInPath);
}

bool needs_ssh_prefix(std::string_view text) {
  const std::string_view word = text.substr(0, text.find('?'));
  return !word.empty() && word.find('/') == std::string_view::npos && !is_shorthand(word);
}

}  // namespace

std::string StoreUri::authority_and_path() const {
  std::string user_info = percent_encode(user, "");
  if (password) user_info += ":" + percent_encode(*password, "");
  return (user_info.empty() ? "" : user_info + "@") + host_and_path(*this);
}

std::string StoreUri::identity() const {
  if (is_word) return scheme;
  const std::string before_host = user.empty() ? "" : percent_encode(user, "") + "@";
  return scheme + std::string(kSchemeEnd) + before_host + host_and_path(*this);
}

std::string StoreUri::str() const {
  constexpr std::string_view kKeptInQuery = ":@/?";
  std::string text = is_word ? scheme : scheme + std::string(kSchemeEnd) + authority_and_path();
  char separator = '?';
  for (const auto& [key, value] : parameters) {
    text +=
        separator + percent_encode(key, kKeptInQuery) + "=" + percent_encode(value, kKeptInQuery);
    separator = '&';
  }
  return text;
}

bool StoreUri::is_local() const {
  if (scheme.starts_with("ssh")) return host == "localhost" && user.empty() && !port;
  return host.empty() && (is_shorthand(scheme) || scheme == "unix");
}

StoreUri parse_store_uri(std::string_view text, std::string_view working_folder) {
  if (text == "localhost") text = "local";
  if (text.empty()) throw Error(Kind::invalid, "store URI: expected one at offset 0, not nothing");
  if (!needs_ssh_prefix(text)) return UriReader(text, working_folder).read();
  return UriReader("ssh://" + std::string(text), working_folder).read();
}

}  // namespace firn::nix
