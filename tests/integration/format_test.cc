// SPDX-License-Identifier: Apache-2.0
// What firn writes down and what Nix of four ages writes down: NARs, narinfo files with their
// signatures, listings.
#include "integration/farm_fixture.h"
#include "nix/file_tree.h"
#include "nix/nar_listing.h"
#include "nix/nar_source.h"
#include "nix/narinfo.h"
#include "nix/path_info_json.h"
#include "nix/signature.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <random>
#include <string>
#include <variant>
#include <vector>

#include <gmock/gmock.h>

namespace firn::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

std::string read_file(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

void write_file(const fs::path& file, std::string_view text) {
  std::ofstream(file, std::ios::binary) << text;
}

std::string nar_of(const fs::path& path) {
  nix::NarSource source(path.string());
  std::vector<std::byte> block(std::size_t{64} << 10U);
  std::string nar;
  while (const std::size_t size = source.read(block))
    nar += as_text(Bytes(block).first(size));
  return nar;
}

/// Trees with every kind of entry, and names that sort differently in every locale.
class Trees {
 public:
  explicit Trees(unsigned seed) : random_(seed) {}

  nix::FileTree next(int depth = 0) {
    const auto kind = random_() % (depth < 4 ? 5 : 2);
    if (kind == 0) return {nix::Link{name()}};
    if (kind == 1)
      return {nix::MemoryFile{.contents = text(200), .executable = random_() % 2 == 0}};
    nix::FileTree::Folder folder;
    for (auto left = random_() % 6; left > 0; --left)
      folder.insert_or_assign(name(), next(depth + 1));
    return {std::move(folder)};
  }

 private:
  std::string text(std::size_t most) {
    std::string text(random_() % most, '\0');
    std::generate(text.begin(), text.end(), [&] { return static_cast<char>(random_()); });
    return text;
  }

  std::string name() {
    constexpr std::array<std::string_view, 10> kPieces{
        "a", "A", "Z", "-", ".b", "0", "é", "~", " ", "\xff"};
    std::string name = "n";
    for (auto left = random_() % 4; left > 0; --left)
      name += kPieces[random_() % kPieces.size()];
    return name;
  }

  std::mt19937 random_;
};

void write_tree(const nix::FileTree& tree, const fs::path& path) {
  if (const auto* link = std::get_if<nix::Link>(&tree.node)) {
    return fs::create_symlink(link->target, path);
  }
  if (const auto* file = std::get_if<nix::MemoryFile>(&tree.node)) {
    write_file(path, file->contents);
    if (file->executable) fs::permissions(path, fs::perms::owner_exec, fs::perm_options::add);
    return;
  }
  fs::create_directory(path);
  for (const auto& [name, entry] : std::get<nix::FileTree::Folder>(tree.node))
    write_tree(entry, path / name);
}

class FormatTest : public ReleaseTest {
 protected:
  static constexpr std::string_view kExpression = R"nix(rec {
    words = builtins.toFile "words" "hello\n";
    base = mk { name = "base"; script = "cp ${words} $out"; };
    top = mk { name = "top"; script = "mkdir $out; cp ${base} $out/b; ln -s ${base} $out/l"; };
  })nix";

  void SetUp() override {
    ReleaseTest::SetUp();
    if (IsSkipped()) return;
    home_ = std::make_unique<lab::CoordinatorHost>(lab::HostOptions{.release = GetParam()});
  }

  lab::Outcome run(std::vector<std::string> argv) const {
    auto outcome = home_->run(argv);
    EXPECT_TRUE(outcome.ok()) << argv.front() << ": " << outcome.describe();
    return outcome;
  }

  lab::Outcome nix(std::vector<std::string> arguments) const {
    std::vector<std::string> argv{"nix", "--option", "experimental-features", "nix-command"};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    return home_->run(argv);
  }

  /// The path of `top`, which is built and refers to `base`.
  std::string build_top() const {
    const auto file = write_nix(*home_, kExpression);
    std::string path = run({"nix-build", "--no-out-link", file, "-A", "top"}).out;
    path.erase(path.find_last_not_of('\n') + 1);
    return path;
  }

  struct Keys {
    nix::SecretKey secret;
    std::string public_text;
    fs::path file;
  };

  /// Made by Nix.
  Keys make_keys(const std::string& name) const {
    const fs::path secret = home_->dir() / (name + ".sec");
    const fs::path open = home_->dir() / (name + ".pub");
    run({"nix-store", "--generate-binary-cache-key", name, secret, open});
    return {.secret = nix::SecretKey::parse(read_file(secret)),
            .public_text = read_file(open),
            .file = secret};
  }

  /// A cache with the closure of `path`, one narinfo for each.
  fs::path copy_to_cache(const std::string& path, const std::string& parameters) const {
    const fs::path cache = home_->dir() / "cache";
    const auto outcome = nix({"copy", "--to", "file://" + cache.string() + "?" + parameters, path});
    EXPECT_TRUE(outcome.ok()) << outcome.describe();
    return cache;
  }

  static std::vector<fs::path> files_of(const fs::path& cache, std::string_view extension) {
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(cache)) {
      if (entry.path().extension() == extension) files.push_back(entry.path());
    }
    return files;
  }

  const lab::CoordinatorHost& home() const { return *home_; }

 private:
  std::unique_ptr<lab::CoordinatorHost> home_;
};

INSTANTIATE_TEST_SUITE_P(Nix, FormatTest, ::testing::ValuesIn(lab::kReleases), release_name);

TEST_P(FormatTest, NarsAreThoseOfNixStoreDump) {
  Trees trees(7);
  for (int i = 0; i < 25; ++i) {
    SCOPED_TRACE(i);
    const nix::FileTree tree = trees.next();
    const fs::path path = home().dir() / ("tree-" + std::to_string(i));
    write_tree(tree, path);
    const std::string nar = run({"nix-store", "--dump", path}).out;
    EXPECT_EQ(nar_of(path), nar);
    EXPECT_EQ(nix::to_nar(tree), nar);
    EXPECT_EQ(nix::parse_file_tree(nar), tree);
  }
}

TEST_P(FormatTest, SignaturesOfNixVerify) {
  const auto keys = make_keys("cache-1");
  const fs::path cache = copy_to_cache(build_top(), "secret-key=" + keys.file.string());
  const auto trusted = nix::TrustedKeys::parse(keys.public_text);
  const auto narinfos = files_of(cache, ".narinfo");
  EXPECT_THAT(narinfos, Not(IsEmpty()));
  for (const fs::path& file : narinfos) {
    SCOPED_TRACE(file);
    const std::string text = read_file(file);
    const nix::NarInfo narinfo = nix::parse_narinfo(text);
    EXPECT_EQ(nix::to_text(narinfo), text);
    const std::string signed_text = nix::fingerprint(narinfo.info);
    EXPECT_THAT(narinfo.info.signatures, SizeIs(1));
    EXPECT_EQ(trusted.count_valid(signed_text, narinfo.info.signatures), 1U);
    EXPECT_EQ(keys.secret.sign(signed_text), narinfo.info.signatures.front());
  }
}

TEST_P(FormatTest, NixVerifiesOurSignatures) {
  const auto keys = make_keys("firn-1");
  const std::string path = build_top();
  const fs::path cache = copy_to_cache(path, "compression=none");
  const auto verify = [&] {
    return nix({"verify",
                "--store",
                "file://" + cache.string(),
                "--recursive",
                "--sigs-needed",
                "1",
                "--option",
                "trusted-public-keys",
                keys.public_text,
                path});
  };
  EXPECT_FALSE(verify().ok()) << "nothing is signed yet";
  for (const fs::path& file : files_of(cache, ".narinfo")) {
    nix::NarInfo narinfo = nix::parse_narinfo(read_file(file));
    nix::add_signature(narinfo.info.signatures, keys.secret.sign(nix::fingerprint(narinfo.info)));
    write_file(file, nix::to_text(narinfo));
  }
  fs::remove_all(home().home(home().login()) / ".cache/nix");
  const auto outcome = verify();
  EXPECT_TRUE(outcome.ok()) << outcome.describe();
}

TEST_P(FormatTest, ListingsAreThoseOfNix) {
  const fs::path cache = copy_to_cache(build_top(), "compression=none&write-nar-listing=true");
  const auto listings = files_of(cache, ".ls");
  EXPECT_THAT(listings, Not(IsEmpty()));
  for (fs::path file : listings) {
    SCOPED_TRACE(file);
    const auto listing = nix::parse_listing_file(read_file(file));
    const auto narinfo = nix::parse_narinfo(read_file(file.replace_extension(".narinfo")));
    nix::NarListingBuilder builder;
    nix::NarParser parser(builder);
    parser.feed(as_bytes(read_file(cache / narinfo.url)));
    parser.check_done();
    EXPECT_EQ(builder.take(), listing);
  }
}

/// Up to 2.18 a list of objects with their paths, since then an object of them.
nix::PathInfo info_from(const std::string& text, const nix::StorePath& path) {
  const nix::Json json = nix::parse_json(text);
  const nix::JsonPlace document(json);
  return nix::path_info_from(json.is_array() ? document.items().front() : document.at(path.str()),
                             path);
}

TEST_P(FormatTest, PathInfosAreThoseOfNix) {
  const auto keys = make_keys("cache-1");
  const auto path = nix::parse_store_path(build_top());
  const fs::path cache = copy_to_cache(path.str(), "secret-key=" + keys.file.string());
  const auto in_cache =
      nix::parse_narinfo(read_file(cache / (std::string(path.hash_part()) + ".narinfo"))).info;

  const auto said = nix({"path-info", "--json", "--store", "file://" + cache.string(), path.str()});
  ASSERT_TRUE(said.ok()) << said.describe();
  EXPECT_EQ(info_from(said.out, path), in_cache);
}

}  // namespace
}  // namespace firn::testing
