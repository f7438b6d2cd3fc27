// SPDX-License-Identifier: Apache-2.0
#include "cli/queue_runner_options.h"

#include "base/error.h"
#include "cli/usage.h"

#include <CLI/CLI.hpp>
#include <array>
#include <string_view>

namespace firn::cli {

namespace {

constexpr std::string_view kName = "queue-runner";
constexpr std::array<std::string_view, 11> kOptions = {"--database",
                                                       "--data",
                                                       "--config",
                                                       "--max-jobs",
                                                       "--drain",
                                                       "--build-one",
                                                       "--prometheus-address",
                                                       "--status",
                                                       "--unlock",
                                                       "--record-schedule",
                                                       "--help"};

constexpr std::string_view kHelp =
    R"(usage: firn queue-runner [OPTION]...

Builds what is queued in a database of Hydra's tables: an existing Hydra's, or
one that firn db init has made. Of several runners on one database one works;
the others take over when it dies.

  --database WHERE   postgres://USER@HOST/DATABASE, or a SQLite file (its path,
                     or sqlite:FILE); default: $HYDRA_DATABASE_URL, else
                     $HYDRA_DBI, else the local PostgreSQL database hydra
  --data FOLDER      where hydra.conf and logs are (default: $HYDRA_DATA)
  --config FILE      firn.toml with limits (default: as for firn build)
  --max-jobs N       builds at a time on this machine, where there is no
                     machines file (default: one for each processor)
  --drain SECONDS    how long running builds are waited for when the runner is
                     told to stop (default: 60); then they are aborted, and
                     stay queued
  --build-one ID     build nothing but this, then leave
  --prometheus-address ADDRESS:PORT
                     serve metrics at /metrics and the status at /status there
  --status           print the status of the runner that works, as JSON, and
                     leave
  --unlock           close what a runner that died has left open, and leave
  --record-schedule FILE
                     write down what the scheduler is told and decides, up to
                     4 GiB, for firn simulate --replay FILE

Machines come from $NIX_REMOTE_SYSTEMS, else /etc/nix/machines; the files are
followed. SIGHUP has them read again. SIGINT and SIGTERM stop in good order, a
second one at once.

Exit codes:
  0    stopped; with --build-one: the build succeeded
  1    with --build-one: the build did not succeed
  2    something is wrong with the configuration or the database
  3    the database or the store cannot be reached, or another runner took over
)";

}  // namespace

std::variant<QueueRunnerOptions, Exit> parse_queue_runner(int argc, const char* const* argv) {
  QueueRunnerOptions options;
  std::int64_t drain = options.drain.count();
  bool wants_help = false;
  CLI::App app;
  app.set_help_flag("");
  app.allow_extras();
  app.add_option("--database", options.database);
  app.add_option("--data", options.data);
  app.add_option("--config", options.config);
  app.add_option("--max-jobs", options.max_jobs)->check(CLI::Range(0, 100'000));
  app.add_option("--drain", drain)->check(CLI::Range(0, 1'000'000));
  app.add_option("--build-one", options.build_one)->check(CLI::PositiveNumber);
  app.add_option("--prometheus-address", options.prometheus_address);
  app.add_flag("--status", options.status);
  app.add_flag("--unlock", options.unlock);
  app.add_option("--record-schedule", options.record_schedule);
  app.add_flag("-h,--help", wants_help);
  try {
    app.parse(argc, argv);
    for (const auto& word : app.remaining())
      throw unknown_word(kName, word, kOptions);
  } catch (const CLI::ParseError& e) {
    return usage_error(kName, e.what());
  } catch (const Error& e) {
    return usage_error(kName, e.message());
  }
  if (wants_help) return Exit{.code = ExitCode::success, .text = std::string(kHelp)};
  options.drain = std::chrono::seconds(drain);
  return options;
}

}  // namespace firn::cli
