// SPDX-License-Identifier: Apache-2.0
#include "farm/graph.h"

#include "farm/derivation_file.h"
#include "support/fake_store.h"
#include "support/run.h"

#include <algorithm>
#include <string>

#include <gtest/gtest.h>

namespace firn::farm {
namespace {

using testing::derivation_of;
using testing::drv_path;
using testing::DrvWish;
using testing::output_of;
using testing::store_path;
using testing::stored;

class GraphTest : public ::testing::Test {
 public:
  void add(const DrvWish& wish) { store.hold(drv_path(wish.name), derivation_of(wish)); }

  Graph load(std::vector<Wanted> wanted) {
    Graph graph;
    loop.run(load_into(wanted, graph));
    return graph;
  }

  Graph load(const std::string& name) {
    return load(std::vector<Wanted>{{.drv = drv_path(name), .outputs = {}}});
  }

  std::optional<Kind> error_of_loading(const std::string& name) {
    Graph graph;
    std::vector<Wanted> wanted{{.drv = drv_path(name), .outputs = {}}};
    return testing::kind_of(loop, load_into(wanted, graph));
  }

  aio::Loop loop{aio::Loop::Time::manual};
  testing::FakeStore store;
  std::function<bool(const nix::DrvPath&)> is_known;

 private:
  aio::Task<void> load_into(const std::vector<Wanted>& wanted, Graph& graph) {
    graph = co_await load_graph(loop, store, wanted, {.is_known = is_known});
  }
};

std::vector<std::string> names(const Graph& graph) {
  std::vector<std::string> result;
  for (const auto& node : graph.nodes)
    result.emplace_back(node.drv.derivation_name());
  return result;
}

TEST_F(GraphTest, TellsOnceThatSomethingIsMissing) {
  add({.name = "bottom"});
  add({.name = "top", .inputs = {{"bottom", {"out"}}}});
  int told = 0;
  const auto load_and_count = [&] {
    loop.run([](GraphTest& t, int& count) -> aio::Task<void> {
      const std::vector<Wanted> wanted{{.drv = drv_path("top"), .outputs = {}}};
      co_await load_graph(t.loop, t.store, wanted, {.on_missing = [&count] { ++count; }});
    }(*this, told));
  };
  load_and_count();
  EXPECT_EQ(told, 1);
  store.hold(stored(output_of("top"), "x"));
  load_and_count();
  EXPECT_EQ(told, 1);
}

void expect_dependencies_first(const Graph& graph) {
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    for (const std::size_t dependency : graph.nodes[i].dependencies)
      EXPECT_LT(dependency, i);
  }
}

using Names = std::vector<std::string>;

TEST_F(GraphTest, ADiamondHasFourNodes) {
  add({.name = "bottom"});
  add({.name = "left", .inputs = {{"bottom", {"out"}}}});
  add({.name = "right", .inputs = {{"bottom", {"out"}}}});
  add({.name = "top", .inputs = {{"left", {"out"}}, {"right", {"out"}}}});
  const Graph graph = load("top");
  ASSERT_EQ(graph.nodes.size(), 4U);
  expect_dependencies_first(graph);
  EXPECT_EQ(names(graph).front(), "bottom");
  EXPECT_EQ(names(graph).back(), "top");
  EXPECT_EQ(graph.nodes.back().dependencies.size(), 2U);
  EXPECT_EQ(graph.already_valid, 0U);
}

TEST_F(GraphTest, OutputsOfInputsBecomeSources) {
  store.hold(stored("source.c"));
  add({.name = "lib", .outputs = {"dev", "out"}});
  add({.name = "app", .inputs = {{"lib", {"dev"}}}, .sources = {store_path("source.c")}});
  const Graph graph = load("app");
  ASSERT_EQ(graph.nodes.size(), 2U);
  EXPECT_EQ(graph.nodes[1].derivation.input_sources,
            (nix::StorePathSet{store_path("source.c"), output_of("lib", "dev")}));
}

TEST_F(GraphTest, WhatIsThereIsNotLookedInto) {
  add({.name = "deep"});
  add({.name = "lib", .inputs = {{"deep", {"out"}}}});
  add({.name = "app", .inputs = {{"lib", {"out"}}}});
  store.hold(stored(output_of("lib"), testing::nar_of("lib")));
  const Graph graph = load("app");
  EXPECT_EQ(names(graph), Names{"app"});
  EXPECT_EQ(graph.already_valid, 1U);
  EXPECT_EQ(graph.nodes[0].derivation.input_sources, nix::StorePathSet{output_of("lib")});
  EXPECT_TRUE(graph.nodes[0].dependencies.empty());
}

TEST_F(GraphTest, NothingToDo) {
  add({.name = "app", .outputs = {"dev", "out"}});
  store.hold(stored(output_of("app"), testing::nar_of("app")));
  store.hold(stored(output_of("app", "dev"), testing::nar_of("dev")));
  const Graph graph = load("app");
  EXPECT_TRUE(graph.nodes.empty());
  EXPECT_EQ(graph.already_valid, 1U);
  EXPECT_EQ(graph.results.size(), 2U);
  EXPECT_EQ(store.asked["substitute"], 0);
}

TEST_F(GraphTest, OnlyWantedOutputsMatter) {
  add({.name = "lib", .outputs = {"dev", "doc", "out"}});
  add({.name = "app", .inputs = {{"lib", {"dev", "out"}}}});
  store.hold(stored(output_of("lib"), testing::nar_of("lib")));
  store.hold(stored(output_of("lib", "dev"), testing::nar_of("dev")));
  EXPECT_EQ(names(load("app")), Names{"app"}) << "nobody needs the missing doc";
  EXPECT_EQ(names(load("lib")), Names{"lib"}) << "all outputs are wanted";
}

TEST_F(GraphTest, OutputsAskedForByTwoAreMerged) {
  add({.name = "lib", .outputs = {"dev", "out"}});
  add({.name = "a", .inputs = {{"lib", {"out"}}}});
  // Its `dev` is asked for a level later than its `out`.
  add({.name = "b", .inputs = {{"lib", {"dev"}}}});
  add({.name = "app", .inputs = {{"b", {"out"}}, {"lib", {"out"}}}});
  store.hold(stored(output_of("lib"), testing::nar_of("lib")));
  const Graph graph = load("app");
  EXPECT_EQ(names(graph), (Names{"lib", "b", "app"}));
  expect_dependencies_first(graph);
  ASSERT_EQ(graph.nodes.size(), 3U);
  EXPECT_EQ(graph.nodes[2].dependencies.size(), 2U);
}

TEST_F(GraphTest, SubstitutionPrunes) {
  add({.name = "deep"});
  add({.name = "lib", .inputs = {{"deep", {"out"}}}});
  add({.name = "app", .inputs = {{"lib", {"out"}}}});
  store.substitutes.emplace(output_of("lib"), stored(output_of("lib"), testing::nar_of("lib")));
  const Graph graph = load("app");
  EXPECT_EQ(names(graph), Names{"app"});
  EXPECT_EQ(graph.already_valid, 1U);
  EXPECT_EQ(graph.substituted, 1U);
}

TEST_F(GraphTest, ResultsComeInTheOrderAskedFor) {
  add({.name = "a", .outputs = {"dev", "out"}});
  add({.name = "b"});
  const Graph graph = load({{.drv = drv_path("b"), .outputs = {}},
                            {.drv = drv_path("a"), .outputs = {"out"}},
                            {.drv = drv_path("a"), .outputs = {"dev"}}});
  ASSERT_EQ(graph.results.size(), 3U);
  EXPECT_EQ(graph.results[0].path, output_of("b"));
  EXPECT_EQ(graph.results[1].path, output_of("a"));
  EXPECT_EQ(graph.results[2].output, "dev");
  EXPECT_EQ(graph.results[2].path, output_of("a", "dev"));
  EXPECT_EQ(graph.nodes.size(), 2U);
}

TEST_F(GraphTest, AsksOncePerLevel) {
  constexpr int kDepth = 20;
  add({.name = "n0"});
  for (int i = 1; i < kDepth; ++i) {
    const std::string input = "n" + std::to_string(i - 1);
    add({.name = "n" + std::to_string(i), .inputs = {{input, {"out"}}}});
  }
  const Graph graph = load("n" + std::to_string(kDepth - 1));
  EXPECT_EQ(graph.nodes.size(), std::size_t{kDepth});
  expect_dependencies_first(graph);
  EXPECT_LE(store.asked["substitute"], kDepth);
}

TEST_F(GraphTest, EverythingIsLocked) {
  store.hold(stored("source.c"));
  add({.name = "lib", .outputs = {"dev", "out"}, .sources = {store_path("source.c")}});
  add({.name = "app", .inputs = {{"lib", {"out"}}}});
  load("app");
  for (const auto& path : {drv_path("app").path(),
                           drv_path("lib").path(),
                           store_path("source.c"),
                           output_of("app"),
                           output_of("lib"),
                           output_of("lib", "dev")})
    EXPECT_TRUE(store.locked.contains(path)) << path.str();
}

TEST_F(GraphTest, AMissingDerivationIsNamed) {
  try {
    load("nowhere");
    FAIL() << "no error";
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), Kind::not_found);
    EXPECT_NE(e.message().find(drv_path("nowhere").str()), std::string::npos);
  }
}

TEST_F(GraphTest, AnUnknownOutputIsNamed) {
  add({.name = "lib"});
  add({.name = "app", .inputs = {{"lib", {"man"}}}});
  EXPECT_EQ(error_of_loading("app"), Kind::invalid);
  EXPECT_THROW(load({{.drv = drv_path("lib"), .outputs = {"man"}}}), Error);
}

TEST_F(GraphTest, ADerivationWithoutOutputPathIsRefused) {
  nix::Derivation floating = derivation_of({.name = "app"});
  floating.outputs["out"] = {.path = std::nullopt, .hash_algo = "r:sha256", .hash = ""};
  store.hold(drv_path("app"), floating);
  EXPECT_EQ(error_of_loading("app"), Kind::invalid);
}

TEST_F(GraphTest, AnOutputOfAnOutputIsRefused) {
  nix::Derivation dynamic = derivation_of({.name = "app"});
  dynamic.dynamic_inputs.insert({.base = drv_path("lib").path(), .outputs = {"drv", "out"}});
  store.hold(drv_path("app"), dynamic);
  EXPECT_EQ(error_of_loading("app"), Kind::invalid);
}

TEST_F(GraphTest, TheWalkEndsAtStepsThatAreKnown) {
  add({.name = "bottom"});
  add({.name = "known", .inputs = {{"bottom", {"out"}}}});
  add({.name = "new", .inputs = {{"known", {"out"}}}});
  add({.name = "top", .inputs = {{"known", {"out"}}, {"new", {"out"}}}});
  is_known = [](const nix::DrvPath& drv) { return drv == drv_path("known"); };
  const auto graph = load("top");
  ASSERT_EQ(names(graph), (std::vector<std::string>{"new", "top"}));
  for (const auto& node : graph.nodes) {
    EXPECT_EQ(node.known_dependencies, std::vector{drv_path("known")});
    EXPECT_TRUE(node.derivation.input_sources.contains(output_of("known")));
  }
  EXPECT_EQ(graph.nodes[1].dependencies, std::vector<std::size_t>{0});
}

TEST_F(GraphTest, AnOrderIsWhatTheGraphSays) {
  add({.name = "lib", .outputs = {"dev", "out"}});
  add({.name = "top", .inputs = {{"lib", {"dev"}}}});
  const auto graph = load("top");
  std::optional<Order> order;
  loop.run([](GraphTest& t, std::optional<Order>& into) -> aio::Task<void> {
    into = co_await read_order(t.loop, t.store, drv_path("top"));
  }(*this, order));
  ASSERT_TRUE(order);
  EXPECT_EQ(order->drv, drv_path("top"));
  EXPECT_EQ(order->derivation, graph.nodes.at(1).derivation);
}

TEST_F(GraphTest, ABrokenFileIsNamed) {
  add({.name = "app"});
  std::ofstream(store.location(drv_path("app").path())) << "Derive(";
  try {
    load("app");
    FAIL() << "no error";
  } catch (const Error& e) {
    EXPECT_NE(std::string(e.what()).find(drv_path("app").path().base_name()), std::string::npos);
  }
}

}  // namespace
}  // namespace firn::farm
