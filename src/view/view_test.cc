// SPDX-License-Identifier: Apache-2.0
#include "view/view.h"

#include "support/fake_terminal.h"
#include "support/sample_run.h"

#include <gtest/gtest.h>

namespace firn::view {
namespace {

using namespace firn::testing;

TEST(MakeView, MakesEachKind) {
  const auto beginning = [](ViewKind kind) {
    FakeScreen screen;
    const auto view = make_view(kind, screen, {}, {});
    view->on(plan_made({"b1"}, 1, {"a"}));
    view->repaint(run_time(0));
    EXPECT_EQ(view->model().steps().total, 1U);
    return screen.text().substr(0, 6);
  };
  EXPECT_EQ(beginning(ViewKind::live), "\x1b[?25l");
  EXPECT_EQ(beginning(ViewKind::plain), "1 step");
  EXPECT_EQ(beginning(ViewKind::json), "{\"even");
}

}  // namespace
}  // namespace firn::view
