// SPDX-License-Identifier: Apache-2.0
// The one exception type. Thrown anywhere, caught only at boundaries: an attempt of a step, a
// request, an evaluation, a command. A kind says what went wrong and nothing else: retry and blame
// are sched's table, exit codes are cli's.
#pragma once

#include <cstdint>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

namespace firn {

/// What went wrong, for code. The words are in `Error::message`.
enum class Kind : std::uint8_t {
  not_found,    ///< something named does not exist
  invalid,      ///< text or bytes given to us do not have the form they must have
  protocol,     ///< a peer broke the rules of its conversation
  permission,   ///< we, or our login, may not do this
  timeout,      ///< a phase outlived its limit
  cancelled,    ///< somebody who may do so asked us to stop
  unavailable,  ///< a peer or a service cannot be reached or went away
  resource,     ///< disk, memory, descriptors or a limit of ours ran out
  conflict,     ///< somebody else holds or changed it
  internal,     ///< a bug of ours
};

/// The kind's name as users and JSON see it, such as "unavailable".
std::string_view to_string(Kind kind);

/// An error with a chain of contexts, innermost first: "while receiving /nix/store/… from b2".
class Error : public std::exception {
 public:
  Error(Kind kind, std::string message);

  Kind kind() const { return kind_; }

  const std::string& message() const { return message_; }

  /// Innermost first.
  const std::vector<std::string>& context() const { return context_; }

  /// Adds what was being done, without a leading "while". To be used where a layer is crossed:
  /// `catch (Error& e) { e.add_context(…); throw; }`.
  void add_context(std::string what);

  /// One line: "while X: while Y: message", outermost context first.
  const char* what() const noexcept override { return text_.c_str(); }

 private:
  void compose();

  Kind kind_;
  std::string message_;
  std::vector<std::string> context_;
  std::string text_;
};

/// A broken promise inside firn. Ends the conversation or, in the scheduler, the process.
class Bug : public Error {
 public:
  explicit Bug(std::string message) : Error(Kind::internal, std::move(message)) {}
};

/// Turns an errno value into an Error of the fitting kind: "open /a/b: No such file or directory".
Error system_error(int errno_value, std::string_view what);

namespace detail {
[[noreturn]] void check_failed(const char* condition, const char* file, int line);
}  // namespace detail

}  // namespace firn

/// Throws Bug when `condition` does not hold, in every build type.
#define FIRN_CHECK(condition)                                                       \
  do {                                                                              \
    if (!(condition)) ::firn::detail::check_failed(#condition, __FILE__, __LINE__); \
  } while (false)
