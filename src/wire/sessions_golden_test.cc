// SPDX-License-Identifier: Apache-2.0
// Conversations captured from Nix 2.8.0, replayed: what it said is read to the values noted beside
// it, and what it was told is produced from those values, byte for byte.
#include "base/error.h"
#include "base/hash.h"
#include "support/captured_session.h"
#include "support/golden.h"
#include "support/wire_checks.h"
#include "wire/built_outputs.h"
#include "wire/export_stream.h"
#include "wire/reply_reader.h"
#include "wire/serve_commands.h"
#include "wire/serve_handshake.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace firn::wire {
namespace {

using namespace ::firn::testing::captured;
using ::firn::testing::read_golden;

constexpr const char* kFolder = "captured-nix-2.8.0/serve-sessions";

BuildOptions options_of(const Json& json) {
  return {.max_silent_time = std::chrono::seconds(json.at("maxSilentTime").get<std::int64_t>()),
          .build_timeout = std::chrono::seconds(json.at("buildTimeout").get<std::int64_t>()),
          .max_log_size = ByteCount(json.value("maxLogSize", 0U)),
          .repeats = json.value("nrRepeats", 0U),
          .enforce_determinism = json.value("enforceDeterminism", 0) != 0,
          .keep_failed = json.value("keepFailed", 0) != 0};
}

/// `version` decides whether the outputs, which that server always sends, are part of the reply.
nix::BuildResult build_result_at(const Json& json, ServeVersion version) {
  auto result = testing::captured::build_result_of(json);
  if (has(version, Since::built_outputs)) return result;
  result.built_outputs.clear();
  result.hash_modulo.reset();
  return result;
}

/// One captured session, step by step.
class ServeSessions : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::is_directory(testing::golden_dir() / kFolder)) {
      GTEST_SKIP() << "no captured sessions in " << testing::golden_dir();
    }
  }

  void replay(const std::string& name) {
    SCOPED_TRACE(name);
    const std::string stem = std::string(kFolder) + "/" + name;
    sent_ = read_golden(stem + ".c2s.bin");
    received_ = read_golden(stem + ".s2c.bin");
    for (const auto& step : Json::parse(read_golden(stem + ".json")).at("steps")) {
      SCOPED_TRACE(text_of(step.at("command")));
      replay_step(step, cut(sent_, step, "c2s"), cut(received_, step, "s2c"));
    }
  }

 private:
  void replay_step(const Json& step, const std::string& sent, const std::string& received) {
    const auto command = text_of(step.at("command"));
    const auto& request = step.at("request");
    const auto& response = step.at("response");
    if (command == "handshake") return handshake(request, sent, received);
    if (command == "raw") return;
    if (command == "QueryValidPaths") {
      const QueryValidPaths query{.lock = request.at("lock") != 0,
                                  .substitute = request.at("substitute") != 0,
                                  .paths = paths_of(request.at("paths"))};
      expect_exchange(query, sent, paths_of(response.at("paths")), received);
    } else if (command == "QueryPathInfos") {
      PathInfos infos;
      for (const auto& info : response.at("infos"))
        infos.push_back(path_info_of(info));
      expect_exchange(
          QueryPathInfos{.paths = paths_of(request.at("paths"))}, sent, infos, received);
    } else if (command == "BuildPaths") {
      const BuildPathsReply reply{.exit_status = response.at("status"),
                                  .message = response.value("errorMsg", "")};
      const BuildPaths build{.targets = request.at("paths").get<std::vector<std::string>>(),
                             .options = options_of(request.at("options"))};
      expect_exchange(build, sent, reply, received);
    } else {
      replay_stream(command, step, sent, received);
    }
  }

  void replay_stream(const std::string& command,
                     const Json& step,
                     const std::string& sent,
                     const std::string& received) {
    const auto& request = step.at("request");
    const auto& response = step.at("response");
    if (command == "BuildDerivation") {
      build_derivation(request, response, sent, received);
    } else if (command == "AddToStoreNar") {
      add_to_store_nar(request, sent, received);
    } else if (command == "ImportPaths") {
      expect_request(ImportPaths{}, sent.substr(0, 8));
      expect_reply<ImportPaths>({}, received);
    } else if (command == "ExportPaths") {
      expect_request(
          ExportPaths{.sign = request.at("sign") != 0, .paths = paths_of(request.at("paths"))},
          sent);
      EXPECT_EQ(expect_reply<ExportPaths>({}, received), received);
    } else {
      ASSERT_EQ(command, "DumpStorePath");
      expect_request(DumpStorePath{.path = nix::parse_store_path(text_of(request.at("path")))},
                     sent);
      ReplyReader<DumpStorePath> reader(version_);
      EXPECT_TRUE(reader.feed(received).done);
      EXPECT_EQ(received.size(), response.value("narSize", 0U));
    }
  }

  void add_to_store_nar(const Json& request, const std::string& sent, const std::string& received) {
    const AddToStoreNar add{.info = path_info_of(request)};
    if (add.info.nar_size == ByteCount(0)) {
      // Wrong on purpose: that NAR has 128 bytes, and the note beside it names a signature that was
      // not sent.
      const auto header =
          std::get<Decoded<AddToStoreNar>>(decode_request<AddToStoreNar>(sent.substr(8), version_));
      EXPECT_EQ(header.value.info.nar_size, add.info.nar_size);
      EXPECT_EQ(received, "");
      return;
    }
    expect_request(add, sent.substr(0, sent.size() - add.info.nar_size.value()));
    EXPECT_EQ(expect_reply<AddToStoreNar>({}, received), "");
  }

  void handshake(const Json& request, const std::string& sent, const std::string& received) {
    const auto client = parse_serve_version(
        static_cast<std::uint32_t>(std::stoul(text_of(request.at("clientVersion")), nullptr, 16)));
    EXPECT_EQ(client_hello(client), sent);
    EXPECT_EQ(std::get<Decoded<ServeVersion>>(read_client_hello(sent)).value, client);
    const auto server = std::get<Decoded<ServeVersion>>(read_server_hello(received)).value;
    EXPECT_EQ(server, ServeVersion(7));
    version_ = agree(client, server);
  }

  void build_derivation(const Json& request,
                        const Json& response,
                        const std::string& sent,
                        const std::string& received) {
    if (!request.contains("basicDerivation")) return;
    const BuildDerivation build{
        .drv_path = nix::DrvPath(nix::parse_store_path(text_of(request.at("drvPath")))),
        .derivation = derivation_of(request.at("basicDerivation")),
        .options = options_of(request.at("options"))};
    expect_request(build, sent);
    const auto result = build_result_at(response, version_);
    const auto rest = expect_reply<BuildDerivation>(result, received);
    std::string written;
    append_reply<BuildDerivation>(written, result, version_);
    EXPECT_EQ(written + rest, received);
    if (has(version_, Since::built_outputs)) {
      EXPECT_EQ(rest, "");
      return;
    }
    // Nix 2.4 to 2.10 send outputs that nobody asked for: why we never announce less than 2.6.
    Decoder io(rest);
    nix::BuildResult unasked;
    json_outputs(io, unasked);
    nix::BuildResult expected;
    read_outputs(response.at("builtOutputs"), expected);
    EXPECT_EQ(unasked, expected);
  }

  template <class Request>
  void expect_exchange(const Request& request,
                       const std::string& sent,
                       const typename Request::Reply& reply,
                       const std::string& received) {
    expect_request(request, sent);
    EXPECT_EQ(expect_reply<Request>(reply, received), "");
    std::string written;
    append_reply<Request>(written, reply, version_);
    EXPECT_EQ(written, received);
    testing::expect_asks_for_more(received, [&](std::string_view bytes) -> std::uint64_t {
      return ReplyReader<Request>(version_).feed(bytes).missing;
    });
  }

  template <class Request>
  void expect_request(const Request& request, const std::string& sent) {
    std::string written;
    append_request(written, request, version_);
    EXPECT_EQ(written, sent);
    EXPECT_EQ(std::get<Decoded<Command>>(decode_command(sent)).value, Request::kCommand);
    const auto arrived =
        std::get<Decoded<Request>>(decode_request<Request>(sent.substr(8), version_));
    EXPECT_EQ(arrived.value, request);
    EXPECT_EQ(arrived.consumed + 8, sent.size());
  }

  /// Returns what follows the reply.
  template <class Request>
  std::string expect_reply(const typename Request::Reply& reply, const std::string& received) {
    ReplyReader<Request> reader(version_);
    std::size_t begin = 0;
    for (std::size_t end = 0; end <= received.size(); ++end) {
      const Progress progress = reader.feed(std::string_view(received).substr(begin, end - begin));
      begin += progress.consumed;
      if (!progress.done) continue;
      EXPECT_EQ(std::move(reader).take(), reply);
      return received.substr(begin);
    }
    ADD_FAILURE() << "the reply does not end";
    return {};
  }

  std::string sent_;
  std::string received_;
  ServeVersion version_ = kNewestServe;
};

TEST_F(ServeSessions, AreReplayed) {
  const auto files = testing::golden_files(kFolder, ".c2s.bin");
  EXPECT_GT(files.size(), 15U);
  for (const auto& file : files) {
    const auto name = file.filename().string();
    replay(name.substr(0, name.size() - std::string_view(".c2s.bin").size()));
  }
}

TEST_F(ServeSessions, WhatTheServerRefusesWeRefuse) {
  const std::string folder = kFolder;
  const auto unknown =
      read_golden(folder + "/error-unknown-command-2.7.c2s.bin").substr(kHelloSize);
  EXPECT_THROW(decode_command(unknown), Error);
  const auto padding =
      read_golden(folder + "/error-nonzero-padding-2.7.c2s.bin").substr(kHelloSize);
  const auto command = std::get<Decoded<Command>>(decode_command(padding));
  ASSERT_EQ(command.value, Command::dump_store_path);
  EXPECT_THROW(decode_request<DumpStorePath>(padding.substr(8), ServeVersion(7)), Error);
}

TEST_F(ServeSessions, ExportStreamIsTakenApartAndPutTogether) {
  const auto bytes = read_golden("captured-nix-2.8.0/export/export-good-closure.bin");
  const auto session = Json::parse(read_golden(std::string(kFolder) + "/export-paths-2.7.json"));
  std::string written;
  std::size_t at = 0;
  for (const auto& item : session.at("steps").at(1).at("response").at("exported")) {
    const auto begins = std::get<Decoded<bool>>(decode_export_item(bytes.substr(at)));
    ASSERT_TRUE(begins.value);
    const auto nar = bytes.substr(at + begins.consumed, item.at("narSize"));
    at += begins.consumed + nar.size();
    const auto trailer = std::get<Decoded<ExportTrailer>>(decode_export_trailer(bytes.substr(at)));
    at += trailer.consumed;
    const ExportTrailer expected{.path = nix::parse_store_path(text_of(item.at("path"))),
                                 .references = paths_of(item.at("references")),
                                 .deriver = path_or_none(item.at("deriver"))};
    EXPECT_EQ(trailer.value, expected);
    append_export_item(written);
    written += nar;
    append_export_trailer(written, expected);
  }
  append_export_end(written);
  EXPECT_FALSE(std::get<Decoded<bool>>(decode_export_item(bytes.substr(at))).value);
  EXPECT_EQ(written, bytes);
}

}  // namespace
}  // namespace firn::wire
