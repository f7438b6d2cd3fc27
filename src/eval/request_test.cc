// SPDX-License-Identifier: Apache-2.0
#include "eval/request.h"

#include "base/error.h"
#include "eval/evaluation_roots.h"

#include <filesystem>
#include <fstream>
#include <functional>

#include <gtest/gtest.h>

namespace firn::eval {
namespace {

namespace fs = std::filesystem;

Request request_of(std::vector<std::string> inputs, std::vector<std::string> attributes = {}) {
  return {.inputs = std::move(inputs), .attributes = std::move(attributes), .arguments = {}};
}

constexpr std::string_view kDrv = "/nix/store/00000000000000000000000000000000-a.drv";

std::string message_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& e) {
    return e.what();
  }
  return "no error";
}

/// A folder of files to be classified.
class RequestTest : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* folder : {"plain", "flake", "both"})
      fs::create_directory(path(folder));
    for (const char* file :
         {"release.nix", "odd#name.nix", "flake/flake.nix", "both/flake.nix", "both/default.nix"})
      std::ofstream(path(file)) << "{ }\n";
    fs::create_symlink(kDrv, path("root"));
    fs::create_symlink("root", path("to-root"));
    fs::create_symlink("loop", path("loop"));
    fs::create_symlink("/nix/store/00000000000000000000000000000000-a", path("result"));
  }

  std::string path(const std::string& name) const { return folder_.folder() / name; }

 private:
  EvaluationRoots folder_;
};

TEST_F(RequestTest, TellsFilesDerivationsAndInstallablesApart) {
  const struct {
    std::string input;
    InputKind kind;
  } cases[] = {
      {path("release.nix"), InputKind::file},
      {path("odd#name.nix"), InputKind::file},
      {path("plain"), InputKind::file},
      {path("both"), InputKind::file},
      {path("result"), InputKind::file},
      {path("loop"), InputKind::file},
      {path("absent.nix"), InputKind::file},
      {"<nixpkgs>", InputKind::file},
      {"channel:nixos-22.05", InputKind::file},
      {"https://example.org/x.tar.gz", InputKind::file},
      {"nixpkgs", InputKind::file},
      {std::string(kDrv), InputKind::derivation},
      {std::string(kDrv) + "!out", InputKind::derivation},
      {std::string(kDrv) + "^out,dev", InputKind::derivation},
      {path("root"), InputKind::derivation},
      {path("to-root"), InputKind::derivation},
      {path("absent.drv"), InputKind::derivation},
      {path("flake"), InputKind::installable},
      {path("flake") + "#hello", InputKind::installable},
      {".#hello^dev", InputKind::installable},
      {".^dev", InputKind::installable},
      {"nixpkgs#hello", InputKind::installable},
      {"https://example.org/x.tar.gz#hello", InputKind::installable},
      {"github:owner/name", InputKind::installable},
      {"git+ssh://host/repository", InputKind::installable},
  };

  for (const auto& c : cases)
    EXPECT_EQ(classify(c.input), c.kind) << c.input;
}

TEST_F(RequestTest, TakesOneFileOrSeveralOfTheOthers) {
  const std::string drv(kDrv);
  const std::string file = path("release.nix");
  EXPECT_EQ(kind_of(request_of({file}, {"a", "b"})), InputKind::file);
  EXPECT_EQ(kind_of(request_of({drv, path("root")})), InputKind::derivation);
  EXPECT_EQ(kind_of(request_of({".#a", ".#b"})), InputKind::installable);
}

TEST_F(RequestTest, RefusesMixturesWithTheWayOut) {
  const std::string drv(kDrv);
  const std::string file = path("release.nix");

  const struct {
    Request request;
    std::string message;
  } cases[] = {
      {request_of({".#a", drv}),
       "'.#a' is an installable and '" + drv +
           "' is a derivation; give one file, or only derivations, or only installables"},
      {request_of({file, file}),
       "'" + file + "' is a second file; give one, and choose from it with -A"},
      {request_of({"nixpkgs#a"}, {"b"}),
       "-A goes with a file; of a flake, write the attribute behind '#', as in .#b"},
      {request_of({drv}, {"b"}),
       "-A, --arg and --argstr go with something to evaluate, and '" + drv +
           "' is a derivation already; leave them out"},
  };

  for (const auto& c : cases)
    EXPECT_EQ(message_of([&] { kind_of(c.request); }), c.message);
}

TEST_F(RequestTest, FollowsSymlinksToADerivation) {
  const nix::DrvPath drv(nix::parse_store_path(kDrv));
  const std::string text(kDrv);
  EXPECT_EQ(parse_derivation_input(text), (Target{.drv = drv, .outputs = {}}));
  EXPECT_EQ(parse_derivation_input(path("to-root")), (Target{.drv = drv, .outputs = {}}));
  EXPECT_EQ(parse_derivation_input(text + "^*"), (Target{.drv = drv, .outputs = {}}));
  EXPECT_EQ(parse_derivation_input(text + "!dev"), (Target{.drv = drv, .outputs = {"dev"}}));
  EXPECT_EQ(parse_derivation_input(text + "^out,dev"),
            (Target{.drv = drv, .outputs = {"dev", "out"}}));
}

TEST_F(RequestTest, NamesWhatIsNoDerivation) {
  const std::string text(kDrv);
  EXPECT_EQ(message_of([&] { parse_derivation_input(path("absent.drv")); }),
            "no such derivation: " + path("absent.drv"));
  EXPECT_EQ(message_of([&] { parse_derivation_input(path("release.nix")); }),
            path("release.nix") +
                " is not in /nix/store; give the .drv by its store path or a symlink to it");
  EXPECT_EQ(message_of([&] { parse_derivation_input(text + "^out,"); }),
            "outputs 'out,': expected '*' or the name of an output at offset 4");
}

TEST(ParseInstallable, SplitsOutputsOff) {
  EXPECT_EQ(parse_installable(".#hello").reference, ".#hello");
  EXPECT_FALSE(parse_installable(".#hello").all_outputs);
  EXPECT_TRUE(parse_installable(".#hello^*").all_outputs);
  EXPECT_EQ(parse_installable(".#hello^*").reference, ".#hello");
  EXPECT_EQ(parse_installable("nixpkgs#hello^out,dev").outputs,
            (std::set<std::string>{"dev", "out"}));
  EXPECT_THROW(parse_installable(".#hello^"), Error);
}

}  // namespace
}  // namespace firn::eval
