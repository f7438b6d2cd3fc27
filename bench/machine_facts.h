// SPDX-License-Identifier: Apache-2.0
// What the figures were measured on, and whether anything else ran there meanwhile.
#pragma once

#include <string>
#include <vector>

namespace firn::bench {

/// Shares of the processors, from 0 to 1, that other work took in the pauses between runs.
class OtherWork {
 public:
  /// Pauses for a moment and looks at who works.
  void look();

  double median() const;
  double worst() const;
  bool is_quiet() const;

 private:
  std::vector<double> shares_;
};

/// "2 cores, Intel(R) Xeon(R) Processor @ 2.80GHz, 23.5 GiB, Linux 6.1.0".
std::string describe_machine();

/// "nix (Nix) 2.8.0, OpenSSH_9.2p1 …".
std::string describe_peers();

/// The three figures of /proc/loadavg.
std::string load_average();

}  // namespace firn::bench
