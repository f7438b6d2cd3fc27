// SPDX-License-Identifier: Apache-2.0
#include "nix/nar_parser.h"

#include "base/encoding.h"
#include "base/error.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

namespace firn::nix {

namespace {

constexpr std::size_t kWord = 8;
constexpr std::uint64_t kMaxKeyword = 32;

/// What comes next. The steps up to `node_tag` are one keyword each: see kKeywords.
enum class Step : std::uint8_t {
  magic,
  node_open,
  type_tag,
  executable_value,
  contents_tag,
  target_tag,
  entry_open,
  name_tag,
  entry_close,
  node_tag,
  kind,
  file_next,
  contents_size,
  contents,
  contents_padding,
  leaf_close,
  target,
  directory_next,
  name,
  done,
};

struct Keyword {
  std::string_view word;
  Step next;
};

constexpr std::array<Keyword, 10> kKeywords{{
    {.word = "nix-archive-1", .next = Step::node_open},
    {.word = "(", .next = Step::type_tag},
    {.word = "type", .next = Step::kind},
    {.word = "", .next = Step::contents_tag},
    {.word = "contents", .next = Step::contents_size},
    {.word = "target", .next = Step::target},
    {.word = "(", .next = Step::name_tag},
    {.word = "name", .next = Step::name},
    {.word = ")", .next = Step::directory_next},
    {.word = "node", .next = Step::node_open},
}};

std::string expectation(Step step) {
  const auto index = static_cast<std::size_t>(step);
  if (index < kKeywords.size()) return in_quotes(kKeywords.at(index).word);
  switch (step) {
    case Step::kind:
      return "'regular', 'symlink' or 'directory'";
    case Step::file_next:
      return "'executable' or 'contents'";
    case Step::contents_size:
      return "the size of a file";
    case Step::contents:
      return "the contents of a file";
    case Step::contents_padding:
      return "zero padding";
    case Step::leaf_close:
      return "')'";
    case Step::target:
      return "a link target of 1 to 4095 bytes without NUL";
    case Step::directory_next:
      return "'entry' or ')'";
    case Step::name:
      return "a name of 1 to 255 bytes, not '.' or '..', without '/' and NUL";
    default:
      return "nothing";
  }
}

std::uint64_t length_limit(Step step) {
  if (step == Step::name) return kMaxNarName;
  return step == Step::target ? kMaxNarTarget : kMaxKeyword;
}

std::uint64_t word_at(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = kWord; i-- > 0;)
    value = value << 8U | static_cast<unsigned char>(bytes[i]);
  return value;
}

constexpr std::uint64_t padding_of(std::uint64_t size) {
  return (kWord - size % kWord) % kWord;
}

}  // namespace

bool is_nar_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxNarName && name != "." && name != ".." &&
         name.find('/') == std::string_view::npos && name.find('\0') == std::string_view::npos;
}

struct NarParser::State {
  explicit State(NarVisitor& receiver) : visitor(&receiver) {}

  void feed(std::string_view& input);
  std::optional<std::string_view> next_token(std::string_view& input);
  std::optional<std::uint64_t> next_size(std::string_view& input);
  bool gather(std::string_view& input, std::size_t size);
  std::string_view token_in(std::string_view bytes, std::uint64_t length);
  std::uint64_t checked_length(std::string_view bytes) const;

  void take_contents(std::string_view& input);
  void take_padding(std::string_view& input);
  void begin_file(std::uint64_t size);
  void end_file();

  void handle(std::string_view token);
  void handle_keyword(std::string_view token);
  void handle_kind(std::string_view token);
  void handle_file_next(std::string_view token);
  void handle_directory_next(std::string_view token);
  void handle_name(std::string_view token);
  void handle_target(std::string_view token);
  void end_node();

  std::string_view name() const { return names.empty() ? std::string_view() : names.back(); }

  [[noreturn]] void fail(std::uint64_t where, std::string_view found) const;

  NarVisitor* visitor;
  Step step = Step::magic;
  bool executable = false;
  /// Where the token begins that is being handled.
  std::uint64_t token_offset = 0;
  std::uint64_t offset = 0;
  /// Of the file being read: bytes still to come.
  std::uint64_t contents_left = 0;
  std::uint64_t padding_left = 0;
  /// The beginning of a token whose end was not fed yet.
  std::string partial;
  std::string gathered;
  /// For every open directory the entry read last in it, empty before the first.
  std::vector<std::string> names;
};

void NarParser::State::fail(std::uint64_t where, std::string_view found) const {
  throw Error(
      Kind::invalid,
      fmt::format("NAR: expected {} at offset {}, found {}", expectation(step), where, found));
}

void NarParser::State::feed(std::string_view& input) {
  while (!input.empty() && step != Step::done) {
    if (step == Step::contents) {
      take_contents(input);
    } else if (step == Step::contents_padding) {
      take_padding(input);
    } else if (step == Step::contents_size) {
      if (const auto size = next_size(input)) begin_file(*size);
    } else if (const auto token = next_token(input)) {
      handle(*token);
    }
  }
}

/// Moves bytes to `partial` until it has `size` of them. False where the input ends before.
bool NarParser::State::gather(std::string_view& input, std::size_t size) {
  if (partial.size() >= size) return true;
  const std::string_view more = input.substr(0, size - partial.size());
  partial += more;
  offset += more.size();
  input.remove_prefix(more.size());
  return partial.size() == size;
}

std::uint64_t NarParser::State::checked_length(std::string_view bytes) const {
  const std::uint64_t length = word_at(bytes);
  if (length > length_limit(step)) fail(token_offset, fmt::format("a length of {}", length));
  return length;
}

std::string_view NarParser::State::token_in(std::string_view bytes, std::uint64_t length) {
  const std::string_view padding = bytes.substr(kWord + length);
  if (padding.find_first_not_of('\0') != std::string_view::npos) {
    fail(token_offset, "padding that is not zero");
  }
  return bytes.substr(kWord, length);
}

std::optional<std::string_view> NarParser::State::next_token(std::string_view& input) {
  if (partial.empty()) {
    token_offset = offset;
    if (input.size() >= kWord) {
      const std::uint64_t length = checked_length(input);
      const std::uint64_t size = kWord + length + padding_of(length);
      if (input.size() >= size) {
        const std::string_view bytes = input.substr(0, size);
        offset += size;
        input.remove_prefix(size);
        return token_in(bytes, length);
      }
    }
  }
  if (!gather(input, kWord)) return std::nullopt;
  const std::uint64_t length = checked_length(partial);
  if (!gather(input, kWord + length + padding_of(length))) return std::nullopt;
  gathered.swap(partial);
  partial.clear();
  return token_in(gathered, length);
}

std::optional<std::uint64_t> NarParser::State::next_size(std::string_view& input) {
  if (partial.empty()) token_offset = offset;
  if (!gather(input, kWord)) return std::nullopt;
  const std::uint64_t size = word_at(partial);
  partial.clear();
  return size;
}

void NarParser::State::begin_file(std::uint64_t size) {
  constexpr std::uint64_t kMaxSize = UINT64_MAX >> 1U;
  if (size > kMaxSize) fail(token_offset, fmt::format("a length of {}", size));
  visitor->begin_file(name(), executable, size);
  visitor->file_offset(offset);
  contents_left = size;
  padding_left = padding_of(size);
  step = Step::contents;
  if (size == 0) end_file();
}

void NarParser::State::take_contents(std::string_view& input) {
  const std::string_view piece = input.substr(0, contents_left);
  input.remove_prefix(piece.size());
  offset += piece.size();
  contents_left -= piece.size();
  visitor->file_data(as_bytes(piece));
  if (contents_left > 0) return;
  step = Step::contents_padding;
  if (padding_left == 0) end_file();
}

void NarParser::State::take_padding(std::string_view& input) {
  const std::string_view padding = input.substr(0, padding_left);
  const std::size_t bad = padding.find_first_not_of('\0');
  if (bad != std::string_view::npos) fail(offset + bad, "another byte");
  input.remove_prefix(padding.size());
  offset += padding.size();
  padding_left -= padding.size();
  if (padding_left == 0) end_file();
}

void NarParser::State::end_file() {
  visitor->end_file();
  step = Step::leaf_close;
}

void NarParser::State::handle(std::string_view token) {
  switch (step) {
    case Step::kind:
      return handle_kind(token);
    case Step::file_next:
      return handle_file_next(token);
    case Step::directory_next:
      return handle_directory_next(token);
    case Step::name:
      return handle_name(token);
    case Step::target:
      return handle_target(token);
    case Step::leaf_close:
      if (token != ")") fail(token_offset, in_quotes(token));
      return end_node();
    default:
      return handle_keyword(token);
  }
}

void NarParser::State::handle_keyword(std::string_view token) {
  const Keyword& keyword = kKeywords.at(static_cast<std::size_t>(step));
  if (token != keyword.word) fail(token_offset, in_quotes(token));
  if (step == Step::node_open && names.size() >= kMaxNarDepth) {
    fail(token_offset,
         fmt::format("an entry at depth {}: the limit is {}", names.size(), kMaxNarDepth - 1));
  }
  step = keyword.next;
}

void NarParser::State::handle_kind(std::string_view token) {
  if (token == "regular") {
    executable = false;
    step = Step::file_next;
  } else if (token == "directory") {
    visitor->begin_directory(name());
    names.emplace_back();
    step = Step::directory_next;
  } else if (token == "symlink") {
    step = Step::target_tag;
  } else {
    fail(token_offset, in_quotes(token));
  }
}

void NarParser::State::handle_file_next(std::string_view token) {
  if (token == "contents") {
    step = Step::contents_size;
  } else if (token == "executable") {
    executable = true;
    step = Step::executable_value;
  } else {
    fail(token_offset, in_quotes(token));
  }
}

void NarParser::State::handle_directory_next(std::string_view token) {
  if (token == "entry") {
    step = Step::entry_open;
  } else if (token == ")") {
    names.pop_back();
    visitor->end_directory();
    end_node();
  } else {
    fail(token_offset, in_quotes(token));
  }
}

void NarParser::State::handle_name(std::string_view token) {
  if (!is_nar_name(token)) fail(token_offset, in_quotes(token));
  std::string& previous = names.back();
  if (previous >= token) {
    throw Error(Kind::invalid,
                fmt::format("NAR: name {} at offset {} does not sort after {}",
                            in_quotes(token),
                            token_offset,
                            in_quotes(previous)));
  }
  previous = token;
  step = Step::node_tag;
}

void NarParser::State::handle_target(std::string_view token) {
  if (token.empty() || token.find('\0') != std::string_view::npos) {
    fail(token_offset, in_quotes(token));
  }
  visitor->symlink(name(), token);
  step = Step::leaf_close;
}

void NarParser::State::end_node() {
  step = names.empty() ? Step::done : Step::entry_close;
}

NarParser::NarParser(NarVisitor& visitor) : state_(std::make_unique<State>(visitor)) {}

NarParser::~NarParser() = default;
NarParser::NarParser(NarParser&&) noexcept = default;
NarParser& NarParser::operator=(NarParser&&) noexcept = default;

std::size_t NarParser::feed(Bytes bytes) {
  std::string_view input = as_text(bytes);
  state_->feed(input);
  return bytes.size() - input.size();
}

bool NarParser::is_done() const {
  return state_->step == Step::done;
}

void NarParser::check_done() const {
  if (!is_done()) state_->fail(state_->offset, "the end of the input");
}

std::uint64_t NarParser::offset() const {
  return state_->offset;
}

}  // namespace firn::nix
