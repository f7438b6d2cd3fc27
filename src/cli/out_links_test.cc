// SPDX-License-Identifier: Apache-2.0
#include "cli/out_links.h"

#include "support/fake_store.h"
#include "support/run.h"
#include "support/store_samples.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace firn::cli {
namespace {

using testing::drv_path;
using testing::store_path;
using Links = std::vector<std::pair<std::filesystem::path, nix::StorePath>>;

farm::Graph::Result result(std::string_view drv, std::string output) {
  nix::StorePath path = store_path(std::string(drv) + "-" + output);
  return {.drv = drv_path(drv), .output = std::move(output), .path = std::move(path)};
}

TEST(OutLinks, AreNamedAsNixBuildNamesThem) {
  const auto links = out_links({result("a", "out"),
                                result("a", "dev"),
                                result("b", "out"),
                                result("c", "bin"),
                                result("c", "out")},
                               "result");
  EXPECT_EQ(links,
            (Links{{"result", store_path("a-out")},
                   {"result-dev", store_path("a-dev")},
                   {"result-2", store_path("b-out")},
                   {"result-3-bin", store_path("c-bin")},
                   {"result-3", store_path("c-out")}}));
}

TEST(OutLinks, ADerivationKeepsItsNumber) {
  const auto links = out_links(
      {result("a", "out"), result("b", "out"), result("a", "dev"), result("b", "dev")}, "x/y");
  EXPECT_EQ(links,
            (Links{{"x/y", store_path("a-out")},
                   {"x/y-2", store_path("b-out")},
                   {"x/y-dev", store_path("a-dev")},
                   {"x/y-2-dev", store_path("b-dev")}}));
}

aio::Task<void> link_two(testing::FakeStore& store) {
  store.hold(testing::stored("a-out"));
  co_await make_out_links(store, {result("a", "out")}, "result");
  EXPECT_EQ(store.roots, (Links{{"result", store_path("a-out")}}));
  const auto error =
      co_await testing::error_of(make_out_links(store, {result("b", "out")}, "other"));
  EXPECT_TRUE(error && std::string_view(error->what()).starts_with("while linking other to "));
}

TEST(OutLinks, AreRoots) {
  aio::Loop loop{aio::Loop::Time::manual};
  testing::FakeStore store;
  loop.run(link_two(store));
}

TEST(OutLinks, NothingBuiltNothingLinked) {
  EXPECT_TRUE(out_links({}, "result").empty());
}

}  // namespace
}  // namespace firn::cli
