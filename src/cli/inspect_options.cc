// SPDX-License-Identifier: Apache-2.0
#include "cli/inspect_options.h"

#include "base/error.h"
#include "base/nearest.h"
#include "cli/usage.h"

#include <CLI/CLI.hpp>
#include <array>
#include <utility>

#include <fmt/format.h>

namespace firn::cli {

namespace {

constexpr std::string_view kName = "inspect";

constexpr std::string_view kHelp =
    R"(usage: firn inspect KIND ARGUMENT... [OPTION]...

Shows what is in the things that Nix stores and sends, and checks them. FILE may
be - for stdin.

  drv FILE                  a derivation, as JSON

  nar FILE                  lists a NAR; every rule of the format is checked
      --json                as the listing that binary caches keep (.ls)
      --verify HASH         fails where the NAR has another hash
      --verify-size BYTES   fails where it has another size

  narinfo FILE              what a binary cache says of a path, as JSON, with the text
                            that is signed
      --verify KEY          fails where no signature is by KEY, as in
                            trusted-public-keys; several keys add up

  path STOREPATH            what this machine's store knows of a path, as JSON
      --store ADDRESS       another store than NIX_REMOTE says, as in firn build

  machines [FILE]           the machines of a file as firn understands them
                            (default: /etc/nix/machines), and what is wrong in it
      --json                the same for programs

  wire PROTOCOL VERSION MESSAGE FILE
                            one message of a protocol, as JSON:
                            firn inspect wire serve 2.7 build-result FILE
                            VERSION of the worker protocol may name features:
                            1.38+realisation-with-path-not-hash
      --hex TEXT            reads TEXT instead of FILE; blanks do not matter
      --many                reads several in a row, as a list
  wire --list               the names of all messages
  wire --capture FILE       a conversation that firn build --record wrote, step
                            by step
      --json                one JSON object a line for every step

Exit codes:
  0  it is as it should be
  2  wrong usage, or something is wrong with what was looked at
  3  the store cannot be reached
)";

using Words = std::vector<std::string>;

/// CLI11 for the options of one kind: fills the struct that it was made for.
class Parser {
 public:
  explicit Parser(std::string_view kind) : kind_(kind) {
    app_.set_help_flag("");
    app_.allow_extras();
  }

  template <class Value>
  void positional(const std::string& name, Value& value) {
    app_.add_option(name, value);
  }

  template <class Value>
  void option(const std::string& name, Value& value) {
    app_.add_option(name, value);
    options_.push_back(name);
  }

  /// May be there several times, with one value each.
  void each(const std::string& name, std::vector<std::string>& values) {
    app_.add_option(name, values)->expected(1)->take_all();
    options_.push_back(name);
  }

  void flag(const std::string& name, bool& value) {
    app_.add_flag(name, value);
    options_.push_back(name);
  }

  /// Throws Error{invalid}, and CLI::ParseError.
  void parse(const Words& words) {
    app_.parse(Words(words.rbegin(), words.rend()));
    for (const auto& word : app_.remaining())
      refuse(word);
  }

  /// Throws Error{invalid} where the positional word `name` is missing.
  void require(const std::string& name) const {
    if (app_.count(name) == 0)
      throw Error(Kind::invalid, fmt::format("firn inspect {} needs {}", kind_, name));
  }

 private:
  [[noreturn]] void refuse(std::string_view word) const {
    const std::vector<std::string_view> known(options_.begin(), options_.end());
    throw unknown_word(fmt::format("{} {}", kName, kind_), word, known);
  }

  std::string kind_;
  CLI::App app_;
  std::vector<std::string> options_;
};

InspectOptions parse_drv(const Words& words) {
  InspectDrv options;
  Parser parser("drv");
  parser.positional("FILE", options.file);
  parser.parse(words);
  parser.require("FILE");
  return options;
}

InspectOptions parse_narinfo(const Words& words) {
  InspectNarinfo options;
  Parser parser("narinfo");
  parser.positional("FILE", options.file);
  parser.each("--verify", options.keys);
  parser.parse(words);
  parser.require("FILE");
  return options;
}

InspectOptions parse_nar(const Words& words) {
  InspectNar options;
  std::optional<std::string> hash;
  Parser parser("nar");
  parser.positional("FILE", options.file);
  parser.flag("--json", options.json);
  parser.option("--verify", hash);
  parser.option("--verify-size", options.size);
  parser.parse(words);
  parser.require("FILE");
  if (hash) options.hash = parse_hash(*hash, HashAlgorithm::sha256);
  return options;
}

InspectOptions parse_path(const Words& words) {
  InspectPath options;
  Parser parser("path");
  std::optional<std::string> store;
  parser.positional("STOREPATH", options.path);
  parser.option("--store", store);
  parser.parse(words);
  parser.require("STOREPATH");
  options.store =
      store ? store::parse_store_address(*store) : store::store_address_of_environment();
  return options;
}

InspectOptions parse_machines(const Words& words) {
  InspectMachines options;
  Parser parser("machines");
  parser.positional("FILE", options.file);
  parser.flag("--json", options.json);
  parser.parse(words);
  return options;
}

InspectOptions parse_wire(const Words& words) {
  InspectMessage message;
  InspectCapture capture;
  bool list = false;
  Parser parser("wire");
  parser.positional("PROTOCOL", message.protocol);
  parser.positional("VERSION", message.version);
  parser.positional("MESSAGE", message.message);
  parser.positional("FILE", message.file);
  parser.option("--hex", message.hex);
  parser.flag("--many", message.many);
  parser.flag("--list", list);
  parser.option("--capture", capture.file);
  parser.flag("--json", capture.json);
  parser.parse(words);
  if (list) return InspectMessageNames{};
  if (!capture.file.empty()) return capture;
  for (const char* name : {"PROTOCOL", "VERSION", "MESSAGE"})
    parser.require(name);
  if (!message.hex) parser.require("FILE");
  return message;
}

/// A kind of thing to look at.
struct InspectedKind {
  std::string_view name;
  InspectOptions (*parse)(const Words& words);
};

constexpr auto kKinds = std::to_array<InspectedKind>({
    {.name = "drv", .parse = parse_drv},
    {.name = "nar", .parse = parse_nar},
    {.name = "narinfo", .parse = parse_narinfo},
    {.name = "path", .parse = parse_path},
    {.name = "machines", .parse = parse_machines},
    {.name = "wire", .parse = parse_wire},
});

InspectOptions parse(const Words& words) {
  if (words.empty()) throw Error(Kind::invalid, "firn inspect needs the kind of what to look at");
  std::vector<std::string_view> known;
  for (const auto& kind : kKinds) {
    if (kind.name == words[0]) return kind.parse({words.begin() + 1, words.end()});
    known.push_back(kind.name);
  }
  const auto meant = nearest(words[0], known);
  throw Error(Kind::invalid,
              fmt::format("firn inspect has no kind '{}'{}",
                          words[0],
                          meant ? fmt::format("; did you mean {}?", *meant) : std::string()));
}

/// CLI11's text for a missing word is "--hex: 1 required TEXT missing".
std::string missing_word(std::string_view text) {
  const auto name = text.substr(0, text.find(':'));
  return name.starts_with("--") ? fmt::format("{} needs a value", name) : std::string(text);
}

}  // namespace

std::variant<InspectOptions, Exit> parse_inspect_options(int argc, const char* const* argv) {
  const Words words(argv + 1, argv + argc);
  for (const auto& word : words) {
    if (word == "--help" || word == "-h")
      return Exit{.code = ExitCode::success, .text = std::string(kHelp)};
  }
  try {
    return parse(words);
  } catch (const Error& e) {
    return usage_error(kName, e.what());
  } catch (const CLI::ArgumentMismatch& e) {
    return usage_error(kName, missing_word(e.what()));
  } catch (const CLI::ParseError& e) {
    return usage_error(kName, e.what());
  }
}

std::string_view inspect_help() {
  return kHelp;
}

}  // namespace firn::cli
