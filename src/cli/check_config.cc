// SPDX-License-Identifier: Apache-2.0
#include "cli/check_config.h"

#include "base/error.h"
#include "cli/usage.h"
#include "config/hydra_conf.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cstdio>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace firn::cli {

namespace {

constexpr std::string_view kName = "check-config";
constexpr std::array<std::string_view, 3> kOptions = {"--json", "--defaults", "--help"};

constexpr std::string_view kHelp =
    R"(usage: firn check-config [FILE] [--json]
       firn check-config --defaults

Reads a configuration file as firn does and names every key that is unknown,
obsolete or wrong, with file and line.

  FILE         the file (default: the one that firn build would read:
               $XDG_CONFIG_HOME/firn/firn.toml or ~/.config/firn/firn.toml,
               else /etc/firn/firn.toml); one whose name ends in .conf is
               Hydra's hydra.conf, as firn queue-runner reads it
  --json       prints {"file": ..., "problems":
               [{"file", "line", "key", "message", "fatal"}]}
  --defaults   prints a file with every key, its default and what it means

Exit codes:
  0    nothing is wrong, or there are only warnings
  2    something is wrong, or the file cannot be read
)";

nlohmann::json to_json(const std::vector<config::Problem>& problems) {
  auto list = nlohmann::json::array();
  for (const auto& problem : problems)
    list.push_back({{"file", problem.file},
                    {"line", problem.line},
                    {"key", problem.key},
                    {"message", problem.message},
                    {"fatal", problem.is_fatal}});
  return list;
}

std::vector<config::Problem> problems_of(const std::filesystem::path& file) {
  if (file.string().ends_with(".conf")) return config::load_hydra_conf(file).problems;
  return config::load_configuration(file).problems;
}

}  // namespace

std::variant<CheckConfigOptions, Exit> parse_check_config(int argc, const char* const* argv) {
  CheckConfigOptions options;
  std::string file;
  bool wants_help = false;
  CLI::App app;
  app.set_help_flag("");
  app.allow_extras();
  app.add_option("FILE", file);
  app.add_flag("--json", options.json);
  app.add_flag("--defaults", options.defaults);
  app.add_flag("-h,--help", wants_help);
  try {
    app.parse(argc, argv);
    for (const auto& word : app.remaining())
      if (word != "--") throw unknown_word(kName, word, kOptions);
  } catch (const CLI::ParseError& e) {
    return usage_error(kName, e.what());
  } catch (const Error& e) {
    return usage_error(kName, e.what());
  }
  if (wants_help) return Exit{.code = ExitCode::success, .text = std::string(kHelp)};
  if (!file.empty()) options.file = file;
  return options;
}

ExitCode check_config(const CheckConfigOptions& options, std::ostream& out) {
  if (options.defaults) {
    out << config::default_file();
    return ExitCode::success;
  }
  const auto file = options.file ? options.file : config::find_configuration();
  const auto problems = file ? problems_of(*file) : std::vector<config::Problem>();
  if (options.json) {
    const nlohmann::json report{{"file", file ? nlohmann::json(file->string()) : nlohmann::json()},
                                {"problems", to_json(problems)}};
    out << report.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
  } else if (!file) {
    out << "there is no configuration file; all defaults hold\n";
  } else if (problems.empty()) {
    out << fmt::format("{}: nothing is wrong\n", file->string());
  } else {
    for (const auto& problem : problems)
      out << problem.str() << "\n";
  }
  const bool is_usable = std::ranges::none_of(problems, &config::Problem::is_fatal);
  return is_usable ? ExitCode::success : ExitCode::usage;
}

ExitCode run_check_config(const CheckConfigOptions& options) {
  try {
    return check_config(options, std::cout);
  } catch (const Error& e) {
    std::fprintf(stderr, "error: %s\n", e.what());
    return ExitCode::usage;
  }
}

config::Settings load_settings(std::optional<std::filesystem::path> file) {
  if (!file) file = config::find_configuration();
  if (!file) return {};
  const auto configuration = config::load_configuration(*file);
  if (configuration.problems.empty()) return configuration.settings;
  std::string text;
  for (const auto& problem : configuration.problems)
    text += (text.empty() ? "" : "\nerror: ") + problem.str();
  throw Error(Kind::invalid, text);
}

}  // namespace firn::cli
