// SPDX-License-Identifier: Apache-2.0
// The SQL that makes what stands around Hydra's tables: indexes, triggers, rules.
#pragma once

#include <string_view>

namespace firn::db {

inline constexpr std::string_view kHydraIndexes = R"sql(
create index IndexTaskRetriesOrdered on TaskRetries (retry_at asc);
create index IndexRunCommandLogsOnBuildID on RunCommandLogs (build_id);
create index IndexBuildInputsOnBuild on BuildInputs (build);
create index IndexBuildInputsOnDependency on BuildInputs (dependency);
create index IndexBuildMetricsOnJobTimestamp
  on BuildMetrics (project, jobset, job, timestamp desc);
create index IndexBuildProducstOnBuildAndType on BuildProducts (build, type);
create index IndexBuildProductsOnBuild on BuildProducts (build);
create index IndexBuildOutputsPath on BuildOutputs @hash(path);

create index IndexBuildStepsOnBusy on BuildSteps (busy) where busy != 0;
create index IndexBuildStepsOnDrvPath on BuildSteps (drvPath);
create index IndexBuildStepsOnPropagatedFrom on BuildSteps (propagatedFrom)
  where propagatedFrom is not null;
create index IndexBuildStepsOnStopTime on BuildSteps (stopTime desc)
  where startTime is not null and stopTime is not null;
create index IndexBuildStepOutputsOnPath on BuildStepOutputs (path);

create index IndexBuildsOnFinished on Builds (finished) where finished = 0;
create index IndexBuildsOnIsCurrent on Builds (isCurrent) where isCurrent = 1;
create index IndexBuildsJobsetIdCurrent on Builds (jobset_id) where isCurrent = 1;
create index IndexBuildsJobsetIdCurrentUnfinished on Builds (jobset_id)
  where isCurrent = 1 and finished = 0;
create index IndexBuildsJobsetIdCurrentFinishedStatus on Builds (jobset_id, buildStatus)
  where isCurrent = 1 and finished = 1;
create index IndexBuildsOnTimestamp on Builds (timestamp);
create index IndexBuildsOnFinishedStopTime on Builds (finished, stopTime desc);
create index IndexBuildsOnJobsetIdFinishedId on Builds (jobset_id, job, finished, id desc);
create index IndexFinishedSuccessfulBuilds
  on Builds (jobset_id, job, finished, buildStatus, id desc)
  where buildStatus = 0 and finished = 1;
create index IndexBuildsOnDrvPath on Builds (drvPath);
create index IndexBuildsOnKeep on Builds (keep) where keep = 1;
create index IndexBuildsOnNotificationPendingSince on Builds (notificationPendingSince)
  where notificationPendingSince is not null;

create index IndexCachedHgInputsOnHash on CachedHgInputs (uri, branch, sha256hash);
create index IndexCachedGitInputsOnHash on CachedGitInputs (uri, branch, sha256hash);
create index IndexCachedSubversionInputsOnUriRevision on CachedSubversionInputs (uri, revision);
create index IndexCachedBazaarInputsOnUriRevision on CachedBazaarInputs (uri, revision);

create index IndexJobsetEvalMembersOnBuild on JobsetEvalMembers (build);
create index IndexJobsetEvalMembersOnEval on JobsetEvalMembers (eval);
create index IndexJobsetEvalsOnJobsetId on JobsetEvals (jobset_id, id desc)
  where hasNewBuilds = 1;
create index IndexJobsetIdEvals on JobsetEvals (jobset_id) where hasNewBuilds = 1;
create index IndexJobsetInputAltsOnInput on JobsetInputAlts (project, jobset, input);
create index IndexJobsetInputAltsOnJobset on JobsetInputAlts (project, jobset);
create index IndexProjectsOnEnabled on Projects (enabled);
)sql";

/// Triggers that notify, the count of finished builds, the rule of FailedPaths; and an index that
/// helps the web front end's search, where the extension for it can be had.
inline constexpr std::string_view kHydraPostgresRules = R"sql(
create function notifyJobsetSharesChanged() returns trigger language plpgsql as
  $$ begin notify jobset_shares_changed; return null; end $$;
create function notifyJobsetsAdded() returns trigger language plpgsql as
  $$ begin notify jobsets_added; return null; end $$;
create function notifyJobsetsDeleted() returns trigger language plpgsql as
  $$ begin notify jobsets_deleted; return null; end $$;
create function notifyJobsetSchedulingChanged() returns trigger language plpgsql as
  $$ begin notify jobset_scheduling_changed; return null; end $$;
create function notifyBuildsDeleted() returns trigger language plpgsql as
  $$ begin notify builds_deleted; return null; end $$;
create function notifyBuildRestarted() returns trigger language plpgsql as
  $$ begin notify builds_restarted; return null; end $$;
create function notifyBuildCancelled() returns trigger language plpgsql as
  $$ begin notify builds_cancelled; return null; end $$;
create function notifyBuildBumped() returns trigger language plpgsql as
  $$ begin notify builds_bumped; return null; end $$;

create trigger JobsetSharesChanged after update on Jobsets for each row
  when (new.schedulingShares <> old.schedulingShares)
  execute function notifyJobsetSharesChanged();
create trigger JobsetsAdded after insert on Jobsets
  for each statement execute function notifyJobsetsAdded();
create trigger JobsetsDeleted after delete on Jobsets
  for each statement execute function notifyJobsetsDeleted();
create trigger JobsetSchedulingChanged after update on Jobsets for each row
  when (
    new.enabled <> old.enabled
    or new.checkInterval <> old.checkInterval
    or new.triggerTime is not null and new.triggerTime is distinct from old.triggerTime)
  execute function notifyJobsetSchedulingChanged();
create trigger BuildsDeleted after delete on Builds
  for each statement execute function notifyBuildsDeleted();
create trigger BuildRestarted after update on Builds for each row
  when (new.finished = 0 and old.finished = 1)
  execute function notifyBuildRestarted();
create trigger BuildCancelled after update on Builds for each row
  when (new.buildStatus = 4 and new.finished = 1 and old.finished = 0)
  execute function notifyBuildCancelled();
create trigger BuildBumped after update on Builds for each row
  when (new.globalPriority <> old.globalPriority)
  execute function notifyBuildBumped();

create function modifyNrBuildsFinished() returns trigger language plpgsql as $$
declare
  difference integer := 0;
begin
  if tg_op <> 'INSERT' then
    difference := difference - (old.finished = 1)::integer;
  end if;
  if tg_op <> 'DELETE' then
    difference := difference + (new.finished = 1)::integer;
  end if;
  if difference <> 0 then
    update NrBuilds set count = count + difference where what = 'finished';
  end if;
  return null;
end $$;
create trigger NrBuildsFinished after insert or update or delete on Builds
  for each row execute function modifyNrBuildsFinished();

create rule IdempotentInsert as on insert to FailedPaths
  where new.path in (select path from FailedPaths)
  do instead nothing;

do $$
begin
  create extension if not exists pg_trgm;
  create index IndexTrgmBuildsOnDrvpath on Builds using gin (drvPath gin_trgm_ops);
exception when insufficient_privilege or undefined_file or feature_not_supported then
  null;
end $$;
)sql";

/// Those of the above that do not notify.
inline constexpr std::string_view kHydraSqliteRules = R"sql(
create trigger NrBuildsFinishedInsert after insert on Builds when new.finished = 1 begin
  update NrBuilds set count = count + 1 where what = 'finished';
end;
create trigger NrBuildsFinishedUpdate after update on Builds when new.finished <> old.finished begin
  update NrBuilds set count = count + (new.finished = 1) - (old.finished = 1)
    where what = 'finished';
end;
create trigger NrBuildsFinishedDelete after delete on Builds when old.finished = 1 begin
  update NrBuilds set count = count - 1 where what = 'finished';
end;
create trigger IdempotentInsert before insert on FailedPaths
  when new.path in (select path from FailedPaths) begin
  select raise(ignore);
end;
)sql";

/// Fails a transaction whose generation has ended (leadership.h), and holds off the next one.
inline constexpr std::string_view kOwnPostgresFunctions = R"sql(
create function firn.require_generation(expected bigint) returns void language plpgsql as $$
begin
  perform from firn.state where what = 'generation' and value = expected for share;
  if not found then
    raise exception 'generation % has ended', expected using errcode = 'FIRN1';
  end if;
end $$;
)sql";

}  // namespace firn::db
