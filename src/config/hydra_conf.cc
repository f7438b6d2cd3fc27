// SPDX-License-Identifier: Apache-2.0
#include "config/hydra_conf.h"

#include "base/error.h"
#include "base/nearest.h"
#include "config/conf_tree.h"
#include "config/hydra_keys.h"
#include "config/text_file.h"
#include "store/store_address.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <tuple>
#include <utility>
#include <variant>

#include <fmt/format.h>

namespace firn::config {

namespace {

template <class Number>
std::optional<Number> read_number(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// Takes a value over; says what was expected where it cannot.
class Assignment {
 public:
  Assignment(const HydraKey& key, HydraConf& conf, std::string_view value)
      : key_(key), conf_(conf), value_(value) {}

  std::optional<std::string> operator()(bool& (*place)(HydraConf&)) const {
    const bool is_true = value_ == "true" || value_ == "1";
    if (!is_true && value_ != "false" && value_ != "0") return "true or false";
    place(conf_) = is_true;
    return std::nullopt;
  }

  std::optional<std::string> operator()(std::string& (*place)(HydraConf&)) const {
    if (key_.key == "queue_runner_metrics_address" && !read_listen_address(value_))
      return "HOST:PORT";
    place(conf_) = value_;
    return std::nullopt;
  }

  std::optional<std::string> operator()(auto place) const {
    const auto number = read_number<std::uint64_t>(value_);
    if (!number || *number < key_.least || *number > key_.most)
      return fmt::format("a number from {} to {}", key_.least, key_.most);
    set(place(conf_), *number);
    return std::nullopt;
  }

 private:
  static void set(ByteCount& place, std::uint64_t number) { place = ByteCount(number); }

  static void set(std::optional<std::chrono::seconds>& place, std::uint64_t number) {
    place = std::chrono::seconds(number);
  }

  static void set(auto& place, std::uint64_t number) { place = static_cast<std::uint32_t>(number); }

  const HydraKey& key_;
  HydraConf& conf_;
  std::string_view value_;
};

/// What Hydra's own queue runner sees: "key = value" wherever it stands, up to the first '#'.
struct FlatEntry {
  std::string value;
  std::size_t line = 0;
};

std::map<std::string, FlatEntry, std::less<>> read_flat(std::string_view text) {
  std::map<std::string, FlatEntry, std::less<>> entries;
  for (std::size_t line = 1; !text.empty(); ++line) {
    const auto end = std::min(text.find('\n'), text.size());
    const std::string_view before = text.substr(0, std::min(end, text.find('#')));
    text.remove_prefix(std::min(end + 1, text.size()));
    const auto equals = before.find('=');
    if (equals == std::string_view::npos) continue;
    entries.insert_or_assign(
        std::string(trim_conf(before.substr(0, equals))),
        FlatEntry{.value = std::string(trim_conf(before.substr(equals + 1))), .line = line});
  }
  return entries;
}

bool is_one_of(std::span<const std::string_view> words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

std::vector<std::string_view> known_words() {
  std::vector<std::string_view> words(foreign_hydra_keys().begin(), foreign_hydra_keys().end());
  words.insert(words.end(), hydra_blocks().begin(), hydra_blocks().end());
  for (const HydraKey& key : hydra_keys())
    words.push_back(key.key);
  return words;
}

class HydraReader {
 public:
  HydraReader(std::string_view text, const std::string& file, const ConfReader& read)
      : text_(text), file_(file), tree_(read_conf_tree(text, file, read)) {}

  HydraConfiguration read() && {
    result_.problems = std::move(tree_.problems);
    for (const ConfEntry& entry : tree_.root.entries)
      take(entry);
    for (const ConfBlock& block : tree_.root.blocks)
      if (!is_one_of(hydra_blocks(), block.kind)) complain_of_unknown(block.kind, block.place);
    for (const Refusal& refusal : refusals(result_.conf))
      complain(std::string(refusal.key), last_.at(refusal.key)->place, refusal.message, true);
    compare_with_flat_reading();
    std::ranges::sort(result_.problems, {}, [this](const Problem& problem) {
      return std::tuple(problem.file != file_,
                        std::string_view(problem.file),
                        problem.line,
                        std::string_view(problem.message));
    });
    return std::move(result_);
  }

 private:
  void complain(std::string key, const ConfPlace& place, std::string message, bool is_fatal) {
    result_.problems.push_back({.file = place.file,
                                .line = place.line,
                                .key = std::move(key),
                                .message = std::move(message),
                                .is_fatal = is_fatal});
  }

  void complain_of_unknown(const std::string& key, const ConfPlace& place) {
    if (is_one_of(hydra_blocks(), key)) {
      return complain(key, place, fmt::format("'{0}' is a block: <{0}> … </{0}>", key), false);
    }
    const auto words = known_words();
    const auto meant = nearest(key, words);
    complain(key,
             place,
             fmt::format("unknown key '{}'{}",
                         key,
                         meant ? fmt::format("; did you mean {}?", *meant) : "; it is ignored"),
             false);
  }

  void take(const ConfEntry& entry) {
    const auto key = std::ranges::find(hydra_keys(), entry.key, &HydraKey::key);
    if (key != hydra_keys().end()) return assign(*key, entry);
    const auto obsolete =
        std::ranges::find(obsolete_hydra_keys(), entry.key, &ObsoleteHydraKey::key);
    if (obsolete != obsolete_hydra_keys().end()) {
      return complain(entry.key,
                      entry.place,
                      fmt::format("{} is obsolete: {}", entry.key, obsolete->advice),
                      obsolete->is_fatal);
    }
    if (!is_one_of(foreign_hydra_keys(), entry.key)) complain_of_unknown(entry.key, entry.place);
  }

  void assign(const HydraKey& key, const ConfEntry& entry) {
    const auto [seen, is_first] = last_.try_emplace(key.key, &entry);
    if (!is_first) {
      complain(entry.key,
               entry.place,
               fmt::format("{} stands at {}:{} already; this one counts",
                           key.key,
                           seen->second->place.file,
                           seen->second->place.line),
               false);
      seen->second = &entry;
    }
    const std::string value = entry.value.value_or("");
    const auto expected = std::visit(Assignment(key, result_.conf, value), key.place);
    if (!expected) return;
    complain(entry.key,
             entry.place,
             fmt::format("{} is {:?}, which must be {}", key.key, value, *expected),
             true);
  }

  bool is_wrong(std::string_view key) const {
    return std::ranges::any_of(result_.problems, [key](const Problem& problem) {
      return problem.is_fatal && problem.key == key;
    });
  }

  void compare_with_flat_reading() {
    constexpr std::string_view kOther = "Hydra's own queue runner";
    const auto flat = read_flat(text_);
    for (const HydraKey& key : hydra_keys()) {
      if (is_wrong(key.key)) continue;
      const auto theirs = flat.find(key.key);
      const auto ours = last_.find(key.key);
      if (ours == last_.end()) {
        if (theirs == flat.end()) continue;
        complain(
            std::string(key.key),
            {.file = file_, .line = theirs->second.line},
            fmt::format(
                "{} takes this for {}, though it stands in a block or a comment", kOther, key.key),
            false);
        continue;
      }
      const std::string value = ours->second->value.value_or("");
      const ConfPlace& place = ours->second->place;
      if (theirs == flat.end()) {
        complain(std::string(key.key),
                 place,
                 fmt::format("{} does not see this; it reads 'key = value' in hydra.conf itself",
                             kOther),
                 false);
      } else if (theirs->second.value != value) {
        complain(std::string(key.key),
                 place,
                 fmt::format("{} reads {:?} here, and firn, like the rest of Hydra, {:?}",
                             kOther,
                             theirs->second.value,
                             value),
                 false);
      }
    }
  }

  std::string_view text_;
  const std::string& file_;
  ConfTree tree_;
  HydraConfiguration result_;
  /// The queue runner's keys.
  std::map<std::string_view, const ConfEntry*> last_;
};

bool is_store_of_this_machine(const std::string& uri) {
  try {
    store::parse_store_address(uri);
    return true;
  } catch (const Error&) {
    return false;
  }
}

}  // namespace

std::vector<Refusal> refusals(const HydraConf& conf) {
  std::vector<Refusal> result;
  if (!conf.store_uri.empty() && !is_store_of_this_machine(conf.store_uri)) {
    result.push_back(
        {.key = "store_uri",
         .message = fmt::format("store_uri is {:?}: firn can put outputs only into the store of "
                                "this machine yet (auto, daemon, unix://PATH or local)",
                                conf.store_uri)});
  }
  if (conf.upload_logs_to_binary_cache) {
    result.push_back({.key = "upload_logs_to_binary_cache",
                      .message = "upload_logs_to_binary_cache is true: firn cannot do that yet; "
                                 "logs stay in build-logs below HYDRA_DATA"});
  }
  if (!conf.jobset_repeats.empty()) {
    result.push_back({.key = "xxx-jobset-repeats",
                      .message = "xxx-jobset-repeats is set: firn does not repeat builds, nor does "
                                 "any server since Nix 2.12; remove the key"});
  }
  return result;
}

HydraConfiguration read_hydra_conf(std::string_view text,
                                   const std::string& file,
                                   const ConfReader& read) {
  return HydraReader(text, file, read).read();
}

HydraConfiguration load_hydra_conf(const std::filesystem::path& file) {
  const auto read = [](const std::string& path) -> std::optional<std::string> {
    try {
      return load_text(path);
    } catch (const Error& e) {
      if (e.kind() == Kind::not_found) return std::nullopt;
      throw;
    }
  };
  return read_hydra_conf(load_text(file), file.string(), read);
}

std::optional<ListenAddress> read_listen_address(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto port = read_number<std::uint16_t>(text.substr(colon + 1));
  std::string_view host = text.substr(0, colon);
  const bool is_bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (is_bracketed) host = host.substr(1, host.size() - 2);
  const bool is_name = !host.empty() && host.find_first_of("[]/ \t") == std::string_view::npos;
  if (!port || !is_name || (!is_bracketed && host.contains(':'))) return std::nullopt;
  return ListenAddress{.host = std::string(host), .port = *port};
}

}  // namespace firn::config
