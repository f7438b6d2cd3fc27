// SPDX-License-Identifier: Apache-2.0
#include "config/hydra_conf.h"

#include "base/error.h"
#include "config/hydra_environment.h"
#include "config/hydra_keys.h"
#include "support/temp_folder.h"

#include <fstream>
#include <iterator>
#include <map>
#include <set>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace firn::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

HydraConfiguration read(std::string_view text) {
  return read_hydra_conf(
      text, "hydra.conf", [](const std::string&) -> std::optional<std::string> { return {}; });
}

std::vector<std::string> problems(std::string_view text) {
  std::vector<std::string> result;
  for (const auto& problem : read(text).problems)
    result.push_back(problem.str());
  return result;
}

TEST(HydraConf, IsHydrasDefaultWithoutAFile) {
  const auto conf = read("").conf;
  EXPECT_EQ(conf.max_output_size, ByteCount(2147483648));
  EXPECT_EQ(conf.max_log_size, ByteCount(67108864));
  EXPECT_EQ(conf.max_db_connections, 128U);
  EXPECT_EQ(conf.max_unsupported_time, std::nullopt);
  EXPECT_EQ(conf.metrics_address, "127.0.0.1:9198");
  EXPECT_THAT(refusals(conf), IsEmpty());
}

TEST(HydraConf, TakesEveryKeyOfTheQueueRunner) {
  const auto read_all = read(
      "store_uri = daemon\nuse-substitutes = 1\nmax_unsupported_time = 0\nmax_db_connections = 7\n"
      "max_local_worker_threads = 3\nmax_output_size = 4294967296\nmax_log_size = 0\n"
      "upload_logs_to_binary_cache = false\ngc_roots_dir = /roots\n"
      "queue_runner_metrics_address = [::1]:0\nxxx-jobset-repeats =\n");
  EXPECT_THAT(read_all.problems, IsEmpty());
  const auto& conf = read_all.conf;
  EXPECT_EQ(conf.store_uri, "daemon");
  EXPECT_TRUE(conf.use_substitutes);
  EXPECT_EQ(conf.max_unsupported_time, std::chrono::seconds(0));
  EXPECT_EQ(conf.max_db_connections, 7U);
  EXPECT_EQ(conf.max_local_worker_threads, 3U);
  EXPECT_EQ(conf.max_output_size, ByteCount(4294967296));
  EXPECT_EQ(conf.max_log_size, ByteCount(0));
  EXPECT_EQ(conf.gc_roots_dir, "/roots");
  EXPECT_EQ(conf.metrics_address, "[::1]:0");
}

// CF-001, CF-002.
TEST(HydraConf, IsStrictWithBooleansAndNumbers) {
  EXPECT_THAT(problems("use-substitutes = yes\n"),
              ElementsAre("hydra.conf:1: use-substitutes is \"yes\", which must be true or false"));
  EXPECT_THAT(problems("max_output_size = 1<<20\n"),
              ElementsAre(HasSubstr("is \"1<<20\", which must be a number from 1 to ")));
  for (const char* value : {"-1", "+1", "1k", "", "0x10", "1.5", "4294967296", " "})
    EXPECT_THAT(problems(fmt::format("max_unsupported_time = {}\n", value)),
                ElementsAre(HasSubstr("must be a number from 0 to 4294967295")))
        << value;
  for (const char* value :
       {"9198", "localhost", "::1:9198", "h:65536", ":1", "h:", "[]:1", "a b:1"})
    EXPECT_THAT(problems(fmt::format("queue_runner_metrics_address = {}\n", value)),
                ElementsAre(HasSubstr("must be HOST:PORT")))
        << value;
  EXPECT_TRUE(read("max_log_size = x\n").problems.at(0).is_fatal);
}

// QR-016.
TEST(HydraConf, NamesObsoleteKeys) {
  const auto found = read(
      "store_mode = direct\nbinary_cache_dir = /x\nbinary_cache_s3_bucket = b\n"
      "binary_cache_secret_key_file = /k\n");
  ASSERT_EQ(found.problems.size(), 4U);
  EXPECT_EQ(found.problems[0].str(),
            "hydra.conf:1: store_mode is obsolete: say the same with store_uri");
  EXPECT_TRUE(found.problems[0].is_fatal);
  for (std::size_t i = 1; i < 4; ++i) {
    EXPECT_FALSE(found.problems[i].is_fatal);
    EXPECT_THAT(found.problems[i].str(), HasSubstr(" is obsolete: "));
  }
}

TEST(HydraConf, KnowsTheKeysOfOthers) {
  EXPECT_THAT(problems("base_uri = x\nevaluator_workers 4\nemail_notification = 1\n"
                       "<github_authorization>\nNixOS = Bearer x\n</github_authorization>\n"
                       "<Plugin::Session>\ncache_size = 32m\n</Plugin::Session>\n"),
              IsEmpty());
}

TEST(HydraConf, NamesUnknownKeysWithTheNearest) {
  EXPECT_THAT(problems("max_ouput_size = 1\n"),
              ElementsAre("hydra.conf:1: warning: unknown key 'max_ouput_size'; did you mean "
                          "max_output_size?"));
  EXPECT_THAT(problems("Store_Uri = auto\n<slak>\n</slak>\nstatsd = x\nqqqqqqqqqq 1\n"),
              ElementsAre(HasSubstr("did you mean store_uri?"),
                          HasSubstr("did you mean slack?"),
                          "hydra.conf:4: warning: 'statsd' is a block: <statsd> … </statsd>",
                          "hydra.conf:5: warning: unknown key 'qqqqqqqqqq'; it is ignored"));
}

// CF-004: the case of a URI's parameters is kept.
TEST(HydraConf, RefusesWhatItCannotDo) {
  const auto found = read(
      "store_uri = s3://Cache?secret-key=/K&compression=zstd\n"
      "upload_logs_to_binary_cache = true\nxxx-jobset-repeats = a:b:1\n");
  ASSERT_EQ(found.problems.size(), 3U);
  EXPECT_EQ(found.problems[0].str(),
            "hydra.conf:1: store_uri is \"s3://Cache?secret-key=/K&compression=zstd\": firn can "
            "put outputs only into the store of this machine yet (auto, daemon, unix://PATH or "
            "local)");
  EXPECT_EQ(found.problems[1].key, "upload_logs_to_binary_cache");
  EXPECT_EQ(found.problems[2].key, "xxx-jobset-repeats");
  for (const auto& problem : found.problems)
    EXPECT_TRUE(problem.is_fatal);
  EXPECT_EQ(refusals(found.conf).size(), 3U);
  for (const char* uri : {"auto", "daemon", "local", "unix:///run/x"})
    EXPECT_THAT(problems(fmt::format("store_uri = {}\n", uri)), IsEmpty()) << uri;
  for (const char* uri : {"local?root=/x", "file:///c", "ssh://h", "https://c", "/x", "%"})
    EXPECT_THAT(problems(fmt::format("store_uri = {}\n", uri)), ElementsAre(HasSubstr("yet")))
        << uri;
}

// QR-017.
TEST(HydraConf, SaysWhereHydrasOwnRunnerReadsSomethingElse) {
  const auto other = [](std::string_view text) { return problems(text); };
  EXPECT_THAT(other("gc_roots_dir = /a\\#b\n"),
              ElementsAre("hydra.conf:1: warning: Hydra's own queue runner reads \"/a\\\\\" here, "
                          "and firn, like the rest of Hydra, \"/a#b\""));
  EXPECT_THAT(other("<slack>\nmax_log_size = 5\n</slack>\n"),
              ElementsAre("hydra.conf:2: warning: Hydra's own queue runner takes this for "
                          "max_log_size, though it stands in a block or a comment"));
  EXPECT_THAT(other("max_log_size 5\n"),
              ElementsAre("hydra.conf:1: warning: Hydra's own queue runner does not see this; it "
                          "reads 'key = value' in hydra.conf itself"));
  EXPECT_THAT(other("gc_roots_dir = \"/a\"\n"), ElementsAre(HasSubstr("reads \"\\\"/a\\\"\"")));
  EXPECT_THAT(other("base_uri = x#y\nmax_log_size = 5 # bytes\n"), IsEmpty());
}

TEST(HydraConf, TheLastOfSeveralCounts) {
  const auto found = read("max_log_size = 5\nmax_log_size = 6\n");
  EXPECT_EQ(found.conf.max_log_size, ByteCount(6));
  ASSERT_EQ(found.problems.size(), 1U);
  EXPECT_EQ(found.problems[0].str(),
            "hydra.conf:2: warning: max_log_size stands at hydra.conf:1 already; this one counts");
}

TEST(HydraConf, IsLoadedWithWhatItIncludes) {
  const testing::TempFolder folder;
  folder.write("limits", "max_log_size = 5\n");
  const auto file = folder.write("hydra.conf", "include limits\ninclude none\n");
  const auto loaded = load_hydra_conf(file);
  EXPECT_EQ(loaded.conf.max_log_size, ByteCount(5));
  ASSERT_EQ(loaded.problems.size(), 2U);
  EXPECT_EQ(loaded.problems[0].str(),
            fmt::format("{}:2: there is no file {}/none", file.string(), folder.path().string()));
  EXPECT_THAT(loaded.problems[1].str(), HasSubstr("/limits:1: warning: Hydra's own queue runner"));
  EXPECT_THROW(load_hydra_conf(folder.path()), Error);
}

TEST(HydraKeys, AreDistinctAndDocumented) {
  std::ifstream file(FIRN_DOCS "/configuration.md");
  const std::string page{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  std::multiset<std::string_view> names(foreign_hydra_keys().begin(), foreign_hydra_keys().end());
  names.insert(hydra_blocks().begin(), hydra_blocks().end());
  for (const auto& key : obsolete_hydra_keys())
    names.insert(key.key);
  std::set<const void*> places;
  HydraConf conf;
  for (const auto& key : hydra_keys()) {
    names.insert(key.key);
    places.insert(std::visit([&](auto place) -> const void* { return &place(conf); }, key.place));
    const auto line = fmt::format("| `{}` | {} | {} |\n", key.key, key.fallback, key.help);
    EXPECT_TRUE(page.contains(line)) << "docs/configuration.md lacks " << line;
  }
  EXPECT_EQ(places.size(), hydra_keys().size());
  for (const auto name : names)
    EXPECT_EQ(names.count(name), 1U) << name;
}

class Variables {
 public:
  explicit Variables(std::map<std::string, std::string> values) : values_(std::move(values)) {}

  HydraEnvironment read() const {
    return read_hydra_environment([this](const char* name) -> std::optional<std::string> {
      const auto value = values_.find(name);
      if (value == values_.end()) return std::nullopt;
      return value->second;
    });
  }

  std::string error() const {
    try {
      read();
      return "";
    } catch (const Error& e) {
      return e.message();
    }
  }

 private:
  std::map<std::string, std::string> values_;
};

// QR-007.
TEST(HydraEnvironment, ReadsWhatUnitsSet) {
  const auto environment = Variables({{"HYDRA_DATA", "/var/lib/hydra"},
                                      {"NIX_REMOTE_SYSTEMS", "/a::/b"},
                                      {"LOGNAME", "hydra-queue-runner"}})
                               .read();
  EXPECT_EQ(environment.data, "/var/lib/hydra");
  EXPECT_EQ(environment.config_file, "/var/lib/hydra/hydra.conf");
  EXPECT_FALSE(environment.is_config_named);
  EXPECT_EQ(environment.machines_files, (std::vector<std::string>{"/a", "/b"}));
  EXPECT_EQ(roots_folder({}, environment),
            "/nix/var/nix/gcroots/per-user/hydra-queue-runner/hydra-roots");
  EXPECT_EQ(roots_folder({.gc_roots_dir = "/r"}, environment), "/r");
}

TEST(HydraEnvironment, InsistsOnWhatIsNamed) {
  const auto environment = Variables({{"HYDRA_DATA", "/d"}, {"HYDRA_CONFIG", "/c"}}).read();
  EXPECT_TRUE(environment.is_config_named);
  EXPECT_THROW(load_hydra_conf(environment), Error);
  EXPECT_THROW(roots_folder({}, environment), Error);
}

TEST(HydraEnvironment, NamesWhatIsMissingOrWrong) {
  EXPECT_THAT(Variables({}).error(), HasSubstr("HYDRA_DATA is not set"));
  EXPECT_THAT(Variables({{"HYDRA_DATA", "x"}}).error(), HasSubstr("must be an absolute path"));
  EXPECT_THAT(load_hydra_conf(Variables({{"HYDRA_DATA", "/nonexistent"}}).read()).problems,
              IsEmpty());
}

}  // namespace
}  // namespace firn::config
