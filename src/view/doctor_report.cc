// SPDX-License-Identifier: Apache-2.0
#include "view/doctor_report.h"

#include "view/text.h"
#include "view/words.h"

#include <chrono>
#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace firn::view {

namespace {

constexpr std::size_t kNameColumn = 4;
constexpr std::size_t kFoundColumn = 15;

struct Look {
  Role role;
  std::string_view sign;
};

Look look_of(farm::Grade grade, const Style& style) {
  const Signs& signs = signs_of(style);
  switch (grade) {
    case farm::Grade::fine:
      return {.role = Role::good, .sign = signs.built};
    case farm::Grade::attention:
      return {.role = Role::warning, .sign = signs.attention};
    case farm::Grade::broken:
      return {.role = Role::bad, .sign = signs.failed};
    case farm::Grade::unknown:
      break;
  }
  return {.role = Role::dim, .sign = signs.idle};
}

void append_check(std::string& out, const farm::Check& check, const Style& style) {
  const Look look = look_of(check.grade, style);
  Line line(style);
  line.skip_to(2).put(look.sign, look.role).skip_to(kNameColumn).put(check.name);
  line.skip_to(kFoundColumn).put(first_line(check.found));
  if (check.took > Duration::zero()) line.put(" (" + in_words(check.took) + ")", Role::dim);
  out += line.text() + "\n";
  if (check.advice.empty()) return;
  Line advice(style);
  advice.skip_to(kFoundColumn).put(first_line(check.advice), look.role);
  out += advice.text() + "\n";
}

double milliseconds(Duration time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

}  // namespace

std::string doctor_report(const std::vector<farm::Diagnosis>& diagnoses, const Style& style) {
  std::string out;
  for (const auto& diagnosis : diagnoses) {
    if (!out.empty()) out += "\n";
    out += fmt::format("{}: {} ({})\n",
                       paint(style, Role::strong, diagnosis.machine),
                       diagnosis.can_build ? paint(style, Role::good, "takes work")
                                           : paint(style, Role::bad, "cannot take work"),
                       in_words(diagnosis.took));
    for (const auto& check : diagnosis.checks)
      append_check(out, check, style);
  }
  return out;
}

std::string doctor_json(const std::vector<farm::Diagnosis>& diagnoses) {
  using Json = nlohmann::ordered_json;
  Json machines = Json::array();
  for (const auto& diagnosis : diagnoses) {
    Json checks = Json::array();
    for (const auto& check : diagnosis.checks) {
      checks.push_back({{"name", check.name},
                        {"grade", farm::to_string(check.grade)},
                        {"found", check.found},
                        {"advice", check.advice.empty() ? Json() : Json(check.advice)},
                        {"ms", milliseconds(check.took)}});
    }
    machines.push_back({{"machine", diagnosis.machine},
                        {"can_build", diagnosis.can_build},
                        {"ms", milliseconds(diagnosis.took)},
                        {"checks", std::move(checks)}});
  }
  return Json{{"machines", std::move(machines)}}.dump(
             2, ' ', false, Json::error_handler_t::replace) +
         "\n";
}

}  // namespace firn::view
