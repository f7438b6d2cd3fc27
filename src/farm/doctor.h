// SPDX-License-Identifier: Apache-2.0
// Tests machines end to end, as the first step of a run would meet them: from the connection to a
// trivial build whose output comes back.
#pragma once

#include "aio/loop.h"
#include "nix/machines.h"
#include "store/store_address.h"
#include "transport/socket_folder.h"
#include "transport/ssh_target.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace firn::farm {

enum class Grade : std::uint8_t {
  fine,
  attention,  ///< it works, but a person should look
  broken,     ///< the machine cannot take work
  unknown,    ///< could not be learnt
};

/// As JSON sees it, such as "attention".
std::string_view to_string(Grade grade);

/// One thing that was looked at.
struct Check {
  /// Such as "connect".
  std::string name{};
  Grade grade = Grade::fine;
  /// In one line.
  std::string found{};
  /// What to do; empty where there is nothing.
  std::string advice{};
  Duration took{};
};

struct Diagnosis {
  std::string machine{};
  /// In the order of looking. What needs something that is broken is left out.
  std::vector<Check> checks{};
  Duration took{};

  /// Whether the machine takes work: it has built something that came back.
  bool can_build = false;
};

struct DoctorOptions {
  /// Stands in for an empty list of systems.
  std::string own_system{};
  /// Where our own store is, to tell machines that share it.
  store::StoreAddress own_store{};
  transport::SshLimits ssh{};
};

/// Several machines at a time; each check is bounded in time. Answers in the order of asking, and
/// throws nothing but Bug and cancellations. What is built and sent is deleted again, where the
/// login allows it.
aio::Task<std::vector<Diagnosis>> examine(aio::Loop& loop,
                                          const transport::SocketFolder& folder,
                                          const std::vector<nix::Machine>& machines,
                                          const DoctorOptions& options);

}  // namespace firn::farm
