// SPDX-License-Identifier: Apache-2.0
// A small shell program on the builder that ends what we leave behind there. It hangs on our
// connection: when its input ends, because we closed it, were killed or the network has gone, it
// ends every process that it was told of and that has not ended by itself. A server that is
// stopped, or busy with something that does not look at its input, would go on for ever.
#pragma once

#include <string>
#include <sys/types.h>

namespace firn::transport {

/// For a login shell of any kind; needs a POSIX `sh` and `sleep`. Processes are told apart from
/// later ones with the same number where there is a /proc.
///
/// A process gets SIGTERM, and SIGCONT so that it hears of it; four seconds later SIGKILL, with
/// everything below it. Each signal goes to the process's group, where it leads one.
std::string warden_command();

/// Lines for its input: `pid` is one of ours,
std::string watch_line(pid_t pid);
/// it has ended by itself,
std::string forget_line(pid_t pid);
/// or is to be ended now.
std::string end_line(pid_t pid);

}  // namespace firn::transport
