// SPDX-License-Identifier: Apache-2.0
#include "queue/status_json.h"

#include "nix/json.h"

#include <map>
#include <regex>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace firn::queue {
namespace {

using namespace std::chrono_literals;
using nix::Json;

WallTime at(int seconds) {
  return WallTime(std::chrono::seconds(seconds));
}

/// A queue at work: one machine busy, one idle, one switched off.
StatusSnapshot busy() {
  StatusSnapshot status;
  status.time = at(1'700'000'000);
  status.uptime = 3600s;
  status.pid = 4711;
  status.builds = {.queued = 7, .read = 10, .read_time = 25ms, .done = 3};
  status.steps = {.unfinished = 20,
                  .runnable = 5,
                  .active = 4,
                  .copying_to = 1,
                  .building = 2,
                  .copying_from = 1,
                  .waiting = 3,
                  .unsupported = 1,
                  .started = 9,
                  .done = 4,
                  .retries = 2,
                  .max_retries = 1,
                  .times = {.total = 10s, .building = 6500ms}};
  status.bytes_sent = 3_MiB;
  status.bytes_received = 2_MiB;
  status.queue_wakeups = 12;
  status.dispatcher_wakeups = 8;
  status.dispatch_time = 4ms;
  status.db_connections = 3;
  status.machines = {{.name = "ssh://root@b1",
                      .systems = {"x86_64-linux", "i686-linux"},
                      .supported_features = {"kvm"},
                      .current_jobs = 4,
                      .steps_done = 4,
                      .times = {.total = 10s, .building = 6500ms}},
                     {.name = "ssh://b2",
                      .disabled_until = at(1'700'000'060),
                      .last_failure = at(1'699'999'999),
                      .consecutive_failures = 1,
                      .idle_since = at(1'699'990'000),
                      .standing = "backs off for 60 s",
                      .last_error = "connection \xff refused"},
                     {.name = "ssh://b3", .is_enabled = false}};
  status.jobsets = {{.project = "p", .jobset = "j", .share_used = 0.5, .seconds = 50s}};
  status.machine_types = {{.name = "x86_64-linux:kvm,big",
                           .runnable = 5,
                           .running = 0,
                           .wait_time = 90s,
                           .last_active = at(1'699'999'000)},
                          {.name = "i686-linux", .running = 4}};
  status.store = {.nar_write = 4,
                  .nar_write_bytes = 8_MiB,
                  .nar_write_compressed_bytes = 2_MiB,
                  .nar_write_compression_time = 2s};
  status.reasons.at(static_cast<std::size_t>(sched::Reason::machines_full)) = 3;
  status.retries.at(static_cast<std::size_t>(sched::FailureClass::machine_lost)) = 2;
  return status;
}

/// The types of 1.10: whole numbers "i", numbers with a fraction "f", truth values "b", strings
/// "s", lists "l", objects "o".
std::string type_of(const Json& value) {
  if (value.is_number_float()) return "f";
  if (value.is_number_integer()) return "i";
  if (value.is_boolean()) return "b";
  if (value.is_string()) return "s";
  if (value.is_array()) return "l";
  return value.is_object() ? "o" : "?";
}

using Types = std::map<std::string, std::string>;

Types types_of(const Json& object) {
  Types types;
  for (const auto& [key, value] : object.items())
    types[key] = type_of(value);
  return types;
}

const Types kOfTheQueue = {{"status", "s"},
                           {"time", "i"},
                           {"uptime", "i"},
                           {"pid", "i"},
                           {"nrQueuedBuilds", "i"},
                           {"nrUnfinishedSteps", "i"},
                           {"nrRunnableSteps", "i"},
                           {"nrActiveSteps", "i"},
                           {"nrStepsBuilding", "i"},
                           {"nrStepsCopyingTo", "i"},
                           {"nrStepsWaitingForDownloadSlot", "i"},
                           {"nrStepsCopyingFrom", "i"},
                           {"nrStepsWaiting", "i"},
                           {"nrUnsupportedSteps", "i"},
                           {"bytesSent", "i"},
                           {"bytesReceived", "i"},
                           {"nrBuildsRead", "i"},
                           {"buildReadTimeMs", "i"},
                           {"buildReadTimeAvgMs", "f"},
                           {"nrBuildsDone", "i"},
                           {"nrStepsStarted", "i"},
                           {"nrStepsDone", "i"},
                           {"nrRetries", "i"},
                           {"maxNrRetries", "i"},
                           {"nrQueueWakeups", "i"},
                           {"nrDispatcherWakeups", "i"},
                           {"dispatchTimeMs", "i"},
                           {"dispatchTimeAvgMs", "f"},
                           {"nrDbConnections", "i"},
                           {"nrActiveDbUpdates", "i"},
                           {"machines", "o"},
                           {"jobsets", "o"},
                           {"machineTypes", "o"},
                           {"store", "o"},
                           {"firn", "o"}};

const Types kOfDoneSteps = {{"totalStepTime", "i"},
                            {"totalStepBuildTime", "i"},
                            {"avgStepTime", "f"},
                            {"avgStepBuildTime", "f"}};

const Types kOfAMachine = {{"enabled", "b"},
                           {"systemTypes", "l"},
                           {"supportedFeatures", "l"},
                           {"mandatoryFeatures", "l"},
                           {"nrStepsDone", "i"},
                           {"currentJobs", "i"},
                           {"disabledUntil", "i"},
                           {"lastFailure", "i"},
                           {"consecutiveFailures", "i"}};

Types both(Types one, const Types& other) {
  one.insert(other.begin(), other.end());
  return one;
}

// 1.10: every key, and no other.
TEST(StatusJson, KeysAndTypesAreHydras) {
  const Json json = nix::parse_json(to_json(busy()));
  EXPECT_EQ(types_of(json), both(kOfTheQueue, kOfDoneSteps));
  EXPECT_EQ(types_of(json["machines"]["ssh://root@b1"]), both(kOfAMachine, kOfDoneSteps));
  EXPECT_EQ(types_of(json["machines"]["ssh://b2"]), both(kOfAMachine, {{"idleSince", "i"}}));
  EXPECT_EQ(types_of(json["jobsets"]["p:j"]), (Types{{"shareUsed", "f"}, {"seconds", "i"}}));
  EXPECT_EQ(types_of(json["machineTypes"]["i686-linux"]),
            (Types{{"runnable", "i"}, {"running", "i"}, {"waitTime", "i"}, {"lastActive", "i"}}));
  EXPECT_EQ(types_of(json["store"]),
            (Types{{"narInfoRead", "i"},
                   {"narInfoReadAverted", "i"},
                   {"narInfoMissing", "i"},
                   {"narInfoWrite", "i"},
                   {"narInfoCacheSize", "i"},
                   {"narRead", "i"},
                   {"narReadBytes", "i"},
                   {"narReadCompressedBytes", "i"},
                   {"narWrite", "i"},
                   {"narWriteAverted", "i"},
                   {"narWriteBytes", "i"},
                   {"narWriteCompressedBytes", "i"},
                   {"narWriteCompressionTimeMs", "i"},
                   {"narCompressionSavings", "f"},
                   {"narCompressionSpeed", "f"}}));
}

TEST(StatusJson, BeforeAnythingIsDoneThereAreNoAverages) {
  const Json json = nix::parse_json(to_json(StatusSnapshot()));
  EXPECT_EQ(types_of(json), kOfTheQueue);
  EXPECT_EQ(json["buildReadTimeAvgMs"], 0.0);
  EXPECT_TRUE(json["machines"].empty());
}

TEST(StatusJson, ValuesHaveTheirUnits) {
  const Json json = nix::parse_json(to_json(busy()));
  EXPECT_EQ(json["status"], "up");
  EXPECT_EQ(json["time"], 1'700'000'000);
  EXPECT_EQ(json["buildReadTimeMs"], 25);
  EXPECT_DOUBLE_EQ(json["buildReadTimeAvgMs"], 2.5);
  EXPECT_DOUBLE_EQ(json["dispatchTimeAvgMs"], 0.5);
  EXPECT_EQ(json["totalStepBuildTime"], 6);
  EXPECT_DOUBLE_EQ(json["avgStepTime"], 2.5);
  EXPECT_DOUBLE_EQ(json["avgStepBuildTime"], 1.625);
  EXPECT_EQ(json["machines"]["ssh://b2"]["idleSince"], 1'699'990'000);
  EXPECT_EQ(json["machines"]["ssh://b2"]["disabledUntil"], 1'700'000'060);
  EXPECT_EQ(json["jobsets"]["p:j"]["seconds"], 50);
  EXPECT_DOUBLE_EQ(json["store"]["narCompressionSavings"], 0.75);
  EXPECT_DOUBLE_EQ(json["store"]["narCompressionSpeed"], 4);
}

// QR-090.
TEST(StatusJson, MachineTypesSayHowLongTheyWait) {
  const Json types = nix::parse_json(to_json(busy()))["machineTypes"];
  EXPECT_EQ(types["x86_64-linux:kvm,big"]["waitTime"], 90);
  EXPECT_EQ(types["x86_64-linux:kvm,big"]["lastActive"], 1'699'999'000);
  EXPECT_EQ(types["i686-linux"]["lastActive"], 1'700'000'000) << "it is active";
}

// QR-181: what hydra-send-stats makes of it; it dies of a key that is missing.
TEST(StatusJson, StatisticsCanBeSent) {
  const Json json = nix::parse_json(to_json(busy()));
  std::map<std::string, double> sent;
  for (const auto& [gauge, key] :
       std::map<std::string, std::string>{{"steps.active", "nrActiveSteps"},
                                          {"steps.building", "nrStepsBuilding"},
                                          {"steps.copying_to", "nrStepsCopyingTo"},
                                          {"steps.copying_from", "nrStepsCopyingFrom"},
                                          {"steps.waiting", "nrStepsWaiting"},
                                          {"steps.runnable", "nrRunnableSteps"},
                                          {"steps.unfinished", "nrUnfinishedSteps"},
                                          {"steps.finished", "nrStepsDone"},
                                          {"steps.retries", "nrRetries"},
                                          {"steps.unsupported", "nrUnsupportedSteps"},
                                          {"steps.max_retries", "maxNrRetries"},
                                          {"steps.avg_total_time", "avgStepTime"},
                                          {"steps.avg_build_time", "avgStepBuildTime"},
                                          {"builds.read", "nrBuildsRead"},
                                          {"builds.unfinished", "nrQueuedBuilds"},
                                          {"builds.finished", "nrBuildsDone"},
                                          {"checks", "nrQueueWakeups"},
                                          {"bytes_sent", "bytesSent"},
                                          {"bytes_received", "bytesReceived"}})
    sent[gauge] = json.at(key).get<double>();
  for (const auto& [name, type] : json.at("machineTypes").items()) {
    const auto word =
        std::regex_replace(name, std::regex(":|,"), "_", std::regex_constants::format_first_only);
    sent[word + ".runnable"] = type.at("runnable").get<double>();
    sent[word + ".running"] = type.at("running").get<double>();
  }
  for (const auto& machine : json.at("machines")) {
    sent["machines.total"] += machine.at("enabled").get<bool>() ? 1 : 0;
    sent["machines.in_use"] += machine.at("currentJobs").get<int>() > 0 ? 1 : 0;
  }
  EXPECT_EQ(sent["steps.active"], 4);
  EXPECT_EQ(sent["steps.avg_total_time"], 2.5);
  EXPECT_EQ(sent["x86_64-linux_kvm,big.runnable"], 5);
  EXPECT_EQ(sent["machines.total"], 2);
  EXPECT_EQ(sent["machines.in_use"], 1);
  EXPECT_EQ(sent["builds.unfinished"], 7);
  EXPECT_EQ(sent["bytes_sent"], 3 << 20);
}

TEST(StatusJson, OursSaysWhy) {
  const Json ours = nix::parse_json(to_json(busy()))["firn"];
  EXPECT_EQ(ours["why"].size(), kReasonCount);
  EXPECT_EQ(ours["why"]["machines_full"], 3);
  EXPECT_EQ(ours["why"]["unsupported"], 0);
  EXPECT_EQ(ours["retries"].size(), sched::kFailureClassCount);
  EXPECT_EQ(ours["retries"]["machine_lost"], 2);
  EXPECT_EQ(ours["machines"]["ssh://b2"]["standing"], "backs off for 60 s");
  EXPECT_EQ(ours["machines"]["ssh://b2"]["lastError"], "connection \ufffd refused");
  EXPECT_TRUE(ours["machines"]["ssh://b3"]["lastError"].is_null());
}

}  // namespace
}  // namespace firn::queue
