// SPDX-License-Identifier: Apache-2.0
#include "cli/inspect.h"

#include "base/encoding.h"
#include "base/error.h"
#include "nix/nar_writer.h"
#include "nix/narinfo.h"
#include "nix/signature.h"
#include "support/temp_folder.h"
#include "transport/capture.h"
#include "wire/reply_reader.h"
#include "wire/serve_commands.h"
#include "wire/serve_handshake.h"

#include <chrono>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace firn::cli {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::StartsWith;

/// What a look printed, and how it ended.
struct Look {
  std::string out;
  std::string err;
  ExitCode code = ExitCode::success;
  std::string error;
};

template <class Options>
Look look(const Options& options) {
  std::ostringstream out;
  std::ostringstream err;
  Look result;
  try {
    result.code = inspect(options, {.out = out, .err = err});
  } catch (const Error& error) {
    result.error = error.what();
  }
  result.out = out.str();
  result.err = err.str();
  return result;
}

class InspectTest : public ::testing::Test {
 protected:
  std::string file(std::string_view text) const { return folder_.write("input", text).string(); }

  std::filesystem::path folder() const { return folder_.path(); }

 private:
  firn::testing::TempFolder folder_;
};

std::string sample_nar() {
  std::string out;
  nix::NarWriter nar(out);
  nar.begin_archive();
  nar.begin_directory();
  nar.begin_entry("bin");
  nar.begin_directory();
  nar.begin_entry("run");
  nar.begin_file(true, 5);
  nar.data("hello");
  nar.end_file(5);
  nar.end_entry();
  nar.end_directory();
  nar.end_entry();
  nar.begin_entry("new\nline");
  nar.symlink("bin/run");
  nar.end_entry();
  nar.end_directory();
  return out;
}

using InspectNarTest = InspectTest;

TEST_F(InspectNarTest, ListsEntriesThenSizeAndHash) {
  const auto nar = sample_nar();
  const Hash hash = hash_of(HashAlgorithm::sha256, nar);
  const auto result =
      look(InspectNar{.file = file(nar), .json = false, .hash = hash, .size = nar.size()});
  EXPECT_EQ(result.error, "");
  EXPECT_EQ(result.out,
            "dr-xr-xr-x         0 .\n"
            "dr-xr-xr-x         0 ./bin\n"
            "-r-xr-xr-x         5 ./bin/run\n"
            "lrwxrwxrwx         0 ./new\\x0aline -> bin/run\n"
            "\n" +
                std::to_string(nar.size()) + " bytes, " + hash.prefixed(HashForm::nix32) + "\n");
}

TEST_F(InspectNarTest, SaysWhatIsWrongAndWhere) {
  const auto nar = sample_nar();
  EXPECT_THAT(look(InspectNar{.file = file(nar.substr(0, 300)), .hash = {}, .size = {}}).error,
              HasSubstr("offset 300"));
  EXPECT_THAT(look(InspectNar{.file = file(nar + "junk"), .hash = {}, .size = {}}).error,
              HasSubstr("the NAR ends at byte " + std::to_string(nar.size()) + "; 4 bytes follow"));
  EXPECT_THAT(look(InspectNar{.file = file(nar), .hash = {}, .size = 7}).error,
              HasSubstr("expected 7 bytes, got"));
  EXPECT_THAT(
      look(InspectNar{
               .file = file(nar), .hash = hash_of(HashAlgorithm::sha256, "another"), .size = {}})
          .error,
      HasSubstr("expected the hash sha256:"));
  EXPECT_THAT(look(InspectNar{.file = file("\xfd\x37zXZ ..."), .hash = {}, .size = {}}).error,
              HasSubstr("it is compressed; unpack it first: xz -dc "));
  EXPECT_THAT(look(InspectNar{.file = "/does/not/exist", .hash = {}, .size = {}}).error,
              HasSubstr("/does/not/exist"));
}

TEST_F(InspectNarTest, PrintsTheListingOfACache) {
  const auto nar = sample_nar();
  const auto result = look(InspectNar{.file = file(nar), .json = true, .hash = {}, .size = {}});
  const auto listing = json::parse(result.out);
  EXPECT_EQ(listing.at("version"), 1);
  const auto& run = listing.at("root").at("entries").at("bin").at("entries").at("run");
  EXPECT_EQ(nar.substr(run.at("narOffset"), run.at("size")), "hello");
}

using InspectDrvTest = InspectTest;

TEST_F(InspectDrvTest, PrintsJson) {
  const auto path = folder() / "0c6rn30q4frawknapgwq386zq358m8r6-hello.drv";
  std::ofstream(path) << R"(Derive([("out","","","")],[],[],"s","b",["x"],[("k","v")]))";
  const auto out = json::parse(look(InspectDrv{.file = path}).out);
  EXPECT_EQ(out.at("name"), "hello");
  EXPECT_EQ(out.at("env"), json::object({{"k", "v"}}));
}

TEST_F(InspectDrvTest, SaysWhereItIsNone) {
  EXPECT_THAT(look(InspectDrv{.file = file(R"(Derive([("out",""])")}).error,
              HasSubstr("expected ',' at offset 17"));
}

class InspectNarinfoTest : public InspectTest {
 protected:
  const nix::SecretKey key_ =
      nix::SecretKey::parse("test:" + encode_base64(as_bytes(std::string(64, 'k'))));

  std::string narinfo() const {
    nix::NarInfo out{
        .info = {.path = nix::StorePath::from_base_name("0c6rn30q4frawknapgwq386zq358m8r6-hello")},
        .url = "nar/x.nar",
        .compression = "none",
        .file_hash = {},
        .file_size = {}};
    out.info.nar_hash = hash_of(HashAlgorithm::sha256, "x");
    out.info.nar_size = ByteCount(120);
    out.info.signatures = {key_.sign(nix::fingerprint(out.info))};
    return nix::to_text(out);
  }
};

TEST_F(InspectNarinfoTest, PrintsFieldsAndWhatIsSigned) {
  const auto out = json::parse(look(InspectNarinfo{.file = file(narinfo()), .keys = {}}).out);
  EXPECT_EQ(out.at("path"), "0c6rn30q4frawknapgwq386zq358m8r6-hello");
  EXPECT_EQ(out.at("url"), "nar/x.nar");
  EXPECT_THAT(out.at("fingerprint").get<std::string>(),
              StartsWith("1;/nix/store/0c6rn30q4frawknapgwq386zq358m8r6-hello;sha256:"));
}

TEST_F(InspectNarinfoTest, AnUnknownSignerIsAFailure) {
  const auto stranger = "stranger:" + encode_base64(as_bytes(std::string(32, 's')));
  EXPECT_THAT(look(InspectNarinfo{.file = file(narinfo()), .keys = {stranger}}).error,
              HasSubstr("no signature is by a key that was given"));
  EXPECT_THAT(look(InspectNarinfo{.file = file("StorePath /x"), .keys = {}}).error,
              HasSubstr("while reading "));
}

using InspectMachinesTest = InspectTest;

TEST_F(InspectMachinesTest, ShowsGoodLinesAndNamesBadOnes) {
  const auto input = file(
      "ssh://nix@b1 x86_64-linux,i686-linux /key 8 2.5 kvm\n"
      "ssh://b2 x86_64-linux - eight\n"
      "s3://bucket\n");
  const auto text = look(InspectMachines{.file = input, .json = false});
  EXPECT_EQ(text.code, ExitCode::usage);
  EXPECT_THAT(text.out,
              StartsWith("ssh://nix@b1\n  systems             i686-linux, x86_64-linux\n"));
  EXPECT_THAT(text.out, HasSubstr("  speed factor        2.5\n"));
  EXPECT_THAT(text.err, HasSubstr(input + ":2: "));
  EXPECT_THAT(text.err, HasSubstr("s3://bucket: machines are reached by ssh://"));

  const auto as_json = json::parse(look(InspectMachines{.file = input, .json = true}).out);
  EXPECT_THAT(as_json.at("machines"), SizeIs(2));
  EXPECT_EQ(as_json.at("machines")[0].at("maxJobs"), 8);
  EXPECT_THAT(as_json.at("problems"), SizeIs(2));
}

TEST_F(InspectMachinesTest, AGoodFileIsASuccess) {
  const auto result = look(InspectMachines{.file = file("ssh://b1\n"), .json = false});
  EXPECT_EQ(result.code, ExitCode::success);
  EXPECT_EQ(result.err, "");
}

InspectMessage message(std::string version, std::string name, std::string bytes) {
  return {.protocol = "serve",
          .version = std::move(version),
          .message = std::move(name),
          .file = {},
          .hex = encode_base16(as_bytes(bytes)),
          .many = false};
}

TEST(InspectMessageTest, DecodesAMessageAtItsVersion) {
  std::string bytes;
  wire::append_request(bytes,
                       wire::BuildPaths{.targets = {"/nix/store/x.drv!out"}, .options = {}},
                       wire::ServeVersion(7));
  const auto result = look(message("2.7", "build-paths", bytes));
  EXPECT_EQ(result.error, "");
  EXPECT_EQ(json::parse(result.out).at("paths"), json::array({"/nix/store/x.drv!out"}));
  EXPECT_EQ(json::parse(result.out).at("options").at("keepFailed"), false);
}

TEST(InspectMessageTest, NamesTrailingBytesAndReadsSeveral) {
  auto options = message("2.7", "string", std::string(16, '\0'));
  EXPECT_EQ(look(options).error,
            "string ends at byte 8 of the stream; 8 bytes follow (--many reads several)");
  options.many = true;
  EXPECT_EQ(json::parse(look(options).out), json::array({"", ""}));
  options.hex = *options.hex + "ff";
  const auto torn = look(options);
  EXPECT_EQ(json::parse(torn.out), json::array({"", ""}));
  EXPECT_THAT(torn.error, HasSubstr("at byte 17 of the stream: expected at least 7 more bytes"));
}

TEST(InspectMessageTest, RefusesWhatItDoesNotKnow) {
  EXPECT_EQ(look(message("2.7", "build-reslut", "")).error,
            "serve has no message 'build-reslut'; did you mean build-result?");
  EXPECT_EQ(look(message("2.0", "build-derivation", "")).error,
            "serve 2.0 has no build-derivation, which came with 2.1");
  EXPECT_THAT(look(message("two", "string", "")).error, HasSubstr("'two' is no version"));
  EXPECT_THAT(look(message("3.0", "string", "")).error, HasSubstr("serve 3.0 is not known"));
  auto options = message("2.7", "string", "");
  options.hex = "0g";
  EXPECT_THAT(look(options).error, HasSubstr("offset 1"));
  options.protocol = "http";
  EXPECT_THAT(look(options).error, HasSubstr("no protocol 'http', only serve and worker"));
}

TEST(InspectMessageTest, KnowsTheFeaturesOfTheWorkerProtocol) {
  auto options = message("1.38+realisation-with-path-not-hash", "build-mode", std::string(8, '\0'));
  options.protocol = "worker";
  EXPECT_EQ(look(options).out, "0\n");
  options.version = "1.38+teleport";
  EXPECT_THAT(look(options).error, HasSubstr("no feature 'teleport'"));
  options.version = "1.35";
  options.message = "add-perm-root";
  EXPECT_EQ(look(options).error, "worker 1.35 has no add-perm-root, which came with 1.36");
}

TEST(InspectMessageTest, ListsNames) {
  EXPECT_THAT(look(InspectMessageNames{}).out, HasSubstr("serve 2.5   add-to-store-nar-reply\n"));
}

class InspectCaptureTest : public InspectTest {
 protected:
  /// A question, an answer and a word on stderr.
  std::string record() const {
    const wire::ServeVersion version(7);
    std::string question;
    std::string answer;
    wire::append_request(question, wire::QueryPathInfos{}, version);
    wire::append_reply<wire::QueryPathInfos>(answer, {}, version);
    const auto path = folder() / "c";
    using transport::Flow;
    transport::CaptureFile file(path, "ssh://b1", WallTime(1'700'000'000s));
    file.append({.flow = Flow::sent, .at = 1ms, .bytes = wire::client_hello()});
    file.append({.flow = Flow::received, .at = 2ms, .bytes = wire::server_hello(version)});
    file.append({.flow = Flow::sent, .at = 3ms, .bytes = question});
    file.append({.flow = Flow::diagnostics, .at = 4ms, .bytes = "warning: x\n"});
    file.append({.flow = Flow::received, .at = 5ms, .bytes = answer.substr(0, 3)});
    file.append({.flow = Flow::received, .at = 503ms, .bytes = answer.substr(3)});
    return path.string();
  }
};

TEST_F(InspectCaptureTest, TellsEveryStep) {
  const auto result = look(InspectCapture{.file = record(), .json = false});
  EXPECT_EQ(result.code, ExitCode::success);
  EXPECT_EQ(result.out,
            "with ssh://b1, from 2023-11-14T22:13:20Z on\n"
            "  0.001000  handshake  sent 0-16, received 0-16, 0.001000 s\n"
            "            > {\"version\":\"2.8\"}\n"
            "            < {\"version\":\"2.7\"}\n"
            "  0.004000  ! warning: x\n"
            "  0.003000  query-path-infos  sent 16-32, received 16-24, 0.500000 s\n"
            "            > {\"paths\":[]}\n"
            "            < []\n");
}

TEST_F(InspectCaptureTest, PrintsJsonLines) {
  std::istringstream lines(look(InspectCapture{.file = record(), .json = true}).out);
  std::vector<json> steps;
  for (std::string line; std::getline(lines, line);)
    steps.push_back(json::parse(line));
  ASSERT_THAT(steps, SizeIs(3));
  EXPECT_EQ(steps[1].at("stderr"), "warning: x\n");
  EXPECT_EQ(steps[2].at("step"), "query-path-infos");
  EXPECT_DOUBLE_EQ(steps[2].at("seconds").get<double>(), 0.5);
  EXPECT_EQ(steps[2].at("sent"), json::array({16, 32}));
}

TEST_F(InspectCaptureTest, DecodesATornOneUpToItsEnd) {
  const auto path = record();
  std::filesystem::resize_file(path, std::filesystem::file_size(path) - 2);
  const auto result = look(InspectCapture{.file = path, .json = false});
  EXPECT_THAT(result.error, HasSubstr("is torn: its last record, at byte "));
  EXPECT_THAT(result.out, HasSubstr("> {\"paths\":[]}\n"));
  EXPECT_THAT(
      result.out,
      HasSubstr("problem: in the reply: at byte 22 of the stream: expected at least 2 more"));
}

}  // namespace
}  // namespace firn::cli
