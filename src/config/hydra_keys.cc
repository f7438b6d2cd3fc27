// SPDX-License-Identifier: Apache-2.0
#include "config/hydra_keys.h"

#include <array>

namespace firn::config {

namespace {

/// The place is a function without captures; its result says which type it has.
template <class F>
consteval HydraPlace at(F f) {
  return HydraPlace(+f);
}

constexpr std::uint64_t kMostBytes = 1ULL << 53U;

constexpr auto kKeys = std::to_array<HydraKey>({
    {.key = "store_uri",
     .fallback = "the local store",
     .help = "where outputs go; so far only `auto`, `daemon`, `local` or `unix://PATH`",
     .place = at([](HydraConf& c) -> auto& { return c.store_uri; })},
    {.key = "use-substitutes",
     .fallback = "`false`",
     .help = "what substituters offer is not built when a build is loaded",
     .place = at([](HydraConf& c) -> auto& { return c.use_substitutes; })},
    {.key = "max_unsupported_time",
     .fallback = "no end",
     .help = "seconds that a step waits for a machine that could take it before its build fails",
     .place = at([](HydraConf& c) -> auto& { return c.max_unsupported_time; })},
    {.key = "max_db_connections",
     .fallback = "`128`",
     .help = "connections to the database, at most",
     .place = at([](HydraConf& c) -> auto& { return c.max_db_connections; }),
     .least = 1,
     .most = 10'000},
    {.key = "max_local_worker_threads",
     .fallback = "processors - 2, at least 2",
     .help = "steps that bring their outputs back at one time, at most",
     .place = at([](HydraConf& c) -> auto& { return c.max_local_worker_threads; }),
     .least = 1,
     .most = 1024},
    {.key = "max_output_size",
     .fallback = "`2147483648`",
     .help = "bytes that all outputs of a step may have, as NARs",
     .place = at([](HydraConf& c) -> auto& { return c.max_output_size; }),
     .least = 1,
     .most = kMostBytes},
    {.key = "max_log_size",
     .fallback = "`67108864`",
     .help = "bytes that a build may print; 0: no limit",
     .place = at([](HydraConf& c) -> auto& { return c.max_log_size; }),
     .most = kMostBytes},
    {.key = "upload_logs_to_binary_cache",
     .fallback = "`false`",
     .help = "refused where it is true: firn writes no binary cache yet",
     .place = at([](HydraConf& c) -> auto& { return c.upload_logs_to_binary_cache; })},
    {.key = "gc_roots_dir",
     .fallback = "`/nix/var/nix/gcroots/per-user/$LOGNAME/hydra-roots`",
     .help = "where roots of outputs stand",
     .place = at([](HydraConf& c) -> auto& { return c.gc_roots_dir; })},
    {.key = "queue_runner_metrics_address",
     .fallback = "`127.0.0.1:9198`",
     .help = "host and port of the metrics; port 0: any",
     .place = at([](HydraConf& c) -> auto& { return c.metrics_address; })},
    {.key = "xxx-jobset-repeats",
     .fallback = "none",
     .help = "refused: servers of Nix 2.12 and newer do not repeat builds",
     .place = at([](HydraConf& c) -> auto& { return c.jobset_repeats; })},
});

constexpr auto kObsolete = std::to_array<ObsoleteHydraKey>({
    {.key = "store_mode", .advice = "say the same with store_uri", .is_fatal = true},
    {.key = "binary_cache_dir", .advice = "it is ignored; a cache is store_uri = file://…"},
    {.key = "binary_cache_s3_bucket", .advice = "it is ignored; a cache is store_uri = s3://…"},
    {.key = "binary_cache_secret_key_file",
     .advice = "the queue runner ignores it; only the web server still signs with it"},
    {.key = "persona_allowed_domains", .advice = "it is allowed_domains now"},
});

constexpr auto kForeign = std::to_array<std::string_view>({
    // evaluator
    "max_concurrent_evals",
    "evaluator_workers",
    "evaluator_max_memory_size",
    "allow_import_from_derivation",
    "eval_substituter",
    // web server
    "base_uri",
    "using_frontend_proxy",
    "private",
    "readonly_ips",
    "server_store_uri",
    "binary_cache_public_uri",
    "log_prefix",
    "compress_num_threads",
    "hydra_logo",
    "tracker",
    "max_servers",
    "allowed_domains",
    "enable_google_login",
    "google_client_id",
    "github_client_id",
    "github_client_secret",
    "github_client_secret_file",
    "queue_runner_endpoint",
    "ws_endpoint",
    // notifications and plugins
    "email_notification",
    "notification_sender",
    "compress_build_logs",
    "compress_build_logs_compression",
    "compress_build_logs_silent",
    "github_endpoint",
    "enable_bitbucket_status",
    "path_input_cache_validity_seconds",
});

constexpr auto kBlocks = std::to_array<std::string_view>({
    "Plugin::Session",
    "ldap",
    "webhooks",
    "hydra_notify",
    "email_notifications",
    "statsd",
    "githubstatus",
    "github_authorization",
    "gitlab_authorization",
    "gitea_authorization",
    "bitbucket_authorization",
    "bitbucket",
    "slack",
    "influxdb",
    "circleci",
    "coverityscan",
    "sotest",
    "s3backup",
    "runcommand",
    "dynamicruncommand",
    "git-input",
});

}  // namespace

std::span<const HydraKey> hydra_keys() {
  return kKeys;
}

std::span<const ObsoleteHydraKey> obsolete_hydra_keys() {
  return kObsolete;
}

std::span<const std::string_view> foreign_hydra_keys() {
  return kForeign;
}

std::span<const std::string_view> hydra_blocks() {
  return kBlocks;
}

}  // namespace firn::config
