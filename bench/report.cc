// SPDX-License-Identifier: Apache-2.0
#include "report.h"

#include "statistics.h"

#include <algorithm>
#include <cstddef>
#include <functional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace firn::bench {

namespace {

using Row = std::vector<std::string>;
using Json = nlohmann::ordered_json;

/// About three digits that mean something.
std::string number(double value) {
  if (value >= 100) return fmt::format("{:.0f}", value);
  if (value >= 10) return fmt::format("{:.1f}", value);
  return value >= 0.1 || value == 0 ? fmt::format("{:.2f}", value) : fmt::format("{:.4f}", value);
}

std::string spread(const std::vector<double>& values) {
  if (values.empty()) return "-";
  return fmt::format(
      "{} ({}..{})", number(median(values)), number(lowest(values)), number(highest(values)));
}

std::string describe(const Figure& figure) {
  if (!figure.aim) return "";
  const auto& aim = *figure.aim;
  const auto* sign = aim.is_ratio || figure.better == Better::higher ? ">=" : "<=";
  return fmt::format("{}{} {} {}",
                     aim.is_ratio ? "ratio " : "",
                     sign,
                     number(aim.value),
                     figure.reaches_aim() ? "reached" : "missed");
}

/// Columns as wide as their widest cell: the first to the left, numbers to the right.
std::string align(const std::vector<Row>& rows) {
  std::vector<std::size_t> widths(rows.at(0).size());
  for (const auto& row : rows) {
    for (std::size_t column = 0; column < row.size(); ++column)
      widths[column] = std::max(widths[column], row[column].size());
  }
  std::string text;
  for (const auto& row : rows) {
    auto line = fmt::format("{:<{}}", row.at(0), widths.at(0));
    for (std::size_t column = 1; column < row.size(); ++column)
      line += fmt::format("  {:>{}}", row[column], widths[column]);
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  }
  return text;
}

std::vector<double> each(const std::vector<Cost>& costs,
                         const std::function<double(const Cost&)>& value) {
  std::vector<double> values;
  values.reserve(costs.size());
  for (const auto& cost : costs)
    values.push_back(value(cost));
  return values;
}

std::vector<double> own_cpus(const RunSeries& series) {
  return each(series.costs, [](const Cost& cost) { return cost.own_cpu.count(); });
}

std::vector<double> tree_cpus(const RunSeries& series) {
  return each(series.costs, [](const Cost& cost) { return cost.tree_cpu.count(); });
}

std::vector<double> builder_cpus(const RunSeries& series) {
  return each(series.costs, [](const Cost& cost) { return cost.builder_cpu.count(); });
}

std::vector<double> peaks(const RunSeries& series) {
  return each(series.costs,
              [](const Cost& cost) { return static_cast<double>(cost.peak_rss_kib) / 1024; });
}

std::string figures_table(const Report& report) {
  std::vector<Row> rows{{"medians (lowest..highest)", "unit", "firn", "peer", "ratio", "aim"}};
  for (const auto& figure : report.figures) {
    const auto ratios = figure.ratios();
    rows.push_back({figure.what,
                    figure.unit,
                    spread(figure.ours),
                    spread(figure.peers),
                    ratios.empty() ? "-" : number(median(ratios)),
                    describe(figure)});
  }
  return align(rows);
}

std::string runs_table(const Report& report) {
  std::vector<Row> rows{{"medians of each command",
                         "wall s",
                         "own CPU s",
                         "tree CPU s",
                         "builder CPU s",
                         "peak MiB",
                         "of it, in s"}};
  for (const auto& series : report.runs) {
    std::string parts;
    for (const auto& [name, times] : series.parts)
      parts += fmt::format("{}{} {}", parts.empty() ? "" : ", ", name, number(median(times)));
    rows.push_back({series.what,
                    number(median(series.walls())),
                    number(median(own_cpus(series))),
                    number(median(tree_cpus(series))),
                    number(median(builder_cpus(series))),
                    number(median(peaks(series))),
                    parts});
  }
  return align(rows);
}

Json to_json(const Figure& figure) {
  Json json{{"what", figure.what},
            {"unit", figure.unit},
            {"better", figure.better == Better::higher ? "higher" : "lower"},
            {"firn", {{"median", median(figure.ours)}, {"rounds", figure.ours}}},
            {"peer", nullptr},
            {"ratio", nullptr},
            {"aim", nullptr}};
  if (const auto ratios = figure.ratios(); !ratios.empty()) {
    json["peer"] = {{"median", median(figure.peers)}, {"rounds", figure.peers}};
    json["ratio"] = {{"median", median(ratios)}, {"rounds", ratios}};
  }
  if (figure.aim) {
    json["aim"] = {{"value", figure.aim->value},
                   {"of", figure.aim->is_ratio ? "ratio" : "firn"},
                   {"reached", figure.reaches_aim()}};
  }
  return json;
}

Json to_json(const RunSeries& series) {
  Json parts = Json::object();
  for (const auto& [name, times] : series.parts)
    parts[name] = times;
  return {{"what", series.what},
          {"wallSeconds", series.walls()},
          {"ownCpuSeconds", own_cpus(series)},
          {"treeCpuSeconds", tree_cpus(series)},
          {"builderCpuSeconds", builder_cpus(series)},
          {"peakRssMebibytes", peaks(series)},
          {"partsSeconds", parts}};
}

}  // namespace

std::vector<double> Figure::ratios() const {
  std::vector<double> result;
  for (std::size_t round = 0; round < std::min(ours.size(), peers.size()); ++round) {
    result.push_back(better == Better::higher ? ours[round] / peers[round]
                                              : peers[round] / ours[round]);
  }
  return result;
}

bool Figure::reaches_aim() const {
  if (!aim) return true;
  if (aim->is_ratio) return median(ratios()) >= aim->value;
  return better == Better::higher ? median(ours) >= aim->value : median(ours) <= aim->value;
}

void RunSeries::add_part(const std::string& name, Seconds time) {
  auto part = std::find_if(
      parts.begin(), parts.end(), [&](const auto& entry) { return entry.first == name; });
  if (part == parts.end()) part = parts.insert(parts.end(), {name, {}});
  part->second.push_back(time.count());
}

std::vector<double> RunSeries::part(const std::string& name) const {
  for (const auto& [key, times] : parts) {
    if (key == name) return times;
  }
  return {};
}

std::vector<double> RunSeries::walls() const {
  return each(costs, [](const Cost& cost) { return cost.wall.count(); });
}

std::string to_table(const Report& report) {
  std::string text;
  for (const auto& [name, value] : report.facts)
    text += fmt::format("{:<12}{}\n", name, value);
  return text + '\n' + figures_table(report) + '\n' + runs_table(report);
}

std::string to_json(const Report& report) {
  Json facts = Json::object();
  for (const auto& [name, value] : report.facts)
    facts[name] = value;
  Json json{{"facts", facts}, {"figures", Json::array()}, {"runs", Json::array()}};
  for (const auto& figure : report.figures)
    json["figures"].push_back(to_json(figure));
  for (const auto& series : report.runs)
    json["runs"].push_back(to_json(series));
  return json.dump(2) + '\n';
}

}  // namespace firn::bench
