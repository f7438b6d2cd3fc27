// SPDX-License-Identifier: Apache-2.0
// The drawings: that what they show is what happened is read off the places of their shapes.
#include "sim/gantt.h"
#include "sim/time_axis.h"
#include "sim/utilisation_plot.h"

#include <array>

#include <gmock/gmock.h>

namespace firn::sim {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;

const StepKind kLinux{.system = "x86_64-linux", .features = {}};

Queue two_projects() {
  Queue queue;
  queue.kinds = {kLinux};
  queue.steps = {{.name = "below", .dependencies = {}, .duration = seconds(10)},
                 {.name = "a<b>", .dependencies = {0}, .duration = seconds(20)},
                 {.name = "c", .dependencies = {0}, .duration = seconds(30)}};
  queue.projects = {{.name = "p&q"}, {.name = "r"}};
  queue.builds = {{.step = 1}, {.step = 2, .project = 1}};
  return queue;
}

std::size_t count(std::string_view text, std::string_view what) {
  std::size_t found = 0;
  for (std::size_t at = text.find(what); at != std::string_view::npos; at = text.find(what, at + 1))
    ++found;
  return found;
}

TEST(Gantt, HasABarForEachStepInItsProjectsColourAndMarksTheChain) {
  const Queue queue = two_projects();
  const Fleet fleet = uniform_fleet(1, 2, kLinux);
  const std::string svg = draw_gantt(queue, fleet, simulate(queue, fleet, {}), "a & b");
  EXPECT_THAT(svg, HasSubstr("a &amp; b"));
  EXPECT_THAT(svg, HasSubstr("<title>a&lt;b&gt;: 20 s from 10 s, ready at 10 s</title>"));
  EXPECT_THAT(svg, HasSubstr("p&amp;q"));
  EXPECT_THAT(svg, Not(HasSubstr("a<b>")));
  EXPECT_EQ(count(svg, "<title>"), 3U);
  // Two steps of the chain and the square of the legend.
  EXPECT_EQ(count(svg, "fill=\"#e15759\""), 3U);
  EXPECT_TRUE(svg.ends_with("</svg>\n"));
}

TEST(Gantt, DrawsWhatIsTooShortToBeSeenTogether) {
  Queue queue;
  queue.kinds = {kLinux};
  queue.projects = {{.name = "p"}};
  for (StepIndex i = 0; i < 1000; ++i) {
    queue.steps.push_back({.name = "s", .dependencies = {}, .duration = seconds(1)});
    queue.builds.push_back({.step = i});
  }
  const Fleet fleet = uniform_fleet(1, 1, kLinux);
  const std::string svg = draw_gantt(queue, fleet, simulate(queue, fleet, {}), "many");
  EXPECT_LT(count(svg, "<rect"), 20U);
}

TEST(UtilisationPlot, HasAPanelForEachRunOnOneScale) {
  const Queue queue = two_projects();
  const Fleet fleet = uniform_fleet(1, 1, kLinux);
  const Outcome outcome = simulate(queue, fleet, {});
  const std::array<PlottedRun, 2> runs{
      {{.title = "first", .outcome = &outcome}, {.title = "second", .outcome = &outcome}}};
  const std::string svg = draw_utilisation(queue, fleet, runs);
  EXPECT_EQ(count(svg, ">slots<"), 2U);
  EXPECT_EQ(count(svg, ">waiting<"), 2U);
  EXPECT_THAT(svg, HasSubstr(">first<"));
  EXPECT_THAT(svg, HasSubstr(">second<"));
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
}

TEST(Drawings, OfNothingAreDrawingsStill) {
  const Queue nothing;
  const Fleet fleet = uniform_fleet(1, 1, kLinux);
  const Outcome outcome = simulate(nothing, fleet, {});
  EXPECT_THAT(draw_gantt(nothing, fleet, outcome, "nothing"), Not(HasSubstr("nan")));
  const std::array<PlottedRun, 1> runs{{{.title = "nothing", .outcome = &outcome}}};
  EXPECT_THAT(draw_utilisation(nothing, fleet, runs), Not(HasSubstr("nan")));
}

TEST(TimeAxis, SaysTimesInWords) {
  EXPECT_EQ(in_words(seconds(90)), "90 s");
  EXPECT_EQ(in_words(seconds(600)), "10 min");
  EXPECT_EQ(in_words(seconds(3600)), "1 h");
  EXPECT_EQ(in_words(seconds(7500)), "2 h 05 min");
}

TEST(TimeAxis, EverybodysStepsHaveNoSingleOwner) {
  const Queue queue = two_projects();
  EXPECT_THAT(owners(queue), testing::ElementsAre(2, 0, 1));
}

}  // namespace
}  // namespace firn::sim
