// SPDX-License-Identifier: Apache-2.0
// What a client says to a serve server, held fast, so that two servers can be told the same.
#pragma once

#include "lab/host.h"
#include "wire/reply_reader.h"
#include "wire/serve_commands.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace firn::testing {

/// One request, and how long its answer is.
struct Line {
  std::string what;
  std::string bytes;
  /// Of what has come since; none = the answer is not whole yet.
  std::function<std::optional<std::size_t>(std::string_view)> answer_size;
  /// The answer is a build result: when the build was is not compared.
  bool has_times = false;
};

struct Conversation {
  std::string name;
  std::vector<Line> lines;
  /// The client leaves when this has been printed; empty = when everything is answered.
  std::string leaves_at{};
  /// A word of the last error, whichever server says it; empty = the conversation ends well.
  std::string error{};
  /// Called when everything is answered, before the client leaves.
  std::function<void()> before_leaving = [] {};
  /// After "--serve".
  std::vector<std::string> options = {"--write"};
};

/// How a server went through a conversation.
struct Heard {
  /// The greeting without its version first; the last one may be torn.
  std::vector<std::string> answers;
  int exit_code = 0;
  std::string printed;
  std::uint64_t peak_rss_kib = 0;

  /// The last line of `printed` that begins with "error:".
  std::string last_error() const;
};

/// A request that is answered with a reply, as `version`.
template <class Request>
Line ask(std::string what, const Request& request, wire::ServeVersion version) {
  Line line{.what = std::move(what),
            .bytes = {},
            .answer_size = [version](std::string_view bytes) -> std::optional<std::size_t> {
              wire::ReplyReader<Request> reader(version);
              const auto progress = reader.feed(bytes);
              if (!progress.done) return std::nullopt;
              return progress.consumed;
            },
            .has_times = std::is_same_v<Request, wire::BuildDerivation>};
  wire::append_request(line.bytes, request, version);
  return line;
}

Line greet(wire::ServeVersion version);
/// Answered with a NAR.
Line dump(const nix::StorePath& path, wire::ServeVersion version);
/// Answered with an export stream.
Line export_paths(const nix::StorePathSet& paths, wire::ServeVersion version);
/// The path and its NAR.
Line upload(std::string what,
            const nix::PathInfo& info,
            std::string_view nar,
            wire::ServeVersion version);
/// Bytes that are answered with the end.
Line say(std::string what, std::string bytes);

/// Tells the server that `argv` starts on `host` everything. Throws where it neither answers nor
/// ends within a minute.
Heard tell(const lab::Host& host, std::vector<std::string> argv, const Conversation& conversation);

/// The program under test with all that it needs of this machine, so that it also runs where an
/// older system is: what to put before its arguments when it is to be `nix-store`.
std::vector<std::string> install_nix_store(const lab::Host& host);

}  // namespace firn::testing
