// SPDX-License-Identifier: Apache-2.0
#include "transport/ssh_connector.h"

#include "aio/phase.h"
#include "base/error.h"
#include "transport/remote_pid.h"
#include "transport/ssh_complaint.h"
#include "transport/ssh_process.h"
#include "transport/warden.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <utility>

#include <fmt/format.h>

namespace firn::transport {

using namespace std::chrono_literals;

namespace {

constexpr Duration kStopGrace = 1s;
constexpr std::size_t kMostUntold = 4096;

/// After a connection that was turned away: 40 ms, 120 ms, … 3 s, each with up to half of it more
/// at random, for others wait too.
constexpr Duration kFirstWait = 40ms;
constexpr int kMostTurnedAway = 5;

}  // namespace

/// One authenticated connection: the master process, the warden behind it, and how many sessions
/// use it.
struct SshConnector::Connection {
  Connection(aio::Loop& loop,
             const SshPlaces& places,
             const aio::Command& command,
             const std::string& pid_word)
      : socket(places.socket), master(loop, command, places.words_file(), pid_word, [this](pid_t) {
          tell(std::exchange(untold, {}));
        }) {}

  /// Lines for the warden, once it is there. A login with a command of its own has none.
  void tell(const std::string& lines) {
    if (master.remote_pid()) {
      master.try_write(lines);
    } else if (untold.size() + lines.size() <= kMostUntold) {
      untold += lines;
    }
  }

  std::string socket;
  std::string untold;
  SshProcess master;
  std::uint32_t opened = 0;
  std::size_t sessions = 0;
  bool is_lost = false;
};

/// A session; it counts on its connection as long as it lives, and the warden watches its process.
class SshConnector::SshLink final : public SshProcess {
 public:
  SshLink(aio::Loop& loop,
          const aio::Command& command,
          std::string words_file,
          const std::string& pid_word,
          std::shared_ptr<Connection> connection)
      : SshProcess(loop,
                   command,
                   std::move(words_file),
                   pid_word,
                   [c = connection.get()](pid_t pid) { c->tell(watch_line(pid)); }),
        connection_(std::move(connection)),
        announces_(!pid_word.empty()) {
    ++connection_->sessions;
  }

  ~SshLink() override {
    --connection_->sessions;
    if (const auto& pid = remote_pid())
      connection_->tell(remote_has_ended() ? forget_line(*pid) : end_line(*pid));
  }

  Connection& connection() const { return *connection_; }

  /// Whether it ended without having told its number, as it was asked to: its login runs other
  /// commands than ours.
  bool runs_something_else() const { return announces_ && !remote_pid() && remote_has_ended(); }

  /// How many were there to try when it was opened, its own among them.
  std::size_t commands_left = 0;

 private:
  std::shared_ptr<Connection> connection_;
  bool announces_;
};

SshConnector::SshConnector(aio::Loop& loop,
                           const SocketFolder& folder,
                           SshTarget target,
                           std::vector<std::string> remote_commands)
    : loop_(loop),
      folder_(folder),
      target_(std::move(target)),
      remote_commands_(std::move(remote_commands)) {
  FIRN_CHECK(!remote_commands_.empty());
  check(target_);
  std::random_device random;
  pid_word_ = fmt::format("firn{:08x}{:08x}", random(), random());
  jitter_.seed(static_cast<std::uint32_t>(std::hash<std::string>{}(folder.path() + target_.str())));
  if (!target_.host_key.empty()) known_hosts_ = write_known_hosts();
}

SshConnector::~SshConnector() = default;

std::string SshConnector::write_known_hosts() const {
  const auto path = fmt::format(
      "{}/hosts-{:x}", folder_.path(), std::hash<std::string>{}(target_.str() + target_.host_key));
  std::ofstream file(path);
  file << known_hosts_line(target_);
  file.close();
  if (!file) throw Error(Kind::resource, fmt::format("cannot write {}", path));
  return path;
}

std::shared_ptr<SshConnector::Connection> SshConnector::find_connection() const {
  for (const auto& connection : connections_) {
    if (!connection->is_lost && connection->sessions < session_limit_) return connection;
  }
  return nullptr;
}

aio::Task<std::unique_ptr<Link>> SshConnector::open() {
  auto connection = find_connection();
  if (!connection) {
    const auto turn = co_await connecting_.acquire();
    connection = find_connection();
    if (!connection) connection = co_await connect();
  }
  const SshPlaces places{.socket = connection->socket, .number = ++connection->opened};
  const std::string& program = remote_commands_.front();
  const std::string word = announces_ ? pid_word_ : std::string();
  const aio::Command command{
      .argv =
          session_words(target_, places, announces_ ? announcing_pid(pid_word_, program) : program),
      .environment = {}};
  auto link = std::make_unique<SshLink>(loop_, command, places.words_file(), word, connection);
  link->commands_left = remote_commands_.size();
  co_return link;
}

aio::Task<void> SshConnector::open_ahead() {
  const auto turn = co_await connecting_.acquire();
  if (!find_connection()) co_await connect();
}

namespace {

/// Reads the master's output up to the mark. False where it ended first.
aio::Task<bool> read_mark(SshProcess& master) {
  std::string seen;
  std::array<std::byte, 512> buffer{};
  while (seen.find(kConnectedMark) == std::string::npos) {
    const std::size_t got = co_await master.read_some(buffer);
    if (got == 0) co_return false;
    seen += as_text(Bytes(buffer).first(got));
    if (seen.size() > 65536) seen.erase(0, seen.size() - kConnectedMark.size());
  }
  co_return true;
}

}  // namespace

aio::Task<std::shared_ptr<SshConnector::Connection>> SshConnector::connect() {
  // sshd drops connections at random when many are in their greeting at once; a little jitter keeps
  // several firns apart.
  if (!connections_.empty())
    co_await aio::sleep_for(loop_, std::chrono::milliseconds(jitter_() % 50));
  std::erase_if(connections_, [](const auto& c) { return c->is_lost; });
  Duration wait = kFirstWait;
  for (int turned_away = 0;; ++turned_away, wait *= 3) {
    auto connection = start_connection();
    if (co_await read_mark(connection->master)) {
      connections_.push_back(connection);
      co_return connection;
    }
    const std::string words = co_await connection->master.last_words();
    if (turned_away == kMostTurnedAway || !is_turned_away(words)) throw explain_ssh(target_, words);
    co_await aio::sleep_for(loop_, wait + wait * (jitter_() % 8) / 16);
  }
}

std::shared_ptr<SshConnector::Connection> SshConnector::start_connection() {
  const SshPlaces places{.socket = fmt::format("{}/{:x}-{}",
                                               folder_.path(),
                                               std::hash<std::string>{}(target_.str()) & 0xffffffU,
                                               made_++)};
  const aio::Command command{
      .argv =
          master_words(target_, places, known_hosts_, announcing_pid(pid_word_, warden_command())),
      .environment = {}};
  return std::make_shared<Connection>(loop_, places, command, pid_word_);
}

void SshConnector::forbid_delegation() {
  for (auto& command : remote_commands_)
    command += " --builders ''";
}

/// Sessions that were opened at once fail at once: only the first of them strikes its command out.
bool SshConnector::learn_command(const SshLink& link) {
  if (link.commands_left < 2) return false;
  if (link.commands_left == remote_commands_.size())
    remote_commands_.erase(remote_commands_.begin());
  return true;
}

bool SshConnector::learn_refusal(const Link& link, std::string_view last_words) {
  const auto& session = dynamic_cast<const SshLink&>(link);
  if (session.runs_something_else()) {
    announces_ = false;
    return true;
  }
  if (last_words.find("exit status 127") != std::string_view::npos) return learn_command(session);
  auto& connection = session.connection();
  if (last_words.find("refused by peer") != std::string_view::npos) {
    session_limit_ = std::max<std::size_t>(1, std::min(session_limit_, connection.sessions - 1));
    return true;
  }
  // The master has gone away under its sessions: the next one needs a new connection. Where it took
  // its socket with it, ssh does not say so.
  std::error_code ignored;
  const bool lost = last_words.find("Control socket connect") != std::string_view::npos ||
                    last_words.find("mux_client") != std::string_view::npos ||
                    !std::filesystem::exists(connection.socket, ignored);
  if (lost) connection.is_lost = true;
  return lost;
}

aio::Task<void> SshConnector::close() {
  for (auto& connection : std::exchange(connections_, {}))
    co_await connection->master.stop(kStopGrace);
}

}  // namespace firn::transport
