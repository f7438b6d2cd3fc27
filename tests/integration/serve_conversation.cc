// SPDX-License-Identifier: Apache-2.0
#include "integration/serve_conversation.h"

#include "base/error.h"
#include "base/fd.h"
#include "nix/nar_parser.h"
#include "wire/codec.h"
#include "wire/export_stream.h"
#include "wire/serve_handshake.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <filesystem>
#include <memory>
#include <sstream>
#include <thread>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

namespace firn::testing {

namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

/// How many bytes of `bytes` are a NAR; none = more than that.
std::optional<std::size_t> nar_size(std::string_view bytes) {
  nix::NarVisitor visitor;
  nix::NarParser parser(visitor);
  const auto used = parser.feed(as_bytes(bytes));
  if (!parser.is_done()) return std::nullopt;
  return used;
}

std::optional<std::size_t> export_size(std::string_view bytes) {
  std::size_t at = 0;
  while (true) {
    const auto item = wire::decode_export_item(bytes.substr(at));
    if (item.index() == 1) return std::nullopt;
    at += std::get<0>(item).consumed;
    if (!std::get<0>(item).value) return at;
    const auto nar = nar_size(bytes.substr(at));
    if (!nar) return std::nullopt;
    at += *nar;
    const auto trailer = wire::decode_export_trailer(bytes.substr(at));
    if (trailer.index() == 1) return std::nullopt;
    at += std::get<0>(trailer).consumed;
  }
}

/// Start and stop of a build result follow its status, message, and two numbers.
void mask_times(std::string& answer) {
  wire::Decoder io(answer);
  std::uint8_t status = 0;
  std::string message;
  std::uint64_t number = 0;
  io.u8(status);
  io.text(message, wire::kMessageLimit);
  io.u64(number);
  io.u64(number);
  if (!io.is_short() && answer.size() >= io.consumed() + 16)
    answer.replace(io.consumed(), 16, 16, '\0');
}

void write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(fd, bytes.data(), bytes.size());
    // A server that has died reads no more: how it died is what is looked at.
    if (put < 0 && errno == EPIPE) return;
    if (put < 0) throw system_error(errno, "write to a server");
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
}

/// A server in the middle of a conversation.
class Listener {
 public:
  Listener(const lab::Host& host, const std::vector<std::string>& argv) {
    int ends[2] = {-1, -1};
    if (::pipe2(ends, O_CLOEXEC) != 0) throw system_error(errno, "pipe");
    const Fd theirs(ends[0]);
    input_ = Fd(ends[1]);
    server_ = std::make_unique<lab::Process>(
        host.spawn(argv, {.user = lab::User::root, .stdin_fd = theirs.get()}));
  }

  /// The answer to `line`; all that came where the server ended instead.
  std::string tell(const Line& line) {
    write_all(input_.get(), line.bytes);
    const auto deadline = std::chrono::steady_clock::now() + 60s;
    for (bool has_ended = false; !has_ended;) {
      has_ended = !server_->is_running();
      const auto arrived = server_->out().substr(heard_);
      const auto size = line.answer_size(arrived);
      if (size || has_ended) {
        heard_ += size.value_or(arrived.size());
        return arrived.substr(0, size.value_or(arrived.size()));
      }
      if (std::chrono::steady_clock::now() > deadline)
        throw Error(Kind::timeout, "no answer to " + line.what + ": " + server_->err());
      std::this_thread::sleep_for(2ms);
    }
    return {};
  }

  void leave_at(const Line& line, std::string_view printed) {
    write_all(input_.get(), line.bytes);
    if (!server_->wait_for_output(printed, 60s))
      throw Error(Kind::timeout, fmt::format("'{}' is not printed: {}", printed, server_->err()));
  }

  Heard leave(std::vector<std::string> answers) {
    input_.reset();
    auto outcome = server_->wait(60s);
    answers.push_back(outcome.out.substr(heard_));
    return {.answers = std::move(answers),
            .exit_code = outcome.exit_code,
            .printed = outcome.err,
            .peak_rss_kib = outcome.peak_rss_kib};
  }

 private:
  Fd input_;
  std::unique_ptr<lab::Process> server_;
  std::size_t heard_ = 0;
};

}  // namespace

std::string Heard::last_error() const {
  std::istringstream lines(printed);
  std::string last;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("error:")) last = line;
  }
  return last;
}

Line greet(wire::ServeVersion version) {
  return {.what = "greeting",
          .bytes = wire::client_hello(version),
          .answer_size = [](std::string_view bytes) -> std::optional<std::size_t> {
            if (bytes.size() < wire::kHelloSize) return std::nullopt;
            return wire::kHelloSize;
          }};
}

Line dump(const nix::StorePath& path, wire::ServeVersion version) {
  auto line = ask("dump", wire::DumpStorePath{.path = path}, version);
  line.answer_size = nar_size;
  return line;
}

Line export_paths(const nix::StorePathSet& paths, wire::ServeVersion version) {
  auto line = ask("export", wire::ExportPaths{.sign = false, .paths = paths}, version);
  line.answer_size = export_size;
  return line;
}

Line upload(std::string what,
            const nix::PathInfo& info,
            std::string_view nar,
            wire::ServeVersion version) {
  auto line = ask(std::move(what), wire::AddToStoreNar{.info = info}, version);
  line.bytes += nar;
  return line;
}

Line say(std::string what, std::string bytes) {
  return {.what = std::move(what), .bytes = std::move(bytes), .answer_size = [](std::string_view) {
            return std::optional<std::size_t>();
          }};
}

Heard tell(const lab::Host& host, std::vector<std::string> argv, const Conversation& conversation) {
  argv.push_back("--serve");
  argv.insert(argv.end(), conversation.options.begin(), conversation.options.end());
  Listener listener(host, argv);
  std::vector<std::string> answers;
  for (const auto& line : conversation.lines) {
    if (&line == &conversation.lines.back() && !conversation.leaves_at.empty()) {
      listener.leave_at(line, conversation.leaves_at);
      break;
    }
    auto answer = listener.tell(line);
    if (line.what == "greeting") answer.resize(std::min(answer.size(), wire::kMagicSize));
    if (line.has_times) mask_times(answer);
    answers.push_back(std::move(answer));
  }
  conversation.before_leaving();
  return listener.leave(std::move(answers));
}

std::vector<std::string> install_nix_store(const lab::Host& host) {
  const fs::path folder = host.dir() / "firn";
  fs::create_directories(folder);
  const auto copy = [&](const fs::path& file) {
    fs::copy_file(file, folder / file.filename(), fs::copy_options::overwrite_existing);
  };
  copy(FIRN_PROGRAM);
  std::istringstream words(lab::must_run({"ldd", FIRN_PROGRAM}));
  std::string loader;
  for (std::string word; words >> word;) {
    if (!word.starts_with('/')) continue;
    copy(word);
    const auto name = fs::path(word).filename().string();
    if (name.starts_with("ld-linux")) loader = name;
  }
  return {folder / loader,
          "--argv0",
          "nix-store",
          "--library-path",
          folder,
          folder / fs::path(FIRN_PROGRAM).filename()};
}

}  // namespace firn::testing
