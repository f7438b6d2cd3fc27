// SPDX-License-Identifier: Apache-2.0
// The serve protocol, both halves, and the export stream.
#include "message_target.h"
#include "nix/nar_writer.h"
#include "support/serve_samples.h"
#include "wire/export_stream.h"
#include "wire/reply_reader.h"
#include "wire/serve_catalog.h"
#include "wire/serve_commands.h"
#include "wire/serve_handshake.h"

#include <array>
#include <concepts>

namespace firn::fuzz {

namespace {

using testing::ServeSamples;
using wire::ServeVersion;

ServeVersion version_of(std::uint8_t byte) {
  return ServeVersion(byte % 9);
}

std::string small_nar() {
  std::string out;
  nix::NarWriter nar(out);
  nar.begin_archive();
  nar.symlink("x");
  return out;
}

std::string small_export() {
  ServeSamples samples(1);
  std::string out;
  wire::append_export_item(out);
  out += small_nar();
  wire::append_export_trailer(
      out,
      {.path = samples.path(), .references = samples.paths(), .deriver = samples.path(".drv")});
  wire::append_export_end(out);
  return out;
}

template <class Request>
std::string request_bytes(ServeSamples& samples, ServeVersion version) {
  std::string out;
  wire::append_request(out, samples.request<Request>(), version);
  if constexpr (std::same_as<Request, wire::AddToStoreNar>) out += small_nar();
  if constexpr (std::same_as<Request, wire::ImportPaths>) out += small_export();
  return out;
}

template <class Request>
std::string reply_bytes(ServeSamples& samples, ServeVersion version) {
  using Reply = typename Request::Reply;
  if constexpr (std::same_as<Reply, wire::NarFollows>) {
    return small_nar();
  } else if constexpr (std::same_as<Reply, wire::ExportFollows>) {
    return small_export();
  } else {
    Reply reply;
    samples.fill(reply);
    std::string out;
    wire::append_reply<Request>(out, reply, version);
    return out;
  }
}

/// Calls `visit.operator()<Request>()` for every request.
template <class Visit>
void for_each_request(Visit visit) {
  visit.template operator()<wire::QueryValidPaths>();
  visit.template operator()<wire::QueryPathInfos>();
  visit.template operator()<wire::DumpStorePath>();
  visit.template operator()<wire::ImportPaths>();
  visit.template operator()<wire::ExportPaths>();
  visit.template operator()<wire::BuildPaths>();
  visit.template operator()<wire::QueryClosure>();
  visit.template operator()<wire::BuildDerivation>();
  visit.template operator()<wire::AddToStoreNar>();
}

void serve_message(std::string_view bytes) {
  if (bytes.empty()) return;
  read_messages(bytes, wire::serve_catalog(), version_of(byte_at(bytes, 0)));
}

std::vector<std::string> serve_message_seeds() {
  const auto catalog = wire::serve_catalog();
  std::vector<std::string> seeds;
  for (const auto minor : std::initializer_list<std::uint8_t>{2, 5, 7, 8}) {
    const ServeVersion version(minor);
    ServeSamples samples(minor);
    for_each_request([&]<class Request>() {
      if (!wire::can_ask<Request>(version)) return;
      const auto& kind =
          *wire::find_request(catalog, static_cast<std::uint64_t>(Request::kCommand));
      seeds.push_back(
          message_seed(catalog, minor, kind.name, request_bytes<Request>(samples, version)));
      seeds.push_back(message_seed(catalog,
                                   minor,
                                   std::string(kind.name) + "-reply",
                                   reply_bytes<Request>(samples, version)));
    });
  }
  return seeds;
}

void serve_request(std::string_view bytes) {
  constexpr std::size_t kHead = 2;
  if (bytes.size() < kHead) return;
  const auto version = version_of(byte_at(bytes, 0));
  const auto body = bytes.substr(kHead);
  for_each_request([&]<class Request>() {
    if (byte_at(bytes, 1) % 10 != static_cast<std::uint8_t>(Request::kCommand)) return;
    if (!wire::can_ask<Request>(version)) return;
    allow_errors([&] { require_stable<Request>(body, version); });
  });
}

std::vector<std::string> serve_request_seeds() {
  std::vector<std::string> seeds;
  ServeSamples samples(1);
  for_each_request([&]<class Request>() {
    std::string out;
    wire::append_request(out, samples.request<Request>(), wire::kNewestServe);
    seeds.push_back(std::string{'\x08', static_cast<char>(Request::kCommand)} + out.substr(8));
  });
  return seeds;
}

std::vector<std::string> serve_conversation_seeds() {
  std::vector<std::string> seeds;
  for (const auto minor : std::initializer_list<std::uint8_t>{5, 7, 8}) {
    const ServeVersion version(minor);
    ServeSamples samples(minor);
    std::string sent = wire::client_hello();
    std::string received = wire::server_hello(version);
    for_each_request([&]<class Request>() {
      sent += request_bytes<Request>(samples, version);
      received += reply_bytes<Request>(samples, version);
    });
    seeds.push_back(conversation_seed(sent, received));
  }
  return seeds;
}

void serve_greeting(std::string_view bytes) {
  allow_errors([&] { wire::read_server_hello(bytes); });
  allow_errors([&] { wire::read_client_hello(bytes); });
  require(wire::may_be_server_hello(bytes.substr(0, 0)), "nothing may still become a greeting");
}

std::vector<std::string> serve_greeting_seeds() {
  return {wire::client_hello(), wire::server_hello(), "Last login: today\n"};
}

void export_stream(std::string_view bytes) {
  const auto& kind = *wire::find_message(wire::serve_catalog(), "export-stream");
  const auto at_once = read_message(kind, {bytes}, wire::kNewestServe);
  require(at_once == read_message(kind, cut(bytes, 5), wire::kNewestServe), "pieces do not matter");
}

std::vector<std::string> export_stream_seeds() {
  return {small_export(), small_export().substr(8)};
}

constexpr auto kTargets = std::to_array<Target>({
    {.name = "serve-message", .read = serve_message, .seeds = serve_message_seeds},
    {.name = "serve-request", .read = serve_request, .seeds = serve_request_seeds},
    {.name = "serve-conversation", .read = read_conversation, .seeds = serve_conversation_seeds},
    {.name = "serve-greeting", .read = serve_greeting, .seeds = serve_greeting_seeds},
    {.name = "export-stream", .read = export_stream, .seeds = export_stream_seeds},
});

}  // namespace

std::span<const Target> serve_targets() {
  return kTargets;
}

}  // namespace firn::fuzz
