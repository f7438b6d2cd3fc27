// SPDX-License-Identifier: Apache-2.0
#include "queue/status_json.h"

#include "base/identifier.h"

#include <nlohmann/json.hpp>

namespace firn::queue {

namespace {

using Json = nlohmann::ordered_json;

std::int64_t milliseconds(Duration time) {
  return std::chrono::floor<std::chrono::milliseconds>(time).count();
}

std::int64_t seconds(Duration time) {
  return std::chrono::floor<std::chrono::seconds>(time).count();
}

std::int64_t moment(WallTime time) {
  return time.time_since_epoch().count();
}

/// 0 where there is nothing to share it.
template <class Unit>
double average(Duration time, std::uint64_t count) {
  if (count == 0) return 0;
  return std::chrono::duration<double, Unit>(time).count() / static_cast<double>(count);
}

void add_times(Json& to, const StepTimes& times, std::uint64_t steps_done) {
  if (steps_done == 0) return;
  to["totalStepTime"] = seconds(times.total);
  to["totalStepBuildTime"] = seconds(times.building);
  to["avgStepTime"] = average<std::ratio<1>>(times.total, steps_done);
  to["avgStepBuildTime"] = average<std::ratio<1>>(times.building, steps_done);
}

Json machine_json(const MachineStatus& machine) {
  Json json{{"enabled", machine.is_enabled},
            {"systemTypes", machine.systems},
            {"supportedFeatures", machine.supported_features},
            {"mandatoryFeatures", machine.mandatory_features},
            {"nrStepsDone", machine.steps_done},
            {"currentJobs", machine.current_jobs},
            {"disabledUntil", moment(machine.disabled_until)},
            {"lastFailure", moment(machine.last_failure)},
            {"consecutiveFailures", machine.consecutive_failures}};
  if (machine.current_jobs == 0) json["idleSince"] = moment(machine.idle_since);
  add_times(json, machine.times, machine.steps_done);
  return json;
}

Json machines_json(const StatusSnapshot& status) {
  Json json = Json::object();
  for (const MachineStatus& machine : status.machines)
    json[machine.name] = machine_json(machine);
  return json;
}

Json jobsets_json(const StatusSnapshot& status) {
  Json json = Json::object();
  for (const JobsetStatus& jobset : status.jobsets) {
    json[jobset.project + ":" + jobset.jobset] = {{"shareUsed", jobset.share_used},
                                                  {"seconds", jobset.seconds.count()}};
  }
  return json;
}

Json machine_types_json(const StatusSnapshot& status) {
  Json json = Json::object();
  for (const MachineTypeStatus& type : status.machine_types) {
    json[type.name] = {{"runnable", type.runnable},
                       {"running", type.running},
                       {"waitTime", seconds(type.wait_time)},
                       {"lastActive", moment(type.running > 0 ? status.time : type.last_active)}};
  }
  return json;
}

Json store_json(const StoreCounts& store) {
  return {{"narInfoRead", store.nar_info_read},
          {"narInfoReadAverted", store.nar_info_read_averted},
          {"narInfoMissing", store.nar_info_missing},
          {"narInfoWrite", store.nar_info_write},
          {"narInfoCacheSize", store.nar_info_cache_size},
          {"narRead", store.nar_read},
          {"narReadBytes", store.nar_read_bytes.value()},
          {"narReadCompressedBytes", store.nar_read_compressed_bytes.value()},
          {"narWrite", store.nar_write},
          {"narWriteAverted", store.nar_write_averted},
          {"narWriteBytes", store.nar_write_bytes.value()},
          {"narWriteCompressedBytes", store.nar_write_compressed_bytes.value()},
          {"narWriteCompressionTimeMs", milliseconds(store.nar_write_compression_time)},
          {"narCompressionSavings", store.compression_savings()},
          {"narCompressionSpeed", store.compression_speed()}};
}

Json own_json(const StatusSnapshot& status) {
  Json why = Json::object();
  for (std::size_t i = 0; i < kReasonCount; ++i)
    why[std::string(to_string(static_cast<sched::Reason>(i)))] = status.reasons.at(i);
  Json retries = Json::object();
  for (std::size_t i = 0; i < sched::kFailureClassCount; ++i) {
    retries[identifier(to_string(static_cast<sched::FailureClass>(i)))] = status.retries.at(i);
  }
  Json machines = Json::object();
  for (const MachineStatus& machine : status.machines) {
    machines[machine.name] = {
        {"standing", machine.standing},
        {"lastError", machine.last_error.empty() ? Json() : Json(machine.last_error)}};
  }
  return {{"why", std::move(why)},
          {"retries", std::move(retries)},
          {"alarms", status.alarms},
          {"machines", std::move(machines)}};
}

Json builds_and_steps_json(const BuildCounts& builds, const StepCounts& steps) {
  return {{"nrQueuedBuilds", builds.queued},
          {"nrUnfinishedSteps", steps.unfinished},
          {"nrRunnableSteps", steps.runnable},
          {"nrActiveSteps", steps.active},
          {"nrStepsBuilding", steps.building},
          {"nrStepsCopyingTo", steps.copying_to},
          {"nrStepsWaitingForDownloadSlot", steps.waiting_for_transfer_slot},
          {"nrStepsCopyingFrom", steps.copying_from},
          {"nrStepsWaiting", steps.waiting},
          {"nrUnsupportedSteps", steps.unsupported},
          {"nrBuildsRead", builds.read},
          {"buildReadTimeMs", milliseconds(builds.read_time)},
          {"buildReadTimeAvgMs", average<std::milli>(builds.read_time, builds.read)},
          {"nrBuildsDone", builds.done},
          {"nrStepsStarted", steps.started},
          {"nrStepsDone", steps.done},
          {"nrRetries", steps.retries},
          {"maxNrRetries", steps.max_retries}};
}

}  // namespace

std::string to_json(const StatusSnapshot& status) {
  Json json{{"status", "up"},
            {"time", moment(status.time)},
            {"uptime", status.uptime.count()},
            {"pid", status.pid}};
  json.update(builds_and_steps_json(status.builds, status.steps));
  json.update(Json{
      {"bytesSent", status.bytes_sent.value()},
      {"bytesReceived", status.bytes_received.value()},
      {"nrQueueWakeups", status.queue_wakeups},
      {"nrDispatcherWakeups", status.dispatcher_wakeups},
      {"dispatchTimeMs", milliseconds(status.dispatch_time)},
      {"dispatchTimeAvgMs", average<std::milli>(status.dispatch_time, status.dispatcher_wakeups)},
      {"nrDbConnections", status.db_connections},
      {"nrActiveDbUpdates", status.active_db_updates}});
  add_times(json, status.steps.times, status.steps.done);
  json["machines"] = machines_json(status);
  json["jobsets"] = jobsets_json(status);
  json["machineTypes"] = machine_types_json(status);
  json["store"] = store_json(status.store);
  json["firn"] = own_json(status);
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace firn::queue
