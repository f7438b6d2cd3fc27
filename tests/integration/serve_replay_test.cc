// SPDX-License-Identifier: Apache-2.0
// The same words to Nix's own `nix-store --serve` and to ours, on identical copies of a store, with
// Nix of four ages below: the same answers, byte for byte but for times, and the same end.
#include "base/hash.h"
#include "integration/farm_fixture.h"
#include "integration/serve_conversation.h"
#include "nix/store_path_computation.h"
#include "support/store_samples.h"
#include "wire/export_stream.h"
#include "wire/serve_handshake.h"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace firn::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr std::string_view kExpression = R"nix(rec {
  lib = mk { name = "lib"; script = "echo lib > $out"; };
  app = mk { name = "app"; script = "mkdir $out; echo ${lib} > $out/lib; ln -s lib $out/link"; };
  fresh = mk { name = "fresh"; script = "echo fresh; echo ${lib} > $out"; };
  bad = mk { name = "bad"; script = "echo bad luck; exit 1"; };
})nix";

/// What an export stream or an upload says of a made-up path.
nix::PathInfo info_of(std::string_view name, std::string_view nar, nix::StorePathSet references) {
  auto info = stored(store_path(name), std::string(nar), std::move(references)).info;
  info.deriver = drv_path(name).path();
  return info;
}

wire::BuildDerivation build_of(std::string_view name, std::string script) {
  const auto out = store_path(name);
  wire::BuildDerivation request{.drv_path = drv_path(name), .derivation = {}, .options = {}};
  auto& derivation = request.derivation;
  derivation.outputs["out"].path = out;
  derivation.platform = lab::current_system();
  derivation.builder = "/bin/sh";
  derivation.args = {"-c", "PATH=/usr/bin:/bin; " + std::move(script)};
  derivation.env = {{"name", std::string(name)}, {"out", out.str()}};
  return request;
}

/// Its output must hold `contents`.
wire::BuildDerivation fixed_build(std::string_view name,
                                  std::string_view contents,
                                  std::string script) {
  const auto hash = hash_of(HashAlgorithm::sha256, contents);
  const auto path =
      nix::content_addressed_path(name, {.method = nix::ContentMethod::flat, .hash = hash});
  auto request = build_of(name, std::move(script));
  request.derivation.env["out"] = path.str();
  request.derivation.outputs["out"] = {
      .path = path, .hash_algo = "sha256", .hash = hash.encode(HashForm::base16)};
  return request;
}

class ServeReplay : public ReleaseTest {
 protected:
  void SetUp() override {
    ReleaseTest::SetUp();
    if (IsSkipped()) return;
    theirs_.emplace(lab::HostOptions{.release = GetParam()});
    ours_.emplace(lab::HostOptions{.release = GetParam()});
    fill();
    fs::copy(theirs_->dir() / "nix",
             ours_->dir() / "nix",
             fs::copy_options::recursive | fs::copy_options::copy_symlinks);
    nix_store_ = install_nix_store(*ours_);
    if (GetParam().nix == "2.3.7") newest_ = 5;
    version_ = wire::ServeVersion(static_cast<std::uint8_t>(newest_));
  }

  /// Tells both the same and compares what they say.
  void expect_same(Conversation conversation) {
    SCOPED_TRACE(conversation.name);
    conversation.lines.insert(conversation.lines.begin(), greet(version_));
    expect_same_bytes(conversation);
  }

  void expect_same_bytes(const Conversation& conversation) const {
    const auto nix = tell(*theirs_, {"nix-store"}, conversation);
    const auto firn = tell(*ours_, nix_store_, conversation);
    ASSERT_EQ(firn.answers.size(), nix.answers.size()) << firn.printed;
    for (std::size_t i = 0; i < nix.answers.size(); ++i) {
      EXPECT_EQ(firn.answers[i], nix.answers[i])
          << (i < conversation.lines.size() ? conversation.lines[i].what : "the end");
    }
    EXPECT_EQ(firn.exit_code, nix.exit_code) << firn.printed;
    EXPECT_EQ(nix.exit_code != 0, !conversation.error.empty()) << nix.printed;
    if (conversation.error.empty()) return;
    EXPECT_THAT(nix.last_error(), HasSubstr(conversation.error)) << nix.printed;
    EXPECT_THAT(firn.last_error(), HasSubstr(conversation.error)) << firn.printed;
  }

  /// Nix knows the command no more; we still do.
  void expect_given_up(const Line& line) const {
    const Conversation conversation{.name = "export", .lines = {greet(version_), line}};
    EXPECT_THAT(tell(*theirs_, {"nix-store"}, conversation).last_error(), HasSubstr("5"));
    const auto firn = tell(*ours_, nix_store_, conversation);
    EXPECT_EQ(firn.exit_code, 0) << firn.printed;
    EXPECT_EQ(line.answer_size(firn.answers.at(1)), firn.answers.at(1).size());
  }

  /// What our server alone is told.
  Heard tell_ours(Conversation conversation) const {
    conversation.lines.insert(conversation.lines.begin(), greet(version_));
    return tell(*ours_, nix_store_, conversation);
  }

  /// Ours is asked for all that nobody holds.
  void collect_garbage() const { ours_->run({"nix-store", "--gc"}); }

  bool is_valid_with_us(const nix::StorePath& path) const { return ours_->store_has(path.str()); }

  template <class Request>
  Line ask(std::string what, const Request& request) const {
    return testing::ask(std::move(what), request, version_);
  }

  Line add(std::string what, const nix::PathInfo& info, std::string_view nar) const {
    return upload(std::move(what), info, nar, version_);
  }

  Line import(std::string what, const std::vector<std::pair<nix::PathInfo, std::string>>& paths) {
    auto line = ask(std::move(what), wire::ImportPaths{});
    for (const auto& [info, nar] : paths) {
      wire::append_export_item(line.bytes);
      line.bytes += nar;
      wire::append_export_trailer(line.bytes, wire::export_trailer_of(info));
    }
    wire::append_export_end(line.bytes);
    return line;
  }

  nix::StorePath path(std::string_view name) const {
    return nix::parse_store_path(paths_.at(std::string(name)));
  }

  nix::StorePathSet both() const { return {path("app"), path("lib")}; }

  /// The minor version that this Nix announces.
  int newest_ = 7;
  wire::ServeVersion version_{7};

 private:
  /// Builds some, and only instantiates others.
  void fill() {
    const auto file = write_nix(*theirs_, kExpression);
    for (const char* name : {"lib", "app", "fresh", "bad"})
      paths_[std::string(name) + ".drv"] = line_of({"nix-instantiate", file, "-A", name});
    for (const char* name : {"lib", "app"})
      paths_[name] = line_of({"nix-build", "--no-out-link", file, "-A", name});
  }

  std::string line_of(const std::vector<std::string>& argv) const {
    const auto outcome = theirs_->run(argv);
    if (!outcome.ok()) throw std::runtime_error(outcome.describe());
    return outcome.out.substr(0, outcome.out.find('\n'));
  }

  std::optional<lab::CoordinatorHost> theirs_;
  std::optional<lab::CoordinatorHost> ours_;
  std::vector<std::string> nix_store_;
  std::map<std::string, std::string> paths_;
};

TEST_P(ServeReplay, Questions) {
  const nix::StorePathSet some{path("app"), path("lib"), store_path("gone")};
  expect_same(
      {.name = "questions",
       .lines = {
           ask("valid", wire::QueryValidPaths{.lock = false, .substitute = false, .paths = some}),
           ask("lock", wire::QueryValidPaths{.lock = true, .substitute = false, .paths = some}),
           ask("substitute",
               wire::QueryValidPaths{.lock = true, .substitute = true, .paths = both()}),
           ask("infos", wire::QueryPathInfos{.paths = some}),
           ask("no infos", wire::QueryPathInfos{.paths = {}}),
           ask("closure", wire::QueryClosure{.include_outputs = false, .paths = {path("app")}}),
           ask("drv closure",
               wire::QueryClosure{.include_outputs = false, .paths = {path("app.drv")}}),
           ask("outputs", wire::QueryClosure{.include_outputs = true, .paths = {path("app.drv")}}),
           dump(path("app"), version_),
           dump(path("lib"), version_)}});
  expect_same({.name = "dumping what is not valid",
               .lines = {dump(path("lib"), version_), dump(store_path("gone"), version_)},
               .error = "-gone' is not "});
  expect_same({.name = "closure of what is not valid",
               .lines = {ask("closure", wire::QueryClosure{.paths = some})},
               .error = " is not "});
}

TEST_P(ServeReplay, Exports) {
  if (GetParam().nix == "2.34.8") return expect_given_up(export_paths(both(), version_));
  expect_same(
      {.name = "export", .lines = {export_paths(both(), version_), export_paths({}, version_)}});
  expect_same({.name = "exporting what is not valid",
               .lines = {export_paths({path("lib"), store_path("gone")}, version_)},
               .error = "-gone' is not "});
}

TEST_P(ServeReplay, Uploads) {
  const auto nar = nar_of("uploaded");
  const auto info = info_of("uploaded", nar, {path("lib"), store_path("uploaded")});
  expect_same({.name = "an upload, and again",
               .lines = {add("add", info, nar),
                         add("add what is there", info, nar),
                         ask("infos", wire::QueryPathInfos{.paths = {info.path}}),
                         dump(info.path, version_),
                         add("add other bytes", info, std::string(nar.size(), 'x')),
                         dump(info.path, version_)}});

  const auto refused = info_of("refused", nar, {});
  auto wrong = refused;
  wrong.nar_hash = hash_of(HashAlgorithm::sha256, "something else");
  expect_same({.name = "wrong hash", .lines = {add("add", wrong, nar)}, .error = "hash"});
  wrong = refused;
  wrong.nar_size = ByteCount(nar.size() + 8);
  expect_same({.name = "too short",
               .lines = {add("add", wrong, nar + std::string(8, '\0'))},
               .error = "refused"});
  wrong.nar_size = ByteCount(nar.size() - 8);
  expect_same({.name = "too long", .lines = {add("add", wrong, nar)}, .error = "end"});
  wrong.nar_size = ByteCount(0);
  expect_same({.name = "no size", .lines = {add("add", wrong, nar)}, .error = "narSize"});
  wrong = refused;
  wrong.references = {store_path("gone")};
  expect_same(
      {.name = "missing reference", .lines = {add("add", wrong, nar)}, .error = "-gone' is not "});
  expect_same({.name = "after all that",
               .lines = {ask("valid", wire::QueryValidPaths{.paths = {refused.path}})}});
}

TEST_P(ServeReplay, Imports) {
  const auto a = nar_of("a");
  const auto b = nar_of("b");
  const auto info_a = info_of("import-a", a, {path("lib")});
  const auto info_b = info_of("import-b", b, {info_a.path, store_path("import-b")});
  expect_same({.name = "import",
               .lines = {import("two", {{info_a, a}, {info_b, b}}),
                         import("what is there", {{info_a, a}}),
                         import("nothing", {}),
                         ask("infos", wire::QueryPathInfos{.paths = {info_a.path, info_b.path}})}});
  expect_same({.name = "missing reference",
               .lines = {import("one", {{info_of("import-c", a, {store_path("gone")}), a}})},
               .error = "-gone' is not "});
  auto torn = import("torn", {{info_of("import-d", a, {}), a}});
  torn.bytes.resize(torn.bytes.size() - 100);
  torn.bytes += std::string(92, 'x');
  expect_same({.name = "no stream", .lines = {torn}, .error = "e"});
}

TEST_P(ServeReplay, Builds) {
  auto output = ask("infos", wire::QueryPathInfos{.paths = {store_path("built")}});
  auto lacking = build_of("lacking", "echo > $out");
  lacking.derivation.input_sources = {store_path("gone")};
  expect_same({.name = "builds on one connection",
               .lines = {ask("build", build_of("built", "echo building; echo built > $out")),
                         ask("again", build_of("built", "echo building; echo built > $out")),
                         ask("failure", build_of("failed", "echo about to fail; exit 3")),
                         ask("silence", build_of("silent", "exit 1")),
                         ask("no output", build_of("empty", "true")),
                         ask("missing input", lacking),
                         ask("fixed output", fixed_build("fixed", "hello", "printf hello > $out")),
                         ask("wrong hash", fixed_build("wrong", "hello", "echo bye > $out")),
                         output,
                         dump(store_path("built"), version_)}});
}

TEST_P(ServeReplay, LimitsOfBuilds) {
  auto late = build_of("late", "echo slow; exec sleep 60");
  late.options.build_timeout = std::chrono::seconds(1);
  auto silent = build_of("mute", "echo slow; exec sleep 60");
  silent.options.max_silent_time = std::chrono::seconds(1);
  auto loud = build_of("loud", "while :; do echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; done");
  loud.options.max_log_size = ByteCount(1000);
  expect_same(
      {.name = "limits", .lines = {ask("late", late), ask("silent", silent), ask("loud", loud)}});
}

TEST_P(ServeReplay, OlderClients) {
  // Nix 2.4 to 2.10 end every result with outputs, whatever the client announced.
  const int first_of_builds = GetParam().nix == "2.8.0" ? 6 : 1;
  for (int minor = 0; minor < 7 && minor <= newest_; ++minor) {
    version_ = wire::ServeVersion(static_cast<std::uint8_t>(minor));
    std::vector<Line> lines{
        ask("infos", wire::QueryPathInfos{.paths = both()}),
        ask("paths", wire::BuildPaths{.targets = {path("app.drv").str()}, .options = {}})};
    if (minor >= first_of_builds) {
      lines.push_back(ask("build", build_of(fmt::format("old-{}", minor), "echo > $out")));
      lines.push_back(ask("failure", build_of("failed", "exit 1")));
    }
    lines.push_back(ask("valid", wire::QueryValidPaths{.paths = both()}));
    expect_same({.name = fmt::format("client 2.{}", minor), .lines = std::move(lines)});
  }
}

TEST_P(ServeReplay, BuildsOfPaths) {
  const auto build = [&](const std::string& target) {
    return ask(target, wire::BuildPaths{.targets = {target}, .options = {}});
  };
  expect_same({.name = "build paths",
               .lines = {build(path("app.drv").str()),
                         build(path("fresh.drv").str() + "!out"),
                         build(path("fresh.drv").str()),
                         build(path("bad.drv").str()),
                         build(store_path("gone").str()),
                         ask("nothing", wire::BuildPaths{.targets = {}, .options = {}})}});
  expect_same({.name = "no path", .lines = {build("/tmp/x")}, .error = "/tmp/x"});
}

TEST_P(ServeReplay, LeavingInMidBuild) {
  expect_same({.name = "leaving",
               .lines = {ask("build", build_of("slow", "echo slow; exec sleep 600"))},
               .leaves_at = "slow",
               .error = "interrupted"});
}

/// What was locked, added or built stays as long as the connection, and no longer.
TEST_P(ServeReplay, RootsLiveAsLongAsTheConnection) {
  const auto nar = nar_of("added");
  const auto added = info_of("added", nar, {});
  const auto built = build_of("built", "echo built > $out");
  const std::vector<nix::StorePath> held{path("lib"), added.path, store_path("built")};
  const auto heard =
      tell_ours({.name = "roots",
                 .lines = {ask("lock", wire::QueryValidPaths{.lock = true, .paths = {path("lib")}}),
                           add("add", added, nar),
                           ask("build", built)},
                 .before_leaving = [&] {
                   collect_garbage();
                   for (const auto& path : held)
                     EXPECT_TRUE(is_valid_with_us(path)) << path.str();
                   EXPECT_FALSE(is_valid_with_us(path("app")));
                 }});
  EXPECT_EQ(heard.exit_code, 0) << heard.printed;
  collect_garbage();
  for (const auto& path : held)
    EXPECT_FALSE(is_valid_with_us(path)) << path.str();
}

class BigPaths : public ServeReplay {};

TEST_P(BigPaths, AreNotHeldInMemory) {
  constexpr std::size_t kSize = std::size_t{128} << 20U;
  const auto nar = nar_of(std::string(kSize, 'x'));
  const auto imported = info_of("big-import", nar, {});
  const auto uploaded = info_of("big-upload", nar, {});
  const auto heard = tell_ours({.name = "big",
                                .lines = {import("import", {{imported, nar}}),
                                          add("add", uploaded, nar),
                                          dump(imported.path, version_)}});
  EXPECT_EQ(heard.exit_code, 0) << heard.printed;
  EXPECT_TRUE(heard.answers.at(3) == nar);
  EXPECT_LT(heard.peak_rss_kib, (kSize / 2) >> 10U);
  RecordProperty("peak_rss_kib", std::to_string(heard.peak_rss_kib));
}

TEST_P(ServeReplay, BadManners) {
  const std::string unknown("\x63\0\0\0\0\0\0\0", 8);
  expect_same({.name = "unknown", .lines = {say("99", unknown)}, .error = "99"});
  auto padding = dump(path("lib"), version_);
  padding.bytes.back() = 'x';
  expect_same({.name = "padding", .lines = {padding}, .error = "padding"});
  auto outside = ask("outside", wire::QueryValidPaths{.paths = {path("lib")}});
  outside.bytes.replace(outside.bytes.find("/nix/store"), 10, "/nix/stork");
  expect_same({.name = "outside", .lines = {outside}, .error = "/nix/stork"});
  expect_same_bytes({.name = "magic",
                     .lines = {say("a server", wire::server_hello())},
                     .error = "protocol mismatch"});
}

TEST_P(ServeReplay, ReadOnly) {
  const auto refuse = [this](std::string name, std::string bytes, std::string error) {
    bytes.resize(8);
    expect_same(
        {.name = name, .lines = {say(name, bytes)}, .error = std::move(error), .options = {}});
  };
  refuse("import", ask("", wire::ImportPaths{}).bytes, "importing paths is not allowed");
  refuse("add",
         ask("", wire::AddToStoreNar{.info = info_of("a", "a", {})}).bytes,
         "importing paths is not allowed");
  refuse("build", ask("", build_of("a", "")).bytes, "building paths is not allowed");
  refuse("build paths",
         ask("", wire::BuildPaths{.targets = {}, .options = {}}).bytes,
         "building paths is not allowed");
  expect_same({.name = "questions",
               .lines = {ask("lock", wire::QueryValidPaths{.lock = true, .paths = both()}),
                         ask("infos", wire::QueryPathInfos{.paths = both()}),
                         dump(path("app"), version_)},
               .options = {}});
}

INSTANTIATE_TEST_SUITE_P(Nix, BigPaths, ::testing::Values(lab::kReleases[1]), release_name);
INSTANTIATE_TEST_SUITE_P(Nix, ServeReplay, ::testing::ValuesIn(lab::kReleases), release_name);

}  // namespace
}  // namespace firn::testing
