// SPDX-License-Identifier: Apache-2.0
// What ssh says when it cannot connect, turned into one line that names the reason and what to do.
#pragma once

#include "base/error.h"
#include "transport/ssh_target.h"

#include <string_view>

namespace firn::transport {

/// From the last words of an ssh client that did not get in at `target`. Error{permission} where
/// the next try will end in the same way: the key of one of both sides is not accepted;
/// Error{unavailable} for the rest.
Error explain_ssh(const SshTarget& target, std::string_view words);

/// Whether sshd was there and hung up before any word: past MaxStartups it does so at random, and
/// the next try may succeed.
bool is_turned_away(std::string_view words);

}  // namespace firn::transport
