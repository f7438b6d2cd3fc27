// SPDX-License-Identifier: Apache-2.0
#include "db/products.h"

namespace firn::db {

void set_products(Transaction& transaction, BuildId build, std::span<const Product> products) {
  transaction.post("delete from BuildProducts where build = $1", build);
  int number = 0;
  for (const auto& product : products)
    transaction.post(
        "insert into BuildProducts (build, productnr, type, subtype, fileSize, sha256hash, path, "
        "name, defaultPath) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        build,
        ++number,
        product.type,
        product.subtype,
        product.file_size,
        product.sha256,
        product.path,
        product.name,
        product.default_path);
}

void set_metrics(Transaction& transaction, BuildId build, std::span<const Metric> metrics) {
  transaction.post("delete from BuildMetrics where build = $1", build);
  for (const auto& metric : metrics)
    transaction.post(
        "insert into BuildMetrics (build, name, unit, value, project, jobset, job, timestamp) "
        "select b.id, $2, $3, $4, j.project, j.name, b.job, b.timestamp "
        "from Builds b join Jobsets j on b.jobset_id = j.id where b.id = $1",
        build,
        metric.name,
        null_if_empty(metric.unit),
        metric.value);
}

std::vector<Product> products_of(Transaction& transaction, BuildId build) {
  const auto rows = transaction.execute(
      "select type, subtype, fileSize, sha256hash, path, name, defaultPath from BuildProducts "
      "where build = $1 order by productnr",
      build);
  const auto text = [](const Row& row, std::string_view column) {
    return row.get<std::optional<std::string>>(column).value_or(std::string());
  };
  std::vector<Product> products;
  products.reserve(rows.size());
  for (const Row row : rows)
    products.push_back({.type = row.get<std::string>("type"),
                        .subtype = row.get<std::string>("subtype"),
                        .file_size = row.get<std::optional<ByteCount>>("fileSize"),
                        .sha256 = row.get<std::optional<std::string>>("sha256hash"),
                        .path = text(row, "path"),
                        .name = row.get<std::string>("name"),
                        .default_path = text(row, "defaultPath")});
  return products;
}

std::vector<Metric> metrics_of(Transaction& transaction, BuildId build) {
  const auto rows = transaction.execute(
      "select name, unit, value from BuildMetrics where build = $1 order by name", build);
  std::vector<Metric> metrics;
  metrics.reserve(rows.size());
  for (const Row row : rows)
    metrics.push_back({.name = row.get<std::string>("name"),
                       .unit = row.get<std::optional<std::string>>("unit").value_or(std::string()),
                       .value = row.get<double>("value")});
  return metrics;
}

}  // namespace firn::db
