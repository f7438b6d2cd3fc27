// SPDX-License-Identifier: Apache-2.0
// What a build's outputs offer: files to download, and measurements.
#pragma once

#include "base/units.h"
#include "db/ids.h"
#include "db/transaction.h"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace firn::db {

/// A row of BuildProducts (QR-151, QR-153); its number is its place in the list, from 1.
struct Product {
  std::string type;
  std::string subtype{};
  /// Of regular files only.
  std::optional<ByteCount> file_size{};
  /// Base 16, of regular files only.
  std::optional<std::string> sha256{};
  std::string path{};
  std::string name;
  std::string default_path{};

  friend bool operator==(const Product&, const Product&) = default;
};

/// A row of BuildMetrics (QR-156).
struct Metric {
  std::string name;
  /// Empty = none.
  std::string unit;
  double value = 0;

  friend bool operator==(const Metric&, const Metric&) = default;
};

/// Posted; instead of those that an earlier run of the build left.
void set_products(Transaction& transaction, BuildId build, std::span<const Product> products);

/// Posted; instead of those of an earlier run. Project, jobset, job and time are the build's own.
void set_metrics(Transaction& transaction, BuildId build, std::span<const Metric> metrics);

std::vector<Product> products_of(Transaction& transaction, BuildId build);

/// Ordered by name.
std::vector<Metric> metrics_of(Transaction& transaction, BuildId build);

}  // namespace firn::db
