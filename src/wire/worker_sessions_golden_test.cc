// SPDX-License-Identifier: Apache-2.0
// Conversations captured from nix-daemon 2.8.0, replayed: what each side said is read to the values
// noted beside it, and produced from those values, byte for byte.
#include "base/error.h"
#include "base/hash.h"
#include "support/captured_session.h"
#include "support/golden.h"
#include "support/wire_checks.h"
#include "support/worker_samples.h"
#include "wire/framed_stream.h"
#include "wire/reply_reader.h"
#include "wire/worker_builds.h"
#include "wire/worker_handshake.h"
#include "wire/worker_messages.h"
#include "wire/worker_queries.h"
#include "wire/worker_upkeep.h"
#include "wire/worker_uploads.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace firn::wire::worker {
namespace {

using namespace ::firn::testing::captured;
using ::firn::testing::read_golden;

constexpr const char* kFolder = "captured-nix-2.8.0/worker-sessions";

nix::StorePath path_of(const Json& value) {
  return nix::parse_store_path(text_of(value));
}

std::vector<Field> log_fields_of(const Json& list) {
  std::vector<Field> out;
  for (const auto& item : list) {
    if (item.is_string()) {
      out.emplace_back(text_of(item));
    } else {
      out.emplace_back(item.get<std::uint64_t>());
    }
  }
  return out;
}

template <class Number>
Number number_of(const Json& value) {
  return static_cast<Number>(value.get<std::uint32_t>());
}

Message message_of(const Json& json) {
  const auto kind = text_of(json.at(0));
  if (kind == "LAST") return Finished{};
  if (kind == "NEXT") return LogLine{.text = json.at(1)};
  if (kind == "STOP_ACTIVITY") return StopActivity{.id = json.at(1)};
  if (kind == "RESULT") {
    return ActivityResult{.id = json.at(1),
                          .type = number_of<ResultType>(json.at(2)),
                          .fields = log_fields_of(json.at(3))};
  }
  if (kind == "START_ACTIVITY") {
    return StartActivity{.id = json.at(1),
                         .level = number_of<Verbosity>(json.at(2)),
                         .type = number_of<ActivityType>(json.at(3)),
                         .text = json.at(4),
                         .fields = log_fields_of(json.at(5)),
                         .parent = json.at(6)};
  }
  EXPECT_EQ(kind, "ERROR");
  EXPECT_EQ(json.at(6), Json::array()) << "traces are not noted in full";
  return Failure{.level = number_of<Verbosity>(json.at(2)),
                 .name = json.at(3),
                 .message = json.at(4),
                 .exit_status = 1,
                 .traces = {}};
}

std::vector<nix::DerivedPath> targets_of(const Json& list) {
  std::vector<nix::DerivedPath> out;
  for (const auto& item : list)
    out.push_back(nix::parse_derived_path(text_of(item), nix::OutputMark::bang));
  return out;
}

UnkeyedPathInfo unkeyed_info_of(Json json) {
  json["path"] = "/nix/store/00000000000000000000000000000000-blank";
  return testing::without_path(path_info_of(json));
}

/// One captured session, step by step.
class WorkerSessions : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::is_directory(testing::golden_dir() / kFolder)) {
      GTEST_SKIP() << "no captured sessions in " << testing::golden_dir();
    }
  }

  void replay(const std::string& name) {
    SCOPED_TRACE(name);
    const std::string stem = std::string(kFolder) + "/" + name;
    const auto sent = read_golden(stem + ".c2s.bin");
    const auto received = read_golden(stem + ".s2c.bin");
    for (const auto& step : Json::parse(read_golden(stem + ".json")).at("steps")) {
      SCOPED_TRACE(text_of(step.at("op")));
      step_ = step;
      sent_ = cut(sent, step, "c2s");
      received_ = cut(received, step, "s2c");
      replay_step();
    }
  }

 private:
  void replay_step() {
    const auto operation = text_of(step_.at("op"));
    if (operation == "handshake") return handshake();
    const auto& request = step_.at("request");
    const auto number =
        static_cast<Operation>(std::stoi(operation.substr(operation.find('(') + 1)));
    EXPECT_EQ(operation.substr(0, operation.find(' ')), to_string(number));
    switch (number) {
      using enum Operation;
      case set_options:
        return exchange(set_options_of(request), NoReply{});
      case query_valid_paths:
        return exchange(QueryValidPaths{.paths = paths_of(request.at("paths")),
                                        .substitute = request.at("substitute") != 0},
                        paths_of(reply()));
      case query_path_info:
        return exchange(QueryPathInfo{.path = path_of(request.at("path"))}, found_info());
      case is_valid_path:
        return exchange(IsValidPath{.path = path_of(request.at("path"))}, reply() != 0);
      case add_temp_root:
        return exchange(AddTempRoot{.path = path_of(request.at("path"))}, Acknowledged{});
      case ensure_path:
        return exchange(EnsurePath{.path = path_of(request.at("path"))}, Acknowledged{});
      case query_referrers:
        return exchange(QueryReferrers{.path = path_of(request.at("path"))}, paths_of(reply()));
      case build_derivation:
        return exchange(build_derivation_of(request), build_result());
      case build_paths:
        return exchange(BuildPaths{.targets = targets_of(request.at("paths")),
                                   .mode = number_of<BuildMode>(request.at("buildMode"))},
                        Acknowledged{});
      case build_paths_with_results:
        return exchange(
            BuildPathsWithResults{.targets = targets_of(request.at("paths")),
                                  .mode = number_of<BuildMode>(request.at("buildMode"))},
            keyed_results());
      default:
        return replay_other(number, request);
    }
  }

  void replay_other(Operation number, const Json& request) {
    switch (number) {
      using enum Operation;
      case nar_from_path:
        return nar(NarFromPath{.path = path_of(request.at("path"))});
      case query_missing:
        return exchange(QueryMissing{.targets = targets_of(request.at("targets"))}, missing());
      case query_substitutable_path_infos:
        return exchange(substitutable_query_of(request),
                        std::map<nix::StorePath, SubstitutablePath>{});
      case query_derivation_output_map:
        return exchange(QueryDerivationOutputMap{.drv = path_of(request.at("path"))}, outputs());
      case query_realisation:
        EXPECT_EQ(reply(), Json::array());
        return exchange(
            QueryRealisation{.output = nix::parse_hashed_drv_output(text_of(request.at("id")))},
            std::optional<FoundRealisation>{});
      case add_to_store_nar:
        return exchange(AddToStoreNar{.info = path_info_of(request),
                                      .repair = request.at("repair") != 0,
                                      .dont_check_signatures = request.at("dontCheckSigs") != 0},
                        NoReply{});
      case add_multiple_to_store:
        return add_multiple(request);
      case add_to_store:
        return exchange(
            AddToStore{.name = request.at("name"),
                       .method = request.at("camStr"),
                       .references = paths_of(request.at("references")),
                       .repair = request.at("repair") != 0},
            AddedPath{.path = path_of(reply().at("path")), .info = unkeyed_info_of(reply())});
      case add_build_log:
        return exchange(AddBuildLog{.drv = nix::DrvPath(nix::StorePath::from_base_name(
                                        text_of(request.at("drv"))))},
                        Acknowledged{});
      default:
        FAIL() << "an operation that is not replayed";
    }
  }

  const Json& reply() const { return step_.at("response").at("reply"); }

  void handshake() {
    const auto number = static_cast<std::uint32_t>(
        std::stoul(text_of(step_.at("request").at("clientVersion")), nullptr, 16));
    ClientHandshake client(parse_worker_version(number));
    auto said = client.take_output();
    const auto progress = client.feed(received_);
    ASSERT_TRUE(progress.done);
    said += client.take_output();
    EXPECT_EQ(said, sent_);
    protocol_ = client.protocol();
    const auto& response = step_.at("response");
    EXPECT_EQ(client.daemon().nix_version.value_or(""), response.value("daemonNixVersion", ""));
    ServerHandshake server({.version = WorkerVersion(34), .features = {}}, client.daemon());
    ASSERT_TRUE(server.feed(sent_).done);
    auto answered = server.take_output();
    append_message(answered, Finished{}, protocol_);
    EXPECT_EQ(answered, received_);
  }

  static SetOptions set_options_of(const Json& json) {
    return {.keep_failed = json.at("keepFailed") != 0,
            .keep_going = json.at("keepGoing") != 0,
            .try_fallback = json.at("tryFallback") != 0,
            .verbosity = number_of<Verbosity>(json.at("verbosity")),
            .max_build_jobs = json.at("maxBuildJobs"),
            .max_silent_time = std::chrono::seconds(json.at("maxSilentTime").get<int>()),
            .verbose_build = json.at("verboseBuild") == 0,
            .build_cores = json.at("buildCores"),
            .use_substitutes = json.at("useSubstitutes") != 0,
            .overrides = json.at("overrides").get<std::map<std::string, std::string>>()};
  }

  static BuildDerivation build_derivation_of(const Json& json) {
    return {.drv_path = nix::DrvPath(path_of(json.at("drvPath"))),
            .derivation = derivation_of(json.at("basicDerivation")),
            .mode = number_of<BuildMode>(json.at("buildMode"))};
  }

  static QuerySubstitutablePathInfos substitutable_query_of(const Json& json) {
    QuerySubstitutablePathInfos query;
    for (const auto& [path, ca] : json.at("paths").items())
      query.paths.emplace(nix::parse_store_path(path), text_of(ca));
    return query;
  }

  bool has_failed() const { return !step_.at("response").contains("reply"); }

  std::optional<UnkeyedPathInfo> found_info() const {
    if (reply().is_null()) return std::nullopt;
    return unkeyed_info_of(reply());
  }

  nix::BuildResult build_result() const {
    return has_failed() ? nix::BuildResult{} : build_result_of(reply());
  }

  std::vector<KeyedBuildResult> keyed_results() const {
    std::vector<KeyedBuildResult> out;
    for (const auto& item : reply()) {
      out.push_back({.target = targets_of(Json::array({item.at("path")})).front(),
                     .result = build_result_of(item)});
    }
    return out;
  }

  MissingPaths missing() const {
    return {.will_build = paths_of(reply().at("willBuild")),
            .will_substitute = paths_of(reply().at("willSubstitute")),
            .unknown = paths_of(reply().at("unknown")),
            .download_size = ByteCount(reply().at("downloadSize")),
            .nar_size = ByteCount(reply().at("narSize"))};
  }

  std::map<std::string, std::optional<nix::StorePath>> outputs() const {
    std::map<std::string, std::optional<nix::StorePath>> out;
    for (const auto& [name, path] : reply().items())
      out.emplace(name, path_or_none(path));
    return out;
  }

  void nar(const NarFromPath& request) {
    const auto rest = exchange_up_to_reply(request);
    EXPECT_EQ(rest.size(), reply().at("narSize"));
    EXPECT_EQ(hash_of(HashAlgorithm::sha256, rest).prefixed(HashForm::nix32),
              text_of(reply().at("narHash")));
    EXPECT_TRUE(ReplyReader<NarFromPath>(protocol_).feed(rest).done);
  }

  void add_multiple(const Json& request) {
    exchange(AddMultipleToStore{.repair = request.at("repair") != 0,
                                .dont_check_signatures = request.at("dontCheckSigs") != 0},
             NoReply{});
    std::string written;
    append_added_count(written, request.at("infos").size());
    auto at = std::get<Decoded<std::uint64_t>>(decode_added_count(uploaded_)).consumed;
    for (const auto& noted : request.at("infos")) {
      const auto info = path_info_of(noted);
      const auto read = std::get<Decoded<nix::PathInfo>>(
          decode_added_path(std::string_view(uploaded_).substr(at)));
      EXPECT_EQ(read.value, info);
      at += read.consumed;
      append_added_path(written, info);
      written += uploaded_.substr(at, info.nar_size.value());
      at += info.nar_size.value();
    }
    EXPECT_EQ(written, uploaded_);
  }

  /// The request, with the stream that follows it.
  template <class Request>
  void expect_request(const Request& request) {
    std::string written;
    append_request(written, request, protocol_);
    const auto fields = std::string_view(sent_).substr(8);
    EXPECT_EQ(std::get<Decoded<Operation>>(decode_operation(sent_)).value, Request::kOperation);
    const auto arrived = std::get<Decoded<Request>>(decode_request<Request>(fields, protocol_));
    EXPECT_EQ(arrived.value, request);
    EXPECT_EQ(written, sent_.substr(0, 8 + arrived.consumed));
    testing::expect_asks_for_more(fields.substr(0, arrived.consumed),
                                  [&](std::string_view bytes) -> std::uint64_t {
                                    const auto result = decode_request<Request>(bytes, protocol_);
                                    const auto* missing = std::get_if<Short>(&result);
                                    return missing == nullptr ? 0 : missing->missing;
                                  });
    const auto rest = fields.substr(arrived.consumed);
    if (upload_of<Request>(protocol_) == Upload::frames) {
      read_frames(rest);
    } else {
      EXPECT_EQ(rest, "");
    }
  }

  void read_frames(std::string_view bytes) {
    FrameReader reader;
    uploaded_.clear();
    for (;;) {
      const auto step = reader.feed(bytes);
      uploaded_ += step.payload;
      bytes.remove_prefix(step.progress.consumed);
      if (step.progress.done) break;
      ASSERT_EQ(step.progress.missing, 0U);
    }
    EXPECT_EQ(bytes, "");
  }

  /// Returns what follows the messages.
  template <class Request>
  std::string exchange_up_to_reply(const Request& request) {
    expect_request(request);
    std::string_view rest = received_;
    for (const auto& noted : step_.at("response").at("stderr")) {
      const auto message = message_of(noted);
      const auto arrived = std::get<Decoded<Message>>(decode_message(rest, protocol_));
      EXPECT_EQ(arrived.value, message);
      std::string written;
      append_message(written, message, protocol_);
      EXPECT_EQ(written, rest.substr(0, arrived.consumed));
      rest.remove_prefix(arrived.consumed);
    }
    return std::string(rest);
  }

  template <class Request>
  void exchange(const Request& request, const typename Request::Reply& reply) {
    const auto rest = exchange_up_to_reply(request);
    if (has_failed()) {
      EXPECT_EQ(rest, "");
      return;
    }
    std::string written;
    append_reply<Request>(written, reply, protocol_);
    EXPECT_EQ(written, rest);
    ReplyReader<Request> reader(protocol_);
    const auto progress = reader.feed(rest);
    ASSERT_TRUE(progress.done);
    EXPECT_EQ(progress.consumed, rest.size());
    EXPECT_EQ(std::move(reader).take(), reply);
    const auto missing = [&](std::string_view bytes) -> std::uint64_t {
      return ReplyReader<Request>(protocol_).feed(bytes).missing;
    };
    testing::expect_asks_for_more(rest, missing);
    testing::expect_survives_changes(rest, missing);
  }

  Json step_;
  std::string sent_;
  std::string received_;
  std::string uploaded_;
  Protocol protocol_;
};

TEST_F(WorkerSessions, AreReplayed) {
  const auto files = testing::golden_files(kFolder, ".c2s.bin");
  EXPECT_GT(files.size(), 3U);
  for (const auto& file : files) {
    const auto name = file.filename().string();
    replay(name.substr(0, name.size() - std::string_view(".c2s.bin").size()));
  }
}

}  // namespace
}  // namespace firn::wire::worker
