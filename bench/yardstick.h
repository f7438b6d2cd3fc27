// SPDX-License-Identifier: Apache-2.0
// What `openssl speed` says of this machine: whatever hashes is measured against it.
#pragma once

namespace firn::bench {

/// Bytes of SHA-256 in a second of processor time, in blocks of 16 KiB, as the program `openssl`
/// measures it on one core. Measured once, when asked first. Throws std::runtime_error where the
/// program does not say.
double openssl_sha256_rate();

}  // namespace firn::bench
