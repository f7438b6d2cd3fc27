// SPDX-License-Identifier: Apache-2.0
// Who reads firn's standard output may stop, come late or go away: the farm does not wait for it.
#include "integration/farm_fixture.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>

namespace firn::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

/// 25 steps, the events of which fill a pipe twice.
constexpr std::string_view kSteps = R"nix({
  all = mk {
    name = "all";
    script = "echo ${toString (builtins.genList (i: mk {
      name = "step-${toString i}-${builtins.concatStringsSep "" (builtins.genList (_: "long") 40)}";
      script = "echo > $out";
    }) 24)} > $out";
  };
})nix";

class Reader : public FarmTest {
 protected:
  void SetUp() override {
    FarmTest::SetUp();
    if (IsSkipped()) return;
    home_ = std::make_unique<lab::CoordinatorHost>();
    builder_ = std::make_unique<lab::Builder>(home_->key(),
                                              lab::BuilderOptions{.name = "b1", .max_jobs = 2});
  }

  const lab::CoordinatorHost& home() const { return *home_; }

  fs::path file(std::string_view name) const { return home().dir() / name; }

  /// `firn build --json … | reader`; firn's exit code is written to the file "code".
  lab::Process start(std::string_view reader) {
    drvs_ = write_nix(home(), kSteps);
    const auto script = fmt::format(
        "cd {}; {{ \"$@\" 2> err; echo $? > code; }} | {{ {}; }}", home().dir().string(), reader);
    std::vector<std::string> command{"/bin/sh", "-c", script, "sh"};
    std::ranges::copy(
        firn_command(home(), {drvs_, "-A", "all", "-j0", "--builders", machines({builder_.get()})}),
        std::back_inserter(command));
    return home().spawn(command);
  }

  /// All is built, and the builder has nothing more to do.
  bool is_built() const {
    return home().store_has(outputs(home(), drvs_, "all").front()) && is_idle(builder_->host());
  }

  /// What there is to know where something takes too long.
  std::string state() const {
    return fmt::format("{}\n{}\n{}",
                       lab::read_file(file("err")),
                       fmt::join(home().processes(), "\n"),
                       fmt::join(builder_->host().processes(), "\n"));
  }

  std::string code() const { return fs::exists(file("code")) ? lab::read_file(file("code")) : ""; }

 private:
  std::unique_ptr<lab::CoordinatorHost> home_;
  std::unique_ptr<lab::Builder> builder_;
  std::string drvs_;
};

TEST_F(Reader, WhoNeverReadsHoldsUpNothing) {
  auto process = start("sleep 1000");
  ASSERT_TRUE(eventually([&] { return is_built(); }, 30s)) << state();
  EXPECT_EQ(code(), "");
  EXPECT_TRUE(eventually([&] { return code() == "3\n"; }, 60s)) << code();
  EXPECT_THAT(lab::read_file(file("err")), HasSubstr("lost from here on: nobody reads the last"));
}

TEST_F(Reader, WhoComesLateGetsEveryLine) {
  auto process = start("while [ ! -e go ]; do sleep 0.1; done; cat > events");
  ASSERT_TRUE(eventually([&] { return is_built(); }, 30s)) << state();
  EXPECT_EQ(code(), "");
  lab::write_file(file("go"), "");
  EXPECT_TRUE(process.wait(30s).ok());
  EXPECT_EQ(code(), "0\n");
  const auto events = parse_events(lab::read_file(file("events")));
  const auto count = [&](std::string_view name) {
    return std::ranges::count_if(events,
                                 [&](const auto& event) { return event.at("event") == name; });
  };
  EXPECT_EQ(count("step_ended"), 25);
  EXPECT_EQ(count("lines_lost"), 0);
  EXPECT_EQ(events.back().at("event"), "run_ended");
}

TEST_F(Reader, WhoGoesAwayHoldsUpNothing) {
  auto process = start("head -1 > events");
  EXPECT_TRUE(process.wait(30s).ok());
  EXPECT_EQ(code(), "3\n");
  EXPECT_TRUE(is_built());
  EXPECT_THAT(lab::read_file(file("events")), HasSubstr("plan_made"));
  EXPECT_THAT(lab::read_file(file("err")), HasSubstr("lost from here on: its reader has gone"));
}

}  // namespace
}  // namespace firn::testing
