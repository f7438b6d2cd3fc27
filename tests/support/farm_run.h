// SPDX-License-Identifier: Apache-2.0
// A run of the farm in memory: a store, two scripted machines, time that passes when nothing else
// does, and everything that happened.
#pragma once

#include "farm/graph_run.h"
#include "nix/machines.h"
#include "support/fake_store.h"
#include "support/run.h"
#include "support/scripted_server.h"
#include "support/temp_folder.h"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

namespace firn::testing {

class RecordedEvents final : public farm::EventSink {
 public:
  void on(const farm::Event& event) override {
    all_.push_back(event);
    if (told) told(event);
  }

  /// Hears of every event, if there is such a one.
  std::function<void(const farm::Event&)> told;

  template <class T>
  std::vector<T> of() const {
    std::vector<T> found;
    for (const auto& event : all_) {
      if (const auto* wanted = std::get_if<T>(&event)) found.push_back(*wanted);
    }
    return found;
  }

  const std::vector<farm::Event>& all() const { return all_; }

  void clear() { all_.clear(); }

 private:
  std::vector<farm::Event> all_;
};

inline nix::Machine machine_of(std::string_view line) {
  const auto parsed = nix::parse_machines(
      line, "--builders", [](const std::string&) { return std::optional<std::string>(); });
  if (parsed.machines.size() != 1) throw Error(Kind::invalid, std::string(line));
  return parsed.machines.front();
}

/// A machine and what answers there.
struct FarmMachine {
  std::string line;
  std::function<std::unique_ptr<transport::Connector>()> connect;
};

class FarmRunTest : public ::testing::Test {
 public:
  FarmRunTest() {
    options.log_folder.path = logs.path();
    options.own_system = "x86_64-linux";
    options.scheduling.keep_going = true;
    machines = {{"ssh://b1 x86_64-linux - 2", [this] { return b1.connector(); }},
                {"ssh://b2 x86_64-linux - 2", [this] { return b2.connector(); }}};
  }

  void add(const DrvWish& wish) { store.hold(drv_path(wish.name), derivation_of(wish)); }

  /// Builds all outputs of `names`.
  sched::Counts build(const std::vector<std::string>& names) {
    sched::Counts counts;
    loop.run(while_time_passes(loop, step, build_into(names, counts)));
    EXPECT_EQ(b1.alive + b2.alive, 0U) << "sessions are left";
    return counts;
  }

  /// Why attempts failed, in the order in which they ended.
  std::vector<sched::FailureClass> failures() const {
    std::vector<sched::FailureClass> found;
    for (const auto& ended : events.of<farm::AttemptEnded>()) {
      if (ended.verdict.failure) found.push_back(*ended.verdict.failure);
    }
    return found;
  }

  bool has(const nix::StorePath& path) const { return store.paths.contains(path); }

  TempFolder logs;
  aio::Loop loop{aio::Loop::Time::manual};
  FakeStore store;
  ScriptedServer b1{loop};
  ScriptedServer b2{loop};
  std::vector<FarmMachine> machines;
  farm::RunOptions options;
  RecordedEvents events;
  /// By which time passes.
  Duration step = std::chrono::seconds(1);
  /// The run, while there is one.
  farm::GraphRun* run = nullptr;

 private:
  aio::Task<void> build_into(const std::vector<std::string>& names, sched::Counts& counts) {
    std::vector<farm::Wanted> wanted;
    for (const auto& name : names)
      wanted.push_back({.drv = drv_path(name), .outputs = {}});
    std::vector<farm::ReachedMachine> reached;
    for (const auto& machine : machines)
      reached.push_back({.machine = machine_of(machine.line), .connector = machine.connect()});
    auto graph = co_await farm::load_graph(loop, store, wanted);
    farm::GraphRun all(loop, store, std::move(reached), std::move(graph), options);
    run = &all;
    counts = co_await all.execute(events);
    run = nullptr;
  }
};

/// The first build, wherever it happens, goes as `bad` says; all others go well.
inline ScriptedServer::Build once(ScriptedServer::Build bad) {
  return
      [bad = std::move(bad), done = std::make_shared<bool>(false)](
          ScriptedServer& server, ScriptedSession& session, const wire::BuildDerivation& request) {
        return std::exchange(*done, true)
                   ? ScriptedServer::build_everything(server, session, request)
                   : bad(server, session, request);
      };
}

inline aio::Task<nix::BuildResult> die_building(ScriptedServer& /*server*/,
                                                ScriptedSession& /*session*/,
                                                const wire::BuildDerivation& /*request*/) {
  throw Error(Kind::internal, "the power has gone");
  co_return nix::BuildResult();
}

/// Until the client goes.
inline aio::Task<nix::BuildResult> never_finish(ScriptedServer& /*server*/,
                                                ScriptedSession& session,
                                                const wire::BuildDerivation& /*request*/) {
  while (!session.is_deserted)
    co_await session.deserted.wait();
  throw Error(Kind::cancelled, "nobody waits for the build");
}

inline aio::Task<nix::BuildResult> fail_building(ScriptedServer& /*server*/,
                                                 ScriptedSession& session,
                                                 const wire::BuildDerivation& request) {
  session.diagnostics.print("compiling\nno such luck\n");
  nix::BuildResult result;
  result.status = nix::BuildStatus::permanent_failure;
  result.error_message = "builder for '" + request.drv_path.str() + "' failed with exit code 1";
  co_return result;
}

}  // namespace firn::testing
