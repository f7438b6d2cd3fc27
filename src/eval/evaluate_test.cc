// SPDX-License-Identifier: Apache-2.0
#include "eval/evaluate.h"

#include "aio/phase.h"
#include "aio/scope.h"
#include "base/error.h"

#include <exception>
#include <fstream>
#include <functional>
#include <iterator>
#include <optional>
#include <sstream>

#include <gtest/gtest.h>

namespace firn::eval {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr std::string_view kA = "00000000000000000000000000000000-a.drv";
constexpr std::string_view kB = "11111111111111111111111111111111-b.drv";

Target target(std::string_view base_name, std::set<std::string> outputs) {
  return {.drv = nix::DrvPath(nix::StorePath::from_base_name(base_name)),
          .outputs = std::move(outputs)};
}

Request inputs(std::vector<std::string> words) {
  return {.inputs = std::move(words), .attributes = {}, .arguments = {}};
}

aio::Task<void> keep(aio::Task<Evaluation> task, std::optional<Evaluation>& result) {
  result = co_await std::move(task);
}

aio::Task<void> advance_when_there(aio::Loop* loop, fs::path file, Duration step, int times) {
  while (!fs::exists(file))
    co_await aio::yield_now();
  // What was printed before the file was made is in the pipe: let it be read.
  for (int i = 0; i < 100; ++i)
    co_await aio::yield_now();
  for (int i = 0; i < times; ++i)
    loop->timers().advance(step);
}

/// Once the child has made the file `ready`, time goes on by `step`, `times` times.
struct Clock {
  fs::path ready;
  Duration step;
  int times = 1;
};

aio::Task<void> beside(aio::Loop& loop, Clock clock, aio::Task<Evaluation> op) {
  aio::Scope scope(loop);
  scope.spawn(advance_when_there, &loop, clock.ready, clock.step, clock.times);
  std::exception_ptr error;
  try {
    co_await std::move(op);
  } catch (...) {
    error = std::current_exception();
  }
  co_await scope.close();
  if (error) std::rethrow_exception(error);
}

std::string read(const fs::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// A machine whose Nix is a shell script that writes its words down.
class EvaluateTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::ofstream(folder() / "default.nix") << "{ }\n";
    options_.program_folder = folder();
  }

  const fs::path& folder() const { return machine_.folder(); }

  /// In `script`, $root is the link that is asked for and $store the store directory.
  void install(const std::string& program, const std::string& script) {
    std::ostringstream text;
    text << "#!/bin/sh\nstore=/nix/store\nroot=$(dirname $0)/none\n"
         << "for word; do printf '%s\\n' \"$word\" >> " << folder() / program << ".words;\n"
         << "[ \"$last\" = --add-root ] && root=$word; last=$word; done\n"
         << script << '\n';
    std::ofstream(folder() / program) << text.str();
    fs::permissions(folder() / program, fs::perms::owner_all);
  }

  std::string words(const std::string& program) { return read(folder() / (program + ".words")); }

  Evaluation run(const Request& request) {
    std::optional<Evaluation> result;
    loop_.run(keep(evaluate(loop_, request, roots_, hold_, options_), result));
    return std::move(*result);
  }

  std::string message(const Request& request, Kind kind) {
    return message_of(kind, [&] { run(request); });
  }

  static std::string message_of(Kind kind, const std::function<void()>& call) {
    try {
      call();
    } catch (const Error& e) {
      EXPECT_EQ(e.kind(), kind) << e.what();
      return e.what();
    }
    return "no error";
  }

  Request default_file(std::vector<std::string> attributes = {}) const {
    return {
        .inputs = {folder() / "default.nix"}, .attributes = std::move(attributes), .arguments = {}};
  }

  aio::Task<nix::StorePathSet> hold(nix::StorePathSet drvs) {
    ++holds_;
    std::erase_if(drvs,
                  [](const auto& drv) { return drv.base_name() != kA && drv.base_name() != kB; });
    co_return drvs;
  }

  EvaluationRoots machine_;
  EvaluationRoots roots_;
  /// What the store holds of what is asked for: kA and kB.
  Hold hold_ = [this](nix::StorePathSet drvs) { return hold(std::move(drvs)); };
  int holds_ = 0;
  Options options_;
  aio::Loop loop_;
};

TEST_F(EvaluateTest, AFileGivesRootedDerivations) {
  install("nix-instantiate",
          "ln -s $store/" + std::string(kA) + " $root; ln -s $store/" + std::string(kB) +
              " $root-2; ln -s $store/" + std::string(kA) +
              " $root-3; echo $root; echo $root-2!dev; echo $root-3!doc; echo warning: old >&2");
  const Evaluation evaluation = run(default_file({"a", "b.dev"}));
  EXPECT_EQ(evaluation.targets, (std::vector{target(kA, {"doc", "out"}), target(kB, {"dev"})}));
  EXPECT_EQ(evaluation.notes, "warning: old");
}

TEST_F(EvaluateTest, HandsEverythingOnToNix) {
  install("nix-instantiate", "ln -s $store/" + std::string(kA) + " $root; echo $root");
  Request request = default_file({"a"});
  request.arguments = {
      {.form = Argument::Form::expression, .name = "systems", .value = "[ \"x\" ]"},
      {.form = Argument::Form::text, .name = "name", .value = "it's"},
  };
  options_.search_paths = {"nixpkgs=/src"};
  options_.settings = {{"restrict-eval", "true"}};
  run(request);
  EXPECT_EQ(words("nix-instantiate"),
            (folder() / "default.nix").string() + "\n--add-root\n" + roots_.folder().string() +
                "/drv0\n--indirect\n-A\na\n--arg\nsystems\n[ \"x\" ]\n--argstr\nname\nit's\n-I\n"
                "nixpkgs=/src\n--option\nrestrict-eval\ntrue\n");
}

TEST_F(EvaluateTest, AFailureEndsInNixsOwnWords) {
  const std::string file = folder() / "default.nix";

  const struct {
    std::string script;
    Kind kind;
    std::string message;
  } cases[] = {
      {"printf '\\033[31;1merror:\\033[0m no a here\\n' >&2; exit 1",
       Kind::invalid,
       "evaluation of " + file + " -A a failed: no a here"},
      {"printf 'trace: x\\nerror: no\\n' >&2; exit 1",
       Kind::invalid,
       "evaluation of " + file + " -A a failed:\ntrace: x\nerror: no"},
      {"exit 1", Kind::invalid, "evaluation of " + file + " -A a failed: Nix gave no reason"},
      {"exit 0",
       Kind::invalid,
       "evaluation of " + file + " -A a gave no derivation; choose one with -A ATTR"},
      {"echo error: cannot connect to socket at /var/daemon-socket/socket >&2; exit 1",
       Kind::unavailable,
       "evaluation of " + file +
           " -A a failed: cannot connect to socket at /var/daemon-socket/socket"},
      {"kill -9 $$",
       Kind::resource,
       "evaluation of " + file +
           " -A a failed: Nix was killed by signal 9 (is the machine out of memory?)"},
      {"echo /nowhere/root",
       Kind::protocol,
       "nix-instantiate printed '/nowhere/root', which is no root: No such file or directory"},
  };

  for (const auto& c : cases) {
    install("nix-instantiate", c.script);
    EXPECT_EQ(message(default_file({"a"}), c.kind), c.message);
  }
}

TEST_F(EvaluateTest, KeepsTheLastWordsOfALoudFailure) {
  install("nix-instantiate", "seq 1 20000 >&2; echo the reason >&2; exit 1");
  const std::string text = message(default_file(), Kind::invalid);
  EXPECT_TRUE(text.ends_with("19999\n20000\nthe reason")) << text.substr(0, 200);
  EXPECT_LT(text.size(), 17000U);
}

TEST_F(EvaluateTest, NamesAMissingFile) {
  const std::string absent = folder() / "absent.nix";
  constexpr std::string_view kWayOut = "; give a FILE, an installable such as .#hello, or a .drv";
  EXPECT_EQ(message(inputs({absent}), Kind::not_found),
            "no such file: " + absent + std::string(kWayOut));
  fs::remove(folder() / "default.nix");
  EXPECT_EQ(message(inputs({folder()}), Kind::not_found),
            "no such file: " + (folder() / "default.nix").string() + std::string(kWayOut));
}

TEST_F(EvaluateTest, NamesAMissingNix) {
  const std::string text = message(default_file(), Kind::not_found);
  EXPECT_EQ(text,
            (folder() / "nix-instantiate").string() +
                " was not found; firn evaluates with the installed Nix: install it (on Debian and "
                "Ubuntu: apt install nix-bin) or name .drv files");
}

TEST_F(EvaluateTest, GivesUpAnEvaluationThatStandsStill) {
  install("nix-instantiate", "echo fetching >&2; : > $(dirname $0)/ready; exec sleep 100");
  aio::Loop loop(aio::Loop::Time::manual);
  const Clock clock{.ready = folder() / "ready", .step = 8min, .times = 6};
  const auto call = [&] {
    loop.run(beside(loop, clock, evaluate(loop, default_file(), roots_, hold_, options_)));
  };
  EXPECT_EQ(message_of(Kind::timeout, call),
            "evaluation of " + (folder() / "default.nix").string() +
                " printed nothing for 30 minutes and was stopped: fetching");
}

TEST_F(EvaluateTest, ACancellationEndsTheProcess) {
  install("nix-instantiate", "cd $(dirname $0); echo $$ > child; : > ready; exec sleep 100");
  aio::Loop loop(aio::Loop::Time::manual);
  const Clock clock{.ready = folder() / "ready", .step = 2s};
  const Request request = default_file();
  auto run = aio::within(loop, "the run", 1s, evaluate(loop, request, roots_, hold_, options_));
  EXPECT_EQ(message_of(Kind::timeout, [&] { loop.run(beside(loop, clock, std::move(run))); }),
            "the run took longer than 1 s");
  const std::string child = read(folder() / "child");
  EXPECT_FALSE(fs::exists("/proc/" + child.substr(0, child.find('\n'))));
}

TEST_F(EvaluateTest, DerivationsAreOnlyHeld) {
  const std::string store = "/nix/store/";
  const Evaluation evaluation =
      run(inputs({store + std::string(kA), store + std::string(kB) + "^dev"}));
  EXPECT_EQ(evaluation.targets, (std::vector{target(kA, {}), target(kB, {"dev"})}));
  EXPECT_EQ(holds_, 1);
}

TEST_F(EvaluateTest, NamesADerivationThatIsNotThere) {
  const std::string drv = "/nix/store/22222222222222222222222222222222-c.drv";
  EXPECT_EQ(message(inputs({drv}), Kind::not_found), "no such derivation: " + drv);
}

TEST_F(EvaluateTest, AnInstallableIsDescribedOnceAndHeld) {
  install("nix",
          "echo '{\"drv\":\"/nix/store/" + std::string(kA) + "\",\"outputs\":[\"bin\",\"man\"]}'");

  const struct {
    std::string input;
    std::set<std::string> outputs;
  } cases[] = {{".#a", {"bin", "man"}}, {".#a^dev", {"dev"}}, {".#a^*", {}}};

  for (const auto& c : cases)
    EXPECT_EQ(run(inputs({c.input})).targets, std::vector{target(kA, c.outputs)}) << c.input;
  EXPECT_EQ(holds_, 3);
}

TEST_F(EvaluateTest, AnInstallableThatIsCollectedIsEvaluatedAgain) {
  const std::string gone = "22222222222222222222222222222222-c.drv";
  install("nix", "echo '{\"drv\":\"/nix/store/" + gone + "\",\"outputs\":[\"out\"]}'");
  EXPECT_EQ(
      message(inputs({".#c"}), Kind::unavailable),
      "the garbage collector took a derivation of .#c away before it could be rooted, 3 times "
      "in a row; try again when no collection is running");
  EXPECT_EQ(holds_, 3);
}

TEST_F(EvaluateTest, SaysWhyAnInstallableGivesNothing) {
  const struct {
    std::string script;
    std::string message;
  } cases[] = {
      {"echo null", "nixpkgs#lib is no derivation; see what there is with 'nix flake show'"},
      {"echo error: no attribute >&2; exit 1", "evaluation of 'nixpkgs#lib' failed: no attribute"},
      {"echo \"error: unrecognised flag '--extra-experimental-features'\" >&2; exit 1",
       "evaluation of 'nixpkgs#lib' failed: this Nix is older than 2.4 and knows no flakes; give a "
       "FILE or a .drv"},
  };

  for (const auto& c : cases) {
    install("nix", c.script);
    EXPECT_EQ(message(inputs({"nixpkgs#lib"}), Kind::invalid), c.message);
  }
}

TEST_F(EvaluateTest, DoesNotBelieveStrangeJson) {
  for (const char* json : {"", "{}", "[1]", "{\"drv\":5}", "{\"drv\":\"/nix/store/x\"}"}) {
    install("nix", "echo '" + std::string(json) + "'");
    EXPECT_NE(message(inputs({".#a"}), Kind::invalid), "no error") << json;
  }
}

}  // namespace
}  // namespace firn::eval
