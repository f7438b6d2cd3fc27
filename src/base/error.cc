// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fmt/format.h>

namespace firn {

namespace {

Kind kind_of_errno(int value) {
  switch (value) {
    case ENOENT:
    case ENOTDIR:
    case ESRCH:
      return Kind::not_found;
    case EACCES:
    case EPERM:
    case EROFS:
      return Kind::permission;
    case ENOSPC:
    case EDQUOT:
    case ENOMEM:
    case EMFILE:
    case ENFILE:
    case EAGAIN:
      return Kind::resource;
    case ECANCELED:
      return Kind::cancelled;
    case ETIMEDOUT:
      return Kind::timeout;
    case EEXIST:
    case EBUSY:
      return Kind::conflict;
    case EINVAL:
    case ENAMETOOLONG:
      return Kind::invalid;
    default:
      return Kind::unavailable;
  }
}

constexpr std::array kKindNames{"not found",
                                "invalid",
                                "protocol",
                                "permission",
                                "timeout",
                                "cancelled",
                                "unavailable",
                                "resource",
                                "conflict",
                                "internal"};

}  // namespace

std::string_view to_string(Kind kind) {
  return kKindNames.at(static_cast<std::size_t>(kind));
}

Error::Error(Kind kind, std::string message) : kind_(kind), message_(std::move(message)) {
  compose();
}

void Error::add_context(std::string what) {
  context_.push_back(std::move(what));
  compose();
}

void Error::compose() {
  text_.clear();
  for (auto it = context_.rbegin(); it != context_.rend(); ++it)
    text_ += "while " + *it + ": ";
  text_ += message_;
}

Error system_error(int errno_value, std::string_view what) {
  return {kind_of_errno(errno_value), fmt::format("{}: {}", what, std::strerror(errno_value))};
}

void detail::check_failed(const char* condition, const char* file, int line) {
  throw Bug(fmt::format("bug in firn: {} does not hold at {}:{}", condition, file, line));
}

}  // namespace firn
