// SPDX-License-Identifier: Apache-2.0
// The worker protocol, both halves, with the messages of a daemon and framed streams.
#include "message_target.h"
#include "nix/nar_writer.h"
#include "support/worker_requests.h"
#include "wire/framed_stream.h"
#include "wire/reply_reader.h"
#include "wire/request.h"
#include "wire/worker_catalog.h"
#include "wire/worker_handshake.h"
#include "wire/worker_messages.h"

#include <array>
#include <concepts>

namespace firn::fuzz {

namespace {

namespace worker = wire::worker;
using testing::framed;
using testing::worker_protocols;
using testing::WorkerSamples;
using worker::Protocol;

std::uint8_t newest() {
  return static_cast<std::uint8_t>(worker_protocols().size() - 1);
}

Protocol protocol_of(std::uint8_t byte) {
  static const auto all = worker_protocols();
  return all[byte % all.size()];
}

std::string small_nar() {
  std::string out;
  nix::NarWriter nar(out);
  nar.begin_archive();
  nar.begin_file(true, 3);
  nar.data("abc");
  nar.end_file(3);
  return out;
}

template <class Request>
std::string request_bytes(WorkerSamples& samples, Protocol protocol) {
  std::string out;
  wire::append_request(out, samples.request<Request>(), protocol);
  return out + testing::upload_bytes<Request>(samples, protocol, small_nar());
}

template <class Request>
std::string reply_bytes(WorkerSamples& samples, Protocol protocol) {
  using Reply = typename Request::Reply;
  if constexpr (std::same_as<Reply, wire::NarFollows>) {
    return small_nar();
  } else {
    auto reply = wire::blank<Reply>();
    samples.fill(reply);
    std::string out;
    wire::append_reply<Request>(out, reply, protocol);
    return out;
  }
}

void worker_message(std::string_view bytes) {
  if (bytes.empty()) return;
  read_messages(bytes, worker::worker_catalog(), protocol_of(byte_at(bytes, 0)));
}

std::vector<std::string> worker_message_seeds() {
  const auto catalog = worker::worker_catalog();
  std::vector<std::string> seeds;
  for (const std::uint8_t version : {std::uint8_t{0}, std::uint8_t{12}, newest()}) {
    const auto protocol = protocol_of(version);
    WorkerSamples samples(version, protocol);
    testing::WorkerRequests::for_each([&]<class Request>() {
      if (!wire::can_ask<Request>(protocol)) return;
      const std::string name(
          wire::find_request(catalog, static_cast<std::uint64_t>(Request::kOperation))->name);
      seeds.push_back(
          message_seed(catalog, version, name, request_bytes<Request>(samples, protocol)));
      seeds.push_back(
          message_seed(catalog, version, name + "-reply", reply_bytes<Request>(samples, protocol)));
    });
    for (const auto& message : samples.messages()) {
      std::string out;
      worker::append_message(out, message, protocol);
      seeds.push_back(message_seed(catalog, version, "message", out));
    }
  }
  return seeds;
}

void worker_request(std::string_view bytes) {
  constexpr std::size_t kHead = 2;
  if (bytes.size() < kHead) return;
  const auto protocol = protocol_of(byte_at(bytes, 0));
  const auto body = bytes.substr(kHead);
  testing::WorkerRequests::for_each([&]<class Request>() {
    if (byte_at(bytes, 1) % 50 != static_cast<std::uint8_t>(Request::kOperation)) return;
    if (!wire::can_ask<Request>(protocol)) return;
    allow_errors([&] { require_stable<Request>(body, protocol); });
  });
}

std::vector<std::string> worker_request_seeds() {
  std::vector<std::string> seeds;
  const auto protocol = protocol_of(newest());
  WorkerSamples samples(1, protocol);
  testing::WorkerRequests::for_each([&]<class Request>() {
    std::string out;
    wire::append_request(out, samples.request<Request>(), protocol);
    seeds.push_back(
        std::string{static_cast<char>(newest()), static_cast<char>(Request::kOperation)} +
        out.substr(8));
  });
  return seeds;
}

/// The bytes of a whole conversation by one agreement, up to the first request.
std::pair<std::string, std::string> greetings(Protocol protocol) {
  worker::ClientHandshake client(protocol.version, protocol.features);
  worker::ServerHandshake daemon(protocol,
                                 {.nix_version = "2.35.0", .trust = worker::Trust::trusted});
  std::string sent;
  std::string received;
  std::size_t read = 0;
  std::size_t heard = 0;
  for (int round = 0; round < 4; ++round) {
    sent += client.take_output();
    heard += daemon.feed(std::string_view(sent).substr(heard)).consumed;
    received += daemon.take_output();
    read += client.feed(std::string_view(received).substr(read)).consumed;
  }
  worker::append_message(received, worker::Finished{}, protocol);
  return {sent, received};
}

std::vector<std::string> worker_conversation_seeds() {
  std::vector<std::string> seeds;
  for (const std::uint8_t version : {std::uint8_t{0}, std::uint8_t{12}, newest()}) {
    const auto protocol = protocol_of(version);
    WorkerSamples samples(version, protocol);
    auto [sent, received] = greetings(protocol);
    testing::WorkerRequests::for_each([&]<class Request>() {
      if (!wire::can_ask<Request>(protocol)) return;
      sent += request_bytes<Request>(samples, protocol);
      worker::append_message(received, worker::LogLine{.text = "hm\n"}, protocol);
      worker::append_message(received, worker::Finished{}, protocol);
      received += reply_bytes<Request>(samples, protocol);
    });
    seeds.push_back(conversation_seed(sent, received));
  }
  return seeds;
}

template <class Handshake>
void greet(Handshake handshake, std::string_view bytes, std::size_t size) {
  std::size_t consumed = 0;
  for (std::size_t there = 0; there <= bytes.size(); there += size) {
    const auto progress = handshake.feed(bytes.substr(consumed, there - consumed));
    require(progress.done || progress.missing > 0, "a greeting that is not done misses something");
    consumed += progress.consumed;
    handshake.take_output();
    if (progress.done) return;
  }
}

void worker_greeting(std::string_view bytes) {
  if (bytes.empty()) return;
  const std::size_t size = std::size_t{1} + byte_at(bytes, 0) % 16;
  const auto body = bytes.substr(1);
  allow_errors([&] { greet(worker::ClientHandshake(), body, size); });
  allow_errors([&] {
    greet(worker::ServerHandshake(protocol_of(newest()), {.nix_version = "2.35.0"}), body, size);
  });
}

std::vector<std::string> worker_greeting_seeds() {
  std::vector<std::string> seeds;
  for (const std::uint8_t version : {std::uint8_t{0}, std::uint8_t{12}, newest()}) {
    const auto [sent, received] = greetings(protocol_of(version));
    seeds.push_back("\x0f" + sent);
    seeds.push_back("\x04" + received);
  }
  return seeds;
}

std::string unframe(std::string_view bytes, std::size_t size) {
  wire::FrameReader reader;
  std::string payload;
  std::size_t consumed = 0;
  for (std::size_t there = std::min(size, bytes.size());;) {
    const auto step = reader.feed(bytes.substr(consumed, there - consumed));
    payload += step.payload;
    consumed += step.progress.consumed;
    if (step.progress.done) return payload + " and " + std::to_string(bytes.size() - consumed);
    if (step.progress.consumed > 0) continue;
    require(step.progress.missing > 0, "a stream that is not done misses something");
    if (there == bytes.size()) return payload;
    there = std::min(there + size, bytes.size());
  }
}

void framed_stream(std::string_view bytes) {
  allow_errors([&] {
    const auto at_once = unframe(bytes, bytes.size() + 1);
    require(at_once == unframe(bytes, 3), "pieces do not matter");
  });
}

std::vector<std::string> framed_stream_seeds() {
  return {framed("hello, this is a stream of two frames"), framed("")};
}

constexpr auto kTargets = std::to_array<Target>({
    {.name = "worker-message", .read = worker_message, .seeds = worker_message_seeds},
    {.name = "worker-request", .read = worker_request, .seeds = worker_request_seeds},
    {.name = "worker-conversation", .read = read_conversation, .seeds = worker_conversation_seeds},
    {.name = "worker-greeting", .read = worker_greeting, .seeds = worker_greeting_seeds},
    {.name = "framed-stream", .read = framed_stream, .seeds = framed_stream_seeds},
});

}  // namespace

std::span<const Target> worker_targets() {
  return kTargets;
}

}  // namespace firn::fuzz
