// SPDX-License-Identifier: Apache-2.0
// Sessions recorded between real programs: every step is found, where its description says.
#include "support/golden.h"
#include "wire/transcript.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace firn::wire {
namespace {

using nlohmann::json;
using TranscriptGolden = firn::testing::GoldenTest;

/// "QueryValidPaths" and "QueryValidPaths (31)" → "query-valid-paths".
std::string dashed(const std::string& name) {
  std::string out;
  for (const char c : name.substr(0, name.find(' '))) {
    const bool upper = std::isupper(static_cast<unsigned char>(c)) != 0;
    if (upper && !out.empty()) out += '-';
    out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return out;
}

/// Not so: sessions that end early, that were made wrong on purpose, or in which a server of that
/// age sends outputs to clients that do not know them.
bool is_regular(const std::string& name) {
  constexpr std::array<std::string_view, 7> kOthers = {"error",
                                                       "disconnect",
                                                       "invalid",
                                                       "zero-size",

                                                       "build-success-2.1",
                                                       "build-success-2.2",
                                                       "build-success-2.5"};
  return std::ranges::none_of(
      kOthers, [&](std::string_view word) { return name.find(word) != std::string::npos; });
}

/// Reads the session that `file` describes; each step must be found where it says.
void expect_steps(const std::filesystem::path& file, const std::string& name_key) {
  const auto session = json::parse(firn::testing::read_golden(file));
  const auto stem = (file.parent_path() / file.stem()).string();
  const auto sent = firn::testing::read_golden(stem + ".c2s.bin");
  const auto received = firn::testing::read_golden(stem + ".s2c.bin");
  Replay to_server({sent});
  Replay to_client({received});
  std::size_t next = 0;
  read_transcript(to_server, to_client, [&](const TranscriptStep& step) {
    SCOPED_TRACE(stem + ", step " + std::to_string(next));
    EXPECT_EQ(step.problem, "");
    ASSERT_LT(next, session.at("steps").size());
    const auto& expected = session.at("steps").at(next++);
    EXPECT_EQ(step.name, dashed(expected.at(name_key)));
    EXPECT_EQ(json({step.sent.begin, step.sent.end}), expected.at("c2s"));
    EXPECT_EQ(json({step.received.begin, step.received.end}), expected.at("s2c"));
  });
  EXPECT_EQ(next, session.at("steps").size()) << stem;
}

TEST_F(TranscriptGolden, FindsEveryStepOfServeSessions) {
  std::size_t sessions = 0;
  for (const auto& file :
       firn::testing::golden_files("captured-nix-2.8.0/serve-sessions", ".json")) {
    if (!is_regular(file.stem().string())) continue;
    expect_steps(file, "command");
    ++sessions;
  }
  EXPECT_GT(sessions, 0U);
}

TEST_F(TranscriptGolden, FindsEveryStepOfWorkerSessions) {
  const auto files = firn::testing::golden_files("captured-nix-2.8.0/worker-sessions", ".json");
  EXPECT_FALSE(files.empty());
  for (const auto& file : files)
    expect_steps(file, "op");
}

}  // namespace
}  // namespace firn::wire
