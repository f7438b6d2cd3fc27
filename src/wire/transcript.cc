// SPDX-License-Identifier: Apache-2.0
#include "wire/transcript.h"

#include "wire/serve_catalog.h"
#include "wire/serve_handshake.h"
#include "wire/worker_catalog.h"
#include "wire/worker_handshake.h"

#include <utility>

#include <fmt/format.h>

namespace firn::wire {

namespace {

using nix::Json;

/// The number at the front, which is left there.
std::uint64_t peek_number(Replay& stream) {
  constexpr std::size_t kWord = 8;
  const auto there = stream.view().size();
  if (there < kWord && !stream.fetch(kWord - there)) stream.fail_at_end(kWord - there);
  Decoder io(stream.view(), stream.offset());
  std::uint64_t number = 0;
  io.u64(number);
  return number;
}

/// How each protocol greets, and what stands between a request and its reply.
class ServeRules {
 public:
  using Version = ServeVersion;

  static Catalog<Version> catalog() { return serve_catalog(); }

  static constexpr std::string_view kName = "serve";

  Version version() const { return agree(ours_, theirs_); }

  void read_client(TranscriptStep& step, Replay& sent, Replay& /*received*/) {
    ours_ = hello(sent, read_client_hello);
    step.request = Json::object({{"version", ours_.str()}});
  }

  void read_server(TranscriptStep& step, Replay& received) {
    theirs_ = hello(received, read_server_hello);
    step.reply = Json::object({{"version", theirs_.str()}});
  }

  /// Whether the reply follows.
  static bool read_messages(TranscriptStep& /*step*/, Replay& /*received*/) { return true; }

 private:
  template <class Read>
  static ServeVersion hello(Replay& stream, Read read) {
    return take(stream,
                [&](std::string_view bytes, std::uint64_t /*offset*/) { return read(bytes); });
  }

  ServeVersion ours_ = kNewestServe;
  ServeVersion theirs_ = kNewestServe;
};

class WorkerRules {
 public:
  using Version = worker::Protocol;

  static Catalog<Version> catalog() { return worker::worker_catalog(); }

  static constexpr std::string_view kName = "worker";

  Version version() const { return protocol_; }

  /// What a client says depends on the daemon's version, which stands at the front of `received`.
  void read_client(TranscriptStep& step, Replay& sent, Replay& received) {
    const auto theirs = peek_version(received);
    worker::ServerHandshake daemon({.version = theirs, .features = kAll}, {});
    take_fed(sent, [&](std::string_view view) { return daemon.feed(view); });
    protocol_ = daemon.protocol();
    step.request =
        Json({{"version", protocol_.version.str()}, {"features", protocol_.features.names()}});
  }

  void read_server(TranscriptStep& step, Replay& received) {
    worker::ClientHandshake client(protocol_.version, protocol_.features);
    take_fed(received, [&](std::string_view view) { return client.feed(view); });
    protocol_ = client.protocol();
    const auto& daemon = client.daemon();
    step.reply = Json({{"version", protocol_.version.str()},
                       {"features", protocol_.features.names()},
                       {"nixVersion", daemon.nix_version ? Json(*daemon.nix_version) : Json()},
                       {"trust", static_cast<int>(daemon.trust)}});
    read_messages(step, received);
  }

  bool read_messages(TranscriptStep& step, Replay& received) const {
    const auto& kind = *find_message(catalog(), "message");
    for (;;) {
      Json& message = step.messages.emplace_back();
      kind.take(message, received, protocol_);
      if (message.at("message") == "last") return true;
      if (message.at("message") == "error") return false;
    }
  }

 private:
  static constexpr worker::FeatureSet kAll{worker::Feature::realisation_with_path,
                                           worker::Feature::delete_dead_referrers,
                                           worker::Feature::disable_set_options,
                                           worker::Feature::add_to_store_scanning,
                                           worker::Feature::submit_output};

  static WorkerVersion peek_version(Replay& received) {
    constexpr std::size_t kHello = 16;
    const auto there = received.view().size();
    if (there < kHello && !received.fetch(kHello - there)) received.fail_at_end(kHello - there);
    Replay hello({received.view().substr(0, kHello)});
    Json out;
    find_message(catalog(), "server-hello")->take(out, hello, {});
    Decoder io(received.view().substr(kHello / 2, kHello / 2));
    std::uint32_t version = 0;
    io.u32(version);
    return parse_worker_version(version);
  }

  worker::Protocol protocol_{.version = kNewestWorker, .features = {}};
};

/// Calls `read`; false, with the step's problem, where that throws.
template <class Read>
bool attempt(TranscriptStep& step, std::string_view where, Read read) {
  try {
    read();
    return true;
  } catch (const Error& error) {
    step.problem +=
        fmt::format("{}in the {}: {}", step.problem.empty() ? "" : "; ", where, error.message());
    return false;
  }
}

template <class Rules>
class Transcript {
 public:
  Transcript(Replay& sent, Replay& received, const TranscriptSink& sink)
      : sent_(sent), received_(received), sink_(sink) {}

  void read() {
    bool goes_on = read_greetings();
    while (goes_on && !sent_.is_at_end())
      goes_on = read_step();
    if (goes_on && has_replies_ && !received_.is_at_end()) tell_unasked();
  }

 private:
  bool read_greetings() {
    auto step = begin("handshake");
    const bool asked =
        attempt(step, "request", [&] { rules_.read_client(step, sent_, received_); });
    if (asked) has_replies_ = attempt(step, "reply", [&] { rules_.read_server(step, received_); });
    end(step);
    return asked;
  }

  /// False where no further request can be found.
  bool read_step() {
    auto step = begin("");
    const MessageKind<typename Rules::Version>* kind = nullptr;
    const bool asked = attempt(step, "request", [&] { kind = &read_request(step); });
    if (kind != nullptr && has_replies_)
      has_replies_ = attempt(step, "reply", [&] { read_reply(step, *kind); });
    end(step);
    return asked;
  }

  const MessageKind<typename Rules::Version>& read_request(TranscriptStep& step) {
    const auto number = peek_number(sent_);
    const auto* kind = find_request(Rules::catalog(), number);
    if (kind == nullptr) {
      throw Error(
          Kind::protocol,
          fmt::format("at byte {} of the stream: expected the number of a {} request, got {}",
                      sent_.offset(),
                      Rules::kName,
                      number));
    }
    step.name = kind->name;
    kind->take(step.request, sent_, rules_.version());
    return *kind;
  }

  void read_reply(TranscriptStep& step, const MessageKind<typename Rules::Version>& request) {
    if (!rules_.read_messages(step, received_)) return;
    Json reply;
    find_message(Rules::catalog(), fmt::format("{}-reply", request.name))
        ->take(reply, received_, rules_.version());
    step.reply = std::move(reply);
  }

  void tell_unasked() {
    TranscriptStep step = begin("");
    const auto rest = received_.drop_rest();
    step.received.end = received_.offset();
    step.problem = fmt::format(
        "nobody asked for what was received from byte {} on: {} bytes", step.received.begin, rest);
    sink_(step);
  }

  TranscriptStep begin(std::string name) const {
    TranscriptStep step;
    step.name = std::move(name);
    step.sent = {.begin = sent_.offset(), .end = sent_.offset()};
    step.received = {.begin = received_.offset(), .end = received_.offset()};
    return step;
  }

  void end(TranscriptStep& step) const {
    step.sent.end = sent_.offset();
    step.received.end = received_.offset();
    sink_(step);
  }

  Replay& sent_;
  Replay& received_;
  const TranscriptSink& sink_;
  Rules rules_;
  bool has_replies_ = true;
};

/// "cxin" as a daemon's client begins.
constexpr std::string_view kWorkerStart = "cxin";

}  // namespace

void read_transcript(Replay& sent, Replay& received, const TranscriptSink& sink) {
  if (sent.view().size() < kWorkerStart.size()) sent.fetch(kWorkerStart.size());
  if (sent.view().starts_with(kWorkerStart)) {
    Transcript<WorkerRules>(sent, received, sink).read();
  } else {
    Transcript<ServeRules>(sent, received, sink).read();
  }
}

}  // namespace firn::wire
