// SPDX-License-Identifier: Apache-2.0
// The command line of `firn inspect`, as values: one struct for each kind of thing to look at.
// Files are paths, or "-" for stdin.
#pragma once

#include "base/hash.h"
#include "cli/exit_code.h"
#include "store/store_address.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace firn::cli {

struct InspectDrv {
  std::string file;
};

struct InspectNar {
  std::string file;
  bool json = false;
  /// What the NAR must have.
  std::optional<Hash> hash;
  std::optional<std::uint64_t> size;
};

struct InspectNarinfo {
  std::string file;
  /// Public keys, one of which must have signed it; none = no matter who has.
  std::vector<std::string> keys;
};

struct InspectPath {
  std::string path;
  /// By default what NIX_REMOTE says.
  store::StoreAddress store;
};

struct InspectMachines {
  std::string file = "/etc/nix/machines";
  bool json = false;
};

/// Messages of a protocol, from a file or from hexadecimal digits.
struct InspectMessage {
  std::string protocol;
  std::string version;
  std::string message;
  std::string file;
  std::optional<std::string> hex;
  /// Several in a row, up to the end.
  bool many = false;
};

/// A recorded conversation.
struct InspectCapture {
  std::string file;
  bool json = false;
};

/// The names of all messages.
struct InspectMessageNames {};

using InspectOptions = std::variant<InspectDrv,
                                    InspectNar,
                                    InspectNarinfo,
                                    InspectPath,
                                    InspectMachines,
                                    InspectMessage,
                                    InspectCapture,
                                    InspectMessageNames>;

/// `argv[0]` is the command's own name, "inspect".
std::variant<InspectOptions, Exit> parse_inspect_options(int argc, const char* const* argv);

/// What `firn inspect --help` prints.
std::string_view inspect_help();

}  // namespace firn::cli
