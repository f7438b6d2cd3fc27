// SPDX-License-Identifier: Apache-2.0
#include "cli/queue_options.h"

#include "base/error.h"
#include "cli/usage.h"
#include "config/values.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <ctime>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace firn::cli {

namespace {

constexpr std::string_view kHelp =
    R"(usage: firn queue list [--all | --finished N]
       firn queue add DRV... | FILE [-A ATTR]... | INSTALLABLE...
                      [--job NAME] [--priority N]
       firn queue cancel BUILD...
       firn queue restart BUILD...
       firn queue bump BUILD... [--down]
       firn queue log [-f] BUILD|DRV
       firn queue machines [drain|disable|enable MACHINE [--reason TEXT]
                      [--until TIME]]

Shows and steers the queue of firn's or Hydra's queue runner, in its database.
A runner on PostgreSQL hears of it at once; without a runner it waits there.

  list      what waits and what runs; the last bumped first. --all shows more
            than a hundred, --finished what ended last
  add       queues derivations, as firn build takes them, without a jobset of
            Hydra's, and keeps them from the garbage collector
  cancel    ends builds that wait or run
  restart   queues finished builds again, with the failed builds that the same
            failure ended; what failed before is tried once more
  bump      has builds come first, the last one bumped before all others;
            --down takes that back
  log       prints the log of a build or of one of its derivations; -f follows
            it to the end
  machines  lists them. drain: takes no new work; disable: out of use; with a
            reason, until TIME (2h from now, or 2026-11-27T10:00Z); enable ends
            either

Options:
  --database WHERE  postgres://USER@HOST/DATABASE, or a SQLite file (its path,
                    or sqlite:FILE); default: $HYDRA_DATABASE_URL, else
                    $HYDRA_DBI, else the local PostgreSQL database hydra
  --data FOLDER     where the runner's logs are (default: $HYDRA_DATA)
  --json            prints one JSON object a line; see docs/queue.md

Exit codes:
  0    done
  2    wrong usage, or no such build, derivation, log or machine
  3    the database, the store or a log cannot be reached
)";

/// What stands on the command line, before it is known to mean something.
struct Words {
  std::vector<std::string> inputs;
  bool all = false;
  std::optional<std::size_t> finished;
  std::vector<std::string> attributes;
  std::string job;
  std::int64_t priority = 0;
  bool down = false;
  bool follow = false;
  std::string reason;
  std::string until;
};

Error wrong(std::string message) {
  return {Kind::invalid, std::move(message)};
}

db::BuildId parse_build(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 1)
    throw wrong(
        fmt::format("'{}' is no build; builds are numbers, as firn queue list shows", text));
  return db::BuildId(number);
}

WallTime parse_until(const std::string& text, WallTime now) {
  if (const auto duration = config::read_duration(text))
    return now + std::chrono::ceil<std::chrono::seconds>(*duration);
  std::tm parts{};
  const char* end = ::strptime(text.c_str(), "%Y-%m-%dT%H:%MZ", &parts);
  if (end == nullptr || *end != '\0') {
    throw wrong(
        fmt::format("--until takes a time from now on (90min, 2h, 3d) or one in UTC "
                    "(2026-11-27T10:00Z), not '{}'",
                    text));
  }
  const WallTime until{std::chrono::seconds(::timegm(&parts))};
  if (until <= now) throw wrong(fmt::format("--until {} has passed", text));
  return until;
}

QueueAction make_list(const Words& words, WallTime /*now*/) {
  if (!words.inputs.empty())
    throw wrong(fmt::format("firn queue list does not know what '{}' is for", words.inputs[0]));
  if (words.all && words.finished) throw wrong("--all and --finished exclude each other");
  return QueueList{.all = words.all, .finished = words.finished};
}

QueueAction make_add(const Words& words, WallTime /*now*/) {
  QueueAdd add{.request = {.inputs = words.inputs, .attributes = words.attributes, .arguments = {}},
               .job = words.job,
               .priority = words.priority};
  eval::kind_of(add.request);
  return add;
}

QueueSteer make_steer(const Words& words, Steering steering) {
  QueueSteer steer{.steering = steering};
  for (const auto& word : words.inputs)
    steer.builds.push_back(parse_build(word));
  if (steer.builds.empty()) throw wrong("say which builds; firn queue list shows their numbers");
  return steer;
}

QueueAction make_cancel(const Words& words, WallTime /*now*/) {
  return make_steer(words, Steering::cancel);
}

QueueAction make_restart(const Words& words, WallTime /*now*/) {
  return make_steer(words, Steering::restart);
}

QueueAction make_bump(const Words& words, WallTime /*now*/) {
  return make_steer(words, words.down ? Steering::bump_down : Steering::bump);
}

QueueAction make_log(const Words& words, WallTime /*now*/) {
  if (words.inputs.size() != 1) throw wrong("firn queue log takes one build or one derivation");
  return QueueLog{.of = words.inputs[0], .follow = words.follow};
}

std::optional<db::MachineState> find_state(std::string_view verb) {
  if (verb == "drain") return db::MachineState::draining;
  if (verb == "disable") return db::MachineState::disabled;
  if (verb == "enable") return db::MachineState::enabled;
  return std::nullopt;
}

QueueAction make_machines(const Words& words, WallTime now) {
  const bool explains = !words.reason.empty() || !words.until.empty();
  const auto state = words.inputs.empty() ? std::nullopt : find_state(words.inputs[0]);
  if (words.inputs.empty() && !explains) return QueueMachines{};
  if (!state || words.inputs.size() != 2)
    throw wrong("firn queue machines takes drain, disable or enable and one machine, or nothing");
  if (*state == db::MachineState::enabled && explains)
    throw wrong("--reason and --until go with drain and disable");
  QueueMachines machines{
      .decision = db::MachineDecision{
          .name = words.inputs[1], .state = *state, .reason = words.reason, .until = {}}};
  if (!words.until.empty()) machines.decision->until = parse_until(words.until, now);
  return machines;
}

struct Action {
  std::string_view name;
  void (*add_options)(CLI::App& app, Words& words);
  QueueAction (*make)(const Words& words, WallTime now);
};

constexpr auto kActions = std::to_array<Action>({
    {.name = "list",
     .add_options =
         [](CLI::App& app, Words& words) {
           app.add_flag("--all", words.all);
           app.add_option("--finished", words.finished)->check(CLI::Range(1, 1'000'000));
         },
     .make = make_list},
    {.name = "add",
     .add_options =
         [](CLI::App& app, Words& words) {
           app.add_option("-A,--attr", words.attributes)->expected(1)->take_all();
           app.add_option("--job", words.job);
           app.add_option("--priority", words.priority)->check(CLI::Range(-1'000'000, 1'000'000));
         },
     .make = make_add},
    {.name = "cancel", .add_options = [](CLI::App&, Words&) {}, .make = make_cancel},
    {.name = "restart", .add_options = [](CLI::App&, Words&) {}, .make = make_restart},
    {.name = "bump",
     .add_options = [](CLI::App& app, Words& words) { app.add_flag("--down", words.down); },
     .make = make_bump},
    {.name = "log",
     .add_options = [](CLI::App& app, Words& words) { app.add_flag("-f,--follow", words.follow); },
     .make = make_log},
    {.name = "machines",
     .add_options =
         [](CLI::App& app, Words& words) {
           app.add_option("--reason", words.reason);
           app.add_option("--until", words.until);
         },
     .make = make_machines},
});

void refuse_unknown(const std::string& command, const CLI::App& app) {
  const auto unknown = app.remaining();
  if (unknown.empty()) return;
  std::vector<std::string> names;
  for (const auto* option : app.get_options())
    names.push_back(option->get_name());
  const std::vector<std::string_view> known(names.begin(), names.end());
  throw unknown_word(command, unknown.front(), known);
}

std::variant<QueueOptions, Exit> parse_action(const Action& action,
                                              int argc,
                                              const char* const* argv,
                                              WallTime now) {
  QueueOptions options;
  Words words;
  bool wants_help = false;
  CLI::App app;
  app.set_help_flag("");
  app.allow_extras();
  app.add_option("inputs", words.inputs);
  app.add_option("--database", options.database);
  app.add_option("--data", options.data);
  app.add_flag("--json", options.json);
  app.add_flag("-h,--help", wants_help);
  action.add_options(app, words);
  app.parse(argc, argv);
  if (wants_help) return Exit{.code = ExitCode::success, .text = std::string(kHelp)};
  refuse_unknown(fmt::format("queue {}", action.name), app);
  options.action = action.make(words, now);
  return options;
}

}  // namespace

std::variant<QueueOptions, Exit> parse_queue(int argc, const char* const* argv, WallTime now) {
  constexpr std::string_view kName = "queue";
  const std::string_view name = argc > 1 ? argv[1] : "";
  if (name == "--help" || name == "-h")
    return Exit{.code = ExitCode::success, .text = std::string(kHelp)};
  const auto* const action = std::ranges::find(kActions, name, &Action::name);
  if (action == kActions.end()) {
    std::vector<std::string_view> names;
    names.reserve(kActions.size());
    for (const auto& known : kActions)
      names.push_back(known.name);
    return usage_error(kName, fmt::format("say what to do: firn queue {}", fmt::join(names, "|")));
  }
  try {
    return parse_action(*action, argc - 1, argv + 1, now);
  } catch (const CLI::ParseError& e) {
    return usage_error(kName, e.what());
  } catch (const Error& e) {
    return usage_error(kName, e.message());
  }
}

}  // namespace firn::cli
