// SPDX-License-Identifier: Apache-2.0
#include "config/conf_lines.h"

#include "base/error.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

namespace firn::config {

namespace {

std::string_view trim_left(std::string_view text) {
  while (!text.empty() && is_conf_blank(text.front()))
    text.remove_prefix(1);
  return text;
}

bool starts_with_word(std::string_view text, std::string_view word) {
  return text.size() >= word.size() &&
         std::ranges::equal(text.substr(0, word.size()), word, {}, [](char c) {
           return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
         });
}

/// Everything from the first '#' that no backslash protects.
std::string_view without_comment(std::string_view text) {
  for (auto at = text.find('#'); at != std::string_view::npos; at = text.find('#', at + 1))
    if (at == 0 || text[at - 1] != '\\') return text.substr(0, at);
  return text;
}

bool goes_on(std::string_view text) {
  return text.ends_with('\\') && !text.ends_with("\\\\");
}

/// "key <<MARK" or "key = <<MARK".
struct HereDocumentStart {
  std::string_view key;
  std::string_view mark;
};

std::optional<HereDocumentStart> here_document_start(std::string_view text) {
  text = trim_conf(text);
  const auto at = text.find("<<");
  if (at == std::string_view::npos || at == 0) return std::nullopt;
  std::string_view key = trim_conf(text.substr(0, at));
  const std::string_view mark = trim_conf(text.substr(at + 2));
  if (mark.empty()) return std::nullopt;
  if (key.ends_with('=')) {
    key = trim_conf(key.substr(0, key.size() - 1));
    if (key.empty() || key.contains('=')) return std::nullopt;
    return HereDocumentStart{.key = key, .mark = mark};
  }
  if (!is_conf_blank(text[at - 1]) || std::ranges::any_of(key, is_conf_blank)) return std::nullopt;
  return HereDocumentStart{.key = key, .mark = mark};
}

/// The file that a line includes; empty where it names none.
std::optional<std::string_view> included_file(std::string_view text) {
  text = trim_conf(text);
  for (const std::string_view word : {"includeoptional", "include"}) {
    if (!starts_with_word(text, word)) continue;
    const std::string_view rest = text.substr(word.size());
    const std::string_view name = trim_left(rest);
    const bool is_quoted = name.size() >= 2 && (name.front() == '"' || name.front() == '\'') &&
                           name.back() == name.front();
    if (is_quoted) return name.substr(1, name.size() - 2);
    if (name.size() < rest.size()) return name;
  }
  return std::nullopt;
}

/// What is open at the end of a line.
struct OpenFile {
  ConfPlace at;

  struct HereDocument {
    ConfPlace begin;
    std::string key;
    std::string mark;
    std::vector<std::string_view> lines{};
  };

  std::optional<HereDocument> here_document{};

  struct Statement {
    ConfPlace begin;
    std::string text;
  };

  std::optional<Statement> statement{};
  std::optional<ConfPlace> comment{};
};

class LineReader {
 public:
  explicit LineReader(const ConfReader& read) : read_(read) {}

  void take_file(std::string_view text, const std::string& name) {
    bytes_ += text.size();
    open_.push_back(name);
    OpenFile file{.at = {.file = name}};
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    while (!text.empty()) {
      ++file.at.line;
      const auto end = std::min(text.find('\n'), text.size());
      take_line(file, text.substr(0, end));
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    end_file(file);
    open_.pop_back();
  }

  ConfLines result;

 private:
  void complain(const ConfPlace& place, std::string message, bool is_fatal = true) {
    result.problems.push_back({.file = place.file,
                               .line = place.line,
                               .key = {},
                               .message = std::move(message),
                               .is_fatal = is_fatal});
  }

  void add(std::string_view text, ConfPlace place) {
    result.lines.push_back({.text = std::string(trim_conf(text)),
                            .here_document = std::nullopt,
                            .place = std::move(place)});
  }

  void take_line(OpenFile& file, std::string_view line) {
    if (file.here_document) return continue_here_document(file, *file.here_document, line);
    std::string rest(line);
    if (!drop_c_comment(file, rest)) return;
    const std::string_view text = without_comment(rest);
    if (goes_on(text)) {
      if (!file.statement) file.statement.emplace(file.at);
      file.statement->text += trim_left(text.substr(0, text.size() - 1));
      return;
    }
    if (file.statement && !file.statement->text.empty()) {
      file.statement->text += trim_left(text);
      add(file.statement->text, std::move(file.statement->begin));
      return file.statement.reset();
    }
    file.statement.reset();
    take_statement(file, trim_conf(text));
  }

  void take_statement(OpenFile& file, std::string_view text) {
    if (text.empty()) return;
    if (text.size() > 3 && text.front() == '<' && text.ends_with("/>") && text[1] != '/') {
      const std::string_view block = text.substr(1, text.size() - 3);
      const auto blank = std::ranges::find_if(block, is_conf_blank);
      add(fmt::format("<{}>", block), file.at);
      return add(fmt::format("</{}>", std::string_view(block.begin(), blank)), file.at);
    }
    if (text.ends_with("/>") && text.contains('<') && text.front() != '<')
      return complain(file.at, "only <block/>, alone on its line, may end in '/>'");
    if (const auto start = here_document_start(text)) {
      file.here_document = OpenFile::HereDocument{
          .begin = file.at, .key = std::string(start->key), .mark = std::string(start->mark)};
      return;
    }
    if (const auto name = included_file(text)) return include(file, *name);
    add(text, file.at);
  }

  /// False where nothing of the line is left.
  bool drop_c_comment(OpenFile& file, std::string& line) {
    const auto begin = line.find("/*");
    const auto end = line.rfind("*/");
    const bool has_end = end != std::string::npos;
    if (begin != std::string::npos && has_end && end >= begin + 2) {
      const std::string_view before = trim_conf(std::string_view(line).substr(0, begin));
      const std::string_view behind = trim_left(std::string_view(line).substr(end + 2));
      line = std::string(before) + std::string(behind);
    } else if (begin != std::string::npos && trim_conf(line).starts_with("/*")) {
      if (trim_conf(line).ends_with("*/")) {
        file.comment.reset();
      } else if (!file.comment) {
        file.comment = file.at;
      }
    } else if (has_end) {
      if (!file.comment) {
        complain(file.at,
                 "'*/' ends a comment that was not begun; what stands before it is left out",
                 false);
      }
      file.comment.reset();
      line.erase(0, end + 2);
    }
    return !file.comment;
  }

  void continue_here_document(OpenFile& file,
                              OpenFile::HereDocument& document,
                              std::string_view line) {
    if (trim_conf(line) != document.mark) {
      document.lines.push_back(line);
      return;
    }
    const std::string_view indent = line.substr(0, line.find(document.mark));
    std::string contents;
    for (std::string_view text : document.lines) {
      if (text.starts_with(indent)) text.remove_prefix(indent.size());
      contents += text;
      contents += '\n';
    }
    result.lines.push_back({.text = document.key,
                            .here_document = std::string(trim_conf(contents)),
                            .place = document.begin});
    file.here_document.reset();
  }

  void end_file(OpenFile& file) {
    if (file.here_document) {
      complain(file.here_document->begin,
               fmt::format("the here-document has no end: a line with {} alone",
                           file.here_document->mark));
    }
    if (file.comment) complain(*file.comment, "the comment has no end: '*/'");
    if (file.statement)
      complain(file.statement->begin, "the file ends where the line is to go on ('\\')");
  }

  void include(const OpenFile& file, std::string_view name) {
    if (name.empty()) return complain(file.at, "include names no file");
    namespace fs = std::filesystem;
    const std::string path = (fs::path(file.at.file).parent_path() / name).lexically_normal();
    if (std::ranges::find(open_, path) != open_.end())
      return complain(file.at, fmt::format("{} includes itself", path));
    if (open_.size() >= kMostConfDepth || files_ >= kMostConfFiles) {
      return complain(file.at,
                      fmt::format("{} is left out: at most {} files, {} deep, are read",
                                  path,
                                  kMostConfFiles,
                                  kMostConfDepth));
    }
    ++files_;
    std::optional<std::string> text;
    try {
      text = read_(path);
    } catch (const Error& e) {
      return complain(file.at, fmt::format("{} cannot be read: {}", path, e.what()));
    }
    if (!text) {
      const bool is_pattern = name.find_first_of("*?[{") != std::string_view::npos;
      return complain(file.at,
                      fmt::format("there is no file {}{}",
                                  path,
                                  is_pattern ? "; patterns are not expanded, name each file" : ""));
    }
    if (bytes_ + text->size() > kMostConfBytes) {
      return complain(
          file.at, fmt::format("{} is left out: at most {} bytes are read", path, kMostConfBytes));
    }
    take_file(*text, path);
  }

  const ConfReader& read_;
  std::size_t bytes_ = 0;
  /// Also those that could not be read.
  std::size_t files_ = 1;
  /// From the first file to the one that is being read.
  std::vector<std::string> open_;
};

}  // namespace

bool is_conf_blank(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

std::string_view trim_conf(std::string_view text) {
  text = trim_left(text);
  while (!text.empty() && is_conf_blank(text.back()))
    text.remove_suffix(1);
  return text;
}

ConfLines read_conf_lines(std::string_view text, const std::string& file, const ConfReader& read) {
  LineReader reader(read);
  if (text.size() > kMostConfBytes) {
    reader.result.problems.push_back(
        {.file = file,
         .line = 1,
         .key = {},
         .message = fmt::format("the file is longer than {} bytes", kMostConfBytes)});
    return std::move(reader.result);
  }
  reader.take_file(text, std::filesystem::path(file).lexically_normal());
  return std::move(reader.result);
}

}  // namespace firn::config
