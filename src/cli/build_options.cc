// SPDX-License-Identifier: Apache-2.0
#include "cli/build_options.h"

#include "base/error.h"
#include "cli/usage.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace firn::cli {

namespace fs = std::filesystem;

namespace {

using Words = std::vector<std::string>;

constexpr std::string_view kName = "build";
constexpr std::string_view kMachinesFile = "/etc/nix/machines";

constexpr std::string_view kIntroduction =
    R"(usage: firn build [FILE] [-A ATTR]... [--arg NAME EXPR]... [OPTION]...
       firn build DRV... [OPTION]...
       firn build INSTALLABLE... [OPTION]...

Evaluates with the installed Nix and builds what is missing, on this machine and
on builders that have sshd and Nix and need nothing else.

  FILE         a Nix file, or a folder with a default.nix. Without any argument:
               ./default.nix, else the flake in this folder
  DRV          a .drv in the store or a symlink to one. HELLO.drv^out,dev chooses
               outputs; otherwise it is all of them
  INSTALLABLE  a derivation of a flake: .#hello, nixpkgs#hello, .#hello^out,dev
)";

constexpr std::string_view kEpilogue = R"(
Examples:
  firn build                                  what ./default.nix describes
  firn build release.nix -A tests -k          all that can be built of one attribute
  firn build .#hello --builders 'ssh://b1 x86_64-linux - 8; ssh://b2 aarch64-linux'
  firn build .#hello --builders @machines -j0 nothing is built on this machine
  firn build .#hello --dry-run                what would be built, and where

Exit codes:
  0    everything that was asked for is there
  1    a build failed
  2    wrong usage or input: no such file, an evaluation error, bad builders
  3    infrastructure: steps were aborted, no machine for a system, the store
       cannot be reached, standard output cannot be written
  130  interrupted
)";

std::uint32_t parse_number(std::string_view option, std::string_view unit, std::string_view text) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) {
    throw Error(Kind::invalid, fmt::format("{} takes {}, not '{}'", option, unit, text));
  }
  return number;
}

Duration parse_seconds(std::string_view option, std::string_view text) {
  return std::chrono::seconds(parse_number(option, "a number of seconds (0 = no limit)", text));
}

std::uint32_t processors() {
  return std::max(1U, std::thread::hardware_concurrency());
}

std::uint32_t parse_jobs(std::string_view text) {
  return text == "auto" ? processors() : parse_number("--max-jobs", "a number or 'auto'", text);
}

enum class Group : std::uint8_t { what, where, how, results };

constexpr std::array<std::string_view, 4> kGroups = {"What to build", "Where", "How", "Results"};

/// One option: how it is spelt, what follows it, what it does.
struct Row {
  std::string_view names;
  /// One for each word that follows, separated by spaces.
  std::string_view words;
  Group group;
  /// Lines are broken by hand.
  std::string_view help;
  void (*apply)(BuildOptions& options, const Words& words);
};

using enum Group;

constexpr auto kRows = std::to_array<Row>({
    {.names = "-A,--attr",
     .words = "ATTR",
     .group = what,
     .help = "an attribute of FILE; several add up",
     .apply = [](BuildOptions& o, const Words& w) { o.request.attributes.push_back(w[0]); }},
    {.names = "--arg",
     .words = "NAME EXPR",
     .group = what,
     .help = "calls the expression with this argument",
     .apply =
         [](BuildOptions& o, const Words& w) {
           o.request.arguments.push_back(
               {.form = eval::Argument::Form::expression, .name = w[0], .value = w[1]});
         }},
    {.names = "--argstr",
     .words = "NAME TEXT",
     .group = what,
     .help = "the same, for a plain text",
     .apply =
         [](BuildOptions& o, const Words& w) {
           o.request.arguments.push_back(
               {.form = eval::Argument::Form::text, .name = w[0], .value = w[1]});
         }},
    {.names = "-I,--include",
     .words = "PATH",
     .group = what,
     .help = "adds PATH, or NAME=PATH, to what <NAME> is searched in",
     .apply = [](BuildOptions& o, const Words& w) { o.evaluation.search_paths.push_back(w[0]); }},
    {.names = "--option",
     .words = "NAME VALUE",
     .group = what,
     .help = "a setting of Nix, for the evaluation only",
     .apply = [](BuildOptions& o,
                 const Words& w) { o.evaluation.settings.emplace_back(w[0], w[1]); }},
    {.names = "--impure",
     .words = "",
     .group = what,
     .help = "short for --option pure-eval false",
     .apply = [](BuildOptions& o,
                 const Words&) { o.evaluation.settings.emplace_back("pure-eval", "false"); }},
    {.names = "--show-trace",
     .words = "",
     .group = what,
     .help = "short for --option show-trace true",
     .apply = [](BuildOptions& o,
                 const Words&) { o.evaluation.settings.emplace_back("show-trace", "true"); }},

    {.names = "--builders",
     .words = "SPEC|@FILE",
     .group = where,
     .help = "the builders, in the syntax of Nix's machines file; '' is\n"
             "none (default: @/etc/nix/machines where it exists). A\n"
             "file is followed while firn builds",
     .apply = [](BuildOptions& o, const Words& w) { o.builders = w[0]; }},
    {.names = "-j,--max-jobs",
     .words = "N",
     .group = where,
     .help = "steps at a time on this machine; 0 builds nothing here\n"
             "(default: auto, one for each processor)",
     .apply = [](BuildOptions& o, const Words& w) { o.max_jobs = parse_jobs(w[0]); }},
    {.names = "--store",
     .words = "STORE",
     .group = where,
     .help = "this machine's store: through its daemon (daemon, or\n"
             "unix://PATH of its socket), opened directly (local), or\n"
             "whichever is there (auto; default: what NIX_REMOTE says)",
     .apply = [](BuildOptions& o, const Words& w) { o.store = store::parse_store_address(w[0]); }},

    {.names = "--config",
     .words = "FILE",
     .group = how,
     .help = "limits and retries, as firn check-config --defaults shows\n"
             "them (default: ~/.config/firn/firn.toml, else\n"
             "/etc/firn/firn.toml)",
     .apply = [](BuildOptions& o, const Words& w) { o.config = w[0]; }},
    {.names = "-k,--keep-going",
     .words = "",
     .group = how,
     .help = "after a failure, still build what does not need it",
     .apply = [](BuildOptions& o, const Words&) { o.keep_going = true; }},
    {.names = "--max-silent-time",
     .words = "SECONDS",
     .group = how,
     .help = "fails a build that prints nothing for so long",
     .apply = [](BuildOptions& o,
                 const Words& w) { o.max_silent_time = parse_seconds("--max-silent-time", w[0]); }},
    {.names = "--timeout",
     .words = "SECONDS",
     .group = how,
     .help = "fails a build that takes longer",
     .apply = [](BuildOptions& o,
                 const Words& w) { o.timeout = parse_seconds("--timeout", w[0]); }},
    {.names = "--dry-run",
     .words = "",
     .group = how,
     .help = "only says what would be built where",
     .apply = [](BuildOptions& o, const Words&) { o.dry_run = true; }},

    {.names = "-o,--out-link",
     .words = "PATH",
     .group = results,
     .help = "links the results to PATH, PATH-2, ..., other outputs to\n"
             "PATH-dev, ... (default: result)",
     .apply = [](BuildOptions& o, const Words& w) { o.out_link = w[0]; }},
    {.names = "--no-out-link,--no-link",
     .words = "",
     .group = results,
     .help = "makes no links",
     .apply = [](BuildOptions& o, const Words&) { o.out_link.reset(); }},
    {.names = "--json",
     .words = "",
     .group = results,
     .help = "prints one JSON object a line for every change of state",
     .apply = [](BuildOptions& o, const Words&) { o.json = true; }},
    {.names = "--log-dir",
     .words = "DIR",
     .group = results,
     .help = "where the logs go, one file for every try of a build",
     .apply = [](BuildOptions& o, const Words& w) { o.log_dir = w[0]; }},
    {.names = "--record",
     .words = "DIR",
     .group = results,
     .help = "records every conversation with builders and stores, for\n"
             "firn inspect wire --capture",
     .apply = [](BuildOptions& o, const Words& w) { o.record = w[0]; }},
});

int word_count(std::string_view words) {
  return words.empty() ? 0 : 1 + static_cast<int>(std::count(words.begin(), words.end(), ' '));
}

/// "-A,--attr" → {"-A", "--attr"}.
std::vector<std::string_view> names_of(const Row& row) {
  std::vector<std::string_view> names;
  for (std::string_view rest = row.names; !rest.empty();) {
    const auto comma = std::min(rest.find(','), rest.size());
    names.push_back(rest.substr(0, comma));
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  return names;
}

std::string describe(const Row& row) {
  constexpr std::size_t kColumn = 30;
  std::string line = row.names.starts_with("--") ? "      " : "  ";
  const auto names = names_of(row);
  line += fmt::format("{}", fmt::join(names, ", "));
  if (!row.words.empty()) line += " " + std::string(row.words);
  std::string text = fmt::format("{:<{}}", line, kColumn);
  if (line.size() >= kColumn) text = line + "\n" + std::string(kColumn, ' ');
  for (const char c : row.help) {
    text += c;
    if (c == '\n') text += std::string(kColumn, ' ');
  }
  return text + "\n";
}

std::string compose_help() {
  std::string help(kIntroduction);
  for (std::size_t group = 0; group < kGroups.size(); ++group) {
    help += fmt::format("\n{}:\n", kGroups.at(group));
    for (const Row& row : kRows) {
      if (static_cast<std::size_t>(row.group) == group) help += describe(row);
    }
  }
  return help + std::string(kEpilogue);
}

/// CLI11 on our table. Every option takes effect where it stands, so that the last one wins.
class Parser {
 public:
  Parser() {
    app_.set_help_flag("");
    app_.allow_extras();
    for (const Row& row : kRows)
      add(row);
    app_.add_flag("-h,--help", wants_help_);
    app_.add_option("inputs", options_.request.inputs);
  }

  std::variant<BuildOptions, Exit> parse(int argc, const char* const* argv) {
    app_.parse(argc, argv);
    if (wants_help_) return Exit{.code = ExitCode::success, .text = std::string(build_help())};
    for (const auto& word : app_.remaining()) {
      if (word != "--") refuse(word);
    }
    eval::kind_of(options_.request);
    if (options_.store.socket.empty()) options_.store = store::store_address_of_environment();
    return std::move(options_);
  }

 private:
  static BuildOptions defaults() {
    BuildOptions options;
    options.max_jobs = processors();
    std::error_code ignored;
    if (fs::exists(kMachinesFile, ignored)) options.builders = fmt::format("@{}", kMachinesFile);
    return options;
  }

  void add(const Row& row) {
    const std::string names(row.names);
    const auto apply = [this, &row](const Words& words) {
      row.apply(options_, words);
      return true;
    };
    if (row.words.empty()) {
      app_.add_flag_callback(names, [apply] { apply({}); })->trigger_on_parse();
      return;
    }
    app_.add_option(names, apply)
        ->type_size(word_count(row.words))
        ->expected(1)
        ->trigger_on_parse();
  }

  [[noreturn]] static void refuse(std::string_view word) {
    std::vector<std::string_view> known = {"--help"};
    for (const Row& row : kRows) {
      const auto names = names_of(row);
      known.insert(known.end(), names.begin(), names.end());
    }
    throw unknown_word(kName, word, known);
  }

  BuildOptions options_ = defaults();
  bool wants_help_ = false;
  CLI::App app_;
};

/// CLI11's text for a missing word is "--arg: 2 required NAME EXPR missing".
std::string missing_words(std::string_view text) {
  const auto name = text.substr(0, text.find(':'));
  for (const Row& row : kRows) {
    const auto names = names_of(row);
    if (std::find(names.begin(), names.end(), name) != names.end())
      return fmt::format("{} needs {}", name, row.words);
  }
  return std::string(text);
}

}  // namespace

std::variant<BuildOptions, Exit> parse_build_options(int argc, const char* const* argv) {
  Parser parser;
  try {
    return parser.parse(argc, argv);
  } catch (const Error& e) {
    return usage_error(kName, e.what());
  } catch (const CLI::ArgumentMismatch& e) {
    return usage_error(kName, missing_words(e.what()));
  } catch (const CLI::ParseError& e) {
    return usage_error(kName, e.what());
  }
}

std::string_view build_help() {
  static const std::string help = compose_help();
  return help;
}

}  // namespace firn::cli
