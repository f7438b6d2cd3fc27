// SPDX-License-Identifier: Apache-2.0
// Where logs are kept and under which names: side by side in a folder of ours, or where Hydra's
// other programs look for them.
#pragma once

#include "base/fd.h"
#include "nix/store_path.h"

#include <cstdint>
#include <string>

namespace firn::farm {

enum class LogNaming : std::uint8_t {
  /// "<derivation>.<n>.log", each attempt's with the first free n from 1.
  numbered,
  /// The newest attempt's log stands at `log_path`, earlier ones at `earlier_log_path`
  /// (hydra_files.h); the folder is HYDRA_DATA.
  hydra,
};

struct LogPlace {
  /// Must exist.
  std::string path;
  LogNaming naming = LogNaming::numbered;
};

struct NewLog {
  std::string path;
  Fd file;
};

/// Makes the file of an attempt's log, for appending. Overwrites nothing and follows no link:
/// what stands in the way is another attempt's. With Hydra's naming it is moved first, and with it
/// what the log compressor made of it (QR-120); a crash between the two leaves the moved log and no
/// new one. Blocks as its disk does; the 100,000th attempt costs no more than a few dozen looks.
/// Throws Error.
NewLog make_log(const LogPlace& place, const nix::DrvPath& drv);

/// Of an attempt that printed nothing: nobody is to take an earlier attempt's log for its. Makes no
/// file, moves as `make_log` does. Blocks; throws Error.
void make_no_log(const LogPlace& place, const nix::DrvPath& drv);

}  // namespace firn::farm
