// SPDX-License-Identifier: Apache-2.0
#include "cli/serve_store_options.h"

#include "base/error.h"
#include "cli/usage.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>

#include <fmt/format.h>

namespace firn::cli {

namespace {

constexpr std::string_view kName = "serve-store";
constexpr std::array<std::string_view, 4> kOptions = {"--stdio", "--write", "--store", "--help"};

constexpr std::string_view kHelp =
    R"(usage: firn serve-store --stdio [--write] [--store URI]

Serves a store to any Nix client, on stdin and stdout: what nix-store --serve is
for Nix's own store. A symlink to firn with the name nix-store does the same for
clients that start nix-store --serve by themselves.

      --stdio                 speaks the serve protocol on stdin and stdout
      --write                 lets clients add paths and build; without it they
                              can only ask and fetch
      --store URI             auto, daemon, unix://PATH or local (default: what
                              NIX_REMOTE says)

As a forced command of sshd, the words in authorized_keys decide what a key may
do, whatever the client asks for:

  command="firn serve-store --stdio",restrict ssh-ed25519 AAAA... reader

Exit codes, as those of nix-store --serve:
  0    the client has closed the connection between two requests
  1    anything else; the reason is on stderr
  2    wrong usage
)";

/// The words of a command line, taken from the front.
class Words {
 public:
  Words(int argc, const char* const* argv) : left_(argv + 1, argv + std::max(argc, 1)) {}

  bool empty() const { return left_.empty(); }

  std::string_view next() {
    const std::string_view word = left_.front();
    left_ = left_.subspan(1);
    return word;
  }

  /// What must follow `option`.
  std::string_view value_of(std::string_view option) {
    if (left_.empty()) throw Error(Kind::invalid, fmt::format("{} needs a value", option));
    return next();
  }

 private:
  std::span<const char* const> left_;
};

bool take_store_option(std::string_view word, Words& words, ServeStoreOptions& options) {
  if (word == "--write") {
    options.access = store::Access::write;
  } else if (word == "--store") {
    options.store = store::parse_store_address(words.value_of(word));
  } else {
    return false;
  }
  return true;
}

/// Settings of Nix that some client or wrapper sends along, with the number of words after them.
bool skip_nix_setting(std::string_view word, Words& words) {
  if (word == "--option") words.value_of(word);
  if (word == "--option" || word == "--builders") {
    words.value_of(word);
    return true;
  }
  return word == "-v" || word == "--verbose" || word == "--quiet";
}

std::variant<ServeStoreOptions, Exit> parse_words(Words words) {
  ServeStoreOptions options{.store = store::store_address_of_environment()};
  bool on_stdio = false;
  while (!words.empty()) {
    const auto word = words.next();
    if (word == "--help" || word == "-h")
      return Exit{.code = ExitCode::success, .text = std::string(kHelp)};
    if (word == "--stdio") {
      on_stdio = true;
    } else if (!take_store_option(word, words, options)) {
      throw unknown_word(kName, word, kOptions);
    }
  }
  if (!on_stdio) throw Error(Kind::invalid, "firn serve-store needs --stdio");
  return options;
}

ServeStoreOptions parse_nix_words(Words words) {
  ServeStoreOptions options{.store = store::store_address_of_environment()};
  bool serves = false;
  while (!words.empty()) {
    const auto word = words.next();
    if (word == "--serve") {
      serves = true;
    } else if (!take_store_option(word, words, options) && !skip_nix_setting(word, words)) {
      throw Error(
          Kind::invalid,
          fmt::format("this nix-store is firn: it serves (--serve) and knows no '{}'", word));
    }
  }
  if (!serves)
    throw Error(Kind::invalid, "this nix-store is firn: it serves (--serve) and nothing else");
  return options;
}

}  // namespace

std::variant<ServeStoreOptions, Exit> parse_serve_store(int argc, const char* const* argv) {
  try {
    return parse_words(Words(argc, argv));
  } catch (const Error& e) {
    return usage_error(kName, e.what());
  }
}

bool is_nix_store(std::string_view program) {
  return program.substr(program.rfind('/') + 1) == "nix-store";
}

std::variant<ServeStoreOptions, Exit> parse_nix_store(int argc, const char* const* argv) {
  try {
    return parse_nix_words(Words(argc, argv));
  } catch (const Error& e) {
    // As nix-store itself ends: a client that looks at the status finds what it knows.
    return Exit{.code = ExitCode::build_failed, .text = fmt::format("error: {}\n", e.what())};
  }
}

std::string_view serve_store_help() {
  return kHelp;
}

}  // namespace firn::cli
