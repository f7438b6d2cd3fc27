// SPDX-License-Identifier: Apache-2.0
// The SQL that makes the tables: Hydra's, as of version 87 of its schema, and firn's own. One text
// serves both engines; where they differ stands a word that begins with @ (schema.cc).
#pragma once

#include <string_view>

namespace firn::db {

/// Users, projects, jobsets, builds and what belongs to them.
inline constexpr std::string_view kHydraTables = R"sql(
create table SchemaVersion (version integer not null);

create table Users (
  userName text primary key not null,
  fullName text,
  emailAddress text not null,
  password text not null,
  emailOnError integer not null default 0,
  type text not null default 'hydra',
  publicDashboard boolean not null default false
);

create table UserRoles (
  userName text not null references Users (userName) on delete cascade on update cascade,
  role text not null,
  primary key (userName, role)
);

create table Projects (
  name text primary key not null,
  displayName text not null,
  description text,
  enabled integer not null default 1,
  hidden integer not null default 0,
  owner text not null references Users (userName) on update cascade,
  homepage text,
  declfile text,
  decltype text,
  declvalue text,
  enable_dynamic_run_command boolean not null default false
);

create table ProjectMembers (
  project text not null references Projects (name) on delete cascade on update cascade,
  userName text not null references Users (userName) on delete cascade on update cascade,
  primary key (project, userName)
);

create table Jobsets (
  name text not null,
  id @jobset_id,
  project text not null references Projects (name) on delete cascade on update cascade,
  description text,
  nixExprInput text,
  nixExprPath text,
  errorMsg text,
  errorTime @time,
  lastCheckedTime @time,
  triggerTime @time,
  enabled integer not null default 1,
  enableEmail integer not null default 1,
  hidden integer not null default 0,
  emailOverride text not null,
  keepnr integer not null default 3,
  checkInterval integer not null default 300,
  schedulingShares integer not null default 100,
  fetchErrorMsg text,
  forceEval boolean,
  startTime @time,
  type integer not null default 0,
  flake text,
  enable_dynamic_run_command boolean not null default false,
  constraint jobsets_schedulingshares_nonzero_check check (schedulingShares > 0),
  constraint jobsets_type_known_check check (type in (0, 1)),
  constraint jobsets_legacy_paths_check check (
    (type = 0) = (flake is null and nixExprInput is not null and nixExprPath is not null)),
  constraint jobsets_flake_paths_check check (
    (type = 1) = (flake is not null and nixExprInput is null and nixExprPath is null)),
  @jobset_key (project, name),
  constraint Jobsets_id_unique unique (id)
);

create table JobsetRenames (
  project text not null references Projects (name) on delete cascade on update cascade,
  from_ text not null,
  to_ text not null,
  primary key (project, from_),
  foreign key (project, to_) references Jobsets (project, name) on delete cascade on update cascade
);

create table JobsetInputs (
  project text not null,
  jobset text not null,
  name text not null,
  type text not null,
  emailResponsible integer not null default 0,
  primary key (project, jobset, name),
  foreign key (project, jobset) references Jobsets (project, name)
    on delete cascade on update cascade
);

create table JobsetInputAlts (
  project text not null,
  jobset text not null,
  input text not null,
  altnr integer not null,
  value text,
  revision text,
  primary key (project, jobset, input, altnr),
  foreign key (project, jobset, input) references JobsetInputs (project, jobset, name)
    on delete cascade on update cascade
);

create table Builds (
  id @id,
  finished integer not null,
  timestamp @time not null,
  jobset_id integer not null references Jobsets (id) on delete cascade,
  job text not null,
  nixName text,
  description text,
  drvPath text not null,
  system text not null,
  license text,
  homepage text,
  maintainers text,
  maxsilent integer default 3600,
  timeout integer default 36000,
  isChannel integer not null default 0,
  isCurrent integer default 0,
  priority integer not null default 0,
  globalPriority @time not null default 0,
  startTime @time,
  stopTime @time,
  isCachedBuild integer,
  buildStatus integer,
  size bigint,
  closureSize bigint,
  releaseName text,
  keep integer not null default 0,
  notificationPendingSince @time,
  check (finished = 0 or (stopTime is not null and stopTime <> 0)),
  check (finished = 0 or (startTime is not null and startTime <> 0))
);

create table BuildOutputs (
  build integer not null references Builds (id) on delete cascade,
  name text not null,
  path text,
  primary key (build, name)
);

create table BuildSteps (
  build integer not null references Builds (id) on delete cascade,
  stepnr integer not null,
  type integer not null,
  drvPath text not null,
  busy integer not null,
  status integer,
  errorMsg text,
  startTime @time,
  stopTime @time,
  machine text not null default '',
  system text,
  propagatedFrom integer references Builds (id) on delete cascade,
  overhead integer,
  timesBuilt integer,
  isNonDeterministic boolean,
  resolvedDrvPath text,
  primary key (build, stepnr),
  constraint buildsteps_resolved_consistent check ((status = 13) = (resolvedDrvPath is not null))
);

create table BuildStepOutputs (
  build integer not null references Builds (id) on delete cascade,
  stepnr integer not null,
  name text not null,
  path text,
  primary key (build, stepnr, name),
  foreign key (build, stepnr) references BuildSteps (build, stepnr) on delete cascade
);

create table BuildProducts (
  build integer not null references Builds (id) on delete cascade,
  productnr integer not null,
  type text not null,
  subtype text not null,
  fileSize bigint,
  sha256hash text,
  path text,
  name text not null,
  defaultPath text,
  primary key (build, productnr)
);

create table BuildMetrics (
  build integer not null references Builds (id) on delete cascade,
  name text not null,
  unit text,
  value double precision not null,
  project text not null references Projects (name) on update cascade,
  jobset text not null,
  job text not null,
  timestamp @time not null,
  primary key (build, name),
  foreign key (project, jobset) references Jobsets (project, name) on update cascade
);

create table FailedPaths (path text primary key not null);

create table SystemStatus (
  what text primary key not null,
  status json not null
);

create table NrBuilds (
  what text primary key not null,
  count integer not null
);
insert into NrBuilds (what, count) values ('finished', 0);
)sql";

/// Evaluations, caches of inputs, and what the web front end and hydra-notify keep.
inline constexpr std::string_view kHydraOtherTables = R"sql(
create table BuildInputs (
  id @id,
  build integer references Builds (id) on delete cascade,
  name text not null,
  type text not null,
  uri text,
  revision text,
  value text,
  emailResponsible integer not null default 0,
  dependency integer references Builds (id),
  path text,
  sha256hash text
);

create table CachedPathInputs (
  srcPath text not null,
  timestamp @time not null,
  lastSeen @time not null,
  sha256hash text not null,
  storePath text not null,
  primary key (srcPath, sha256hash)
);

create table CachedSubversionInputs (
  uri text not null,
  revision integer not null,
  sha256hash text not null,
  storePath text not null,
  primary key (uri, revision)
);

create table CachedBazaarInputs (
  uri text not null,
  revision integer not null,
  sha256hash text not null,
  storePath text not null,
  primary key (uri, revision)
);

create table CachedGitInputs (
  uri text not null,
  branch text not null,
  revision text not null,
  isDeepClone boolean not null,
  sha256hash text not null,
  storePath text not null,
  primary key (uri, branch, revision, isDeepClone)
);

create table CachedDarcsInputs (
  uri text not null,
  revision text not null,
  sha256hash text not null,
  storePath text not null,
  revCount integer not null,
  primary key (uri, revision)
);

create table CachedHgInputs (
  uri text not null,
  branch text not null,
  revision text not null,
  sha256hash text not null,
  storePath text not null,
  primary key (uri, branch, revision)
);

create table CachedCVSInputs (
  uri text not null,
  module text not null,
  timestamp @time not null,
  lastSeen @time not null,
  sha256hash text not null,
  storePath text not null,
  primary key (uri, module, sha256hash)
);

create table EvaluationErrors (
  id @id,
  errorMsg text,
  errorTime @time
);

create table JobsetEvals (
  id @id,
  jobset_id integer not null references Jobsets (id) on delete cascade,
  evaluationerror_id integer references EvaluationErrors (id) on delete set null,
  timestamp @time not null,
  checkoutTime integer not null,
  evalTime integer not null,
  hasNewBuilds integer not null,
  hash text not null,
  nrBuilds integer,
  nrSucceeded integer,
  flake text,
  nixExprInput text,
  nixExprPath text
);

create table JobsetEvalInputs (
  eval integer not null references JobsetEvals (id) on delete cascade,
  name text not null,
  altNr integer not null,
  type text not null,
  uri text,
  revision text,
  shortRevLength smallint,
  value text,
  dependency integer references Builds (id),
  path text,
  sha256hash text,
  primary key (eval, name, altNr)
);

create table JobsetEvalMembers (
  eval integer not null references JobsetEvals (id) on delete cascade,
  build integer not null references Builds (id) on delete cascade,
  isNew integer not null,
  primary key (eval, build)
);

create table AggregateConstituents (
  aggregate integer not null references Builds (id) on delete cascade,
  constituent integer not null references Builds (id) on delete cascade,
  primary key (aggregate, constituent)
);

create table StarredJobs (
  userName text not null references Users (userName) on delete cascade on update cascade,
  project text not null references Projects (name) on delete cascade on update cascade,
  jobset text not null,
  job text not null,
  primary key (userName, project, jobset, job),
  foreign key (project, jobset) references Jobsets (project, name)
    on delete cascade on update cascade
);

create table NewsItems (
  id @id,
  contents text not null,
  createTime @time not null,
  author text not null references Users (userName) on delete cascade on update cascade
);

create table UriRevMapper (
  baseuri text primary key not null,
  uri text not null
);

create table TaskRetries (
  id @id,
  channel text not null,
  pluginname text not null,
  payload text not null,
  attempts integer not null,
  retry_at @time not null
);

create table RunCommandLogs (
  id @id,
  uuid uuid not null,
  job_matcher text not null,
  build_id integer not null references Builds (id) on delete cascade,
  command text not null,
  start_time @time,
  end_time @time,
  error_number integer,
  exit_code integer,
  signal integer,
  core_dumped boolean,
  constraint RunCommandLogs_not_started_no_exit_time_no_code check (
    start_time is not null
    or coalesce(end_time, error_number, exit_code, signal) is null and core_dumped is null),
  constraint RunCommandLogs_end_time_has_start_time check (
    start_time is not null or end_time is null),
  constraint RunCommandLogs_uuid_unique unique (uuid)
);
)sql";

/// What Hydra has no column for.
inline constexpr std::string_view kOwnTables = R"sql(
create table firn.state (
  what text primary key not null,
  value bigint not null
);
insert into firn.state (what, value) values ('version', 1), ('generation', 0);

create table firn.failed_paths (
  path text primary key not null,
  since bigint not null,
  class text not null
);

create table firn.attempts (
  build bigint not null,
  stepnr bigint not null,
  class text not null,
  machine text not null,
  started bigint not null,
  stopped bigint not null,
  message text,
  primary key (build, stepnr)
);

create table firn.machines (
  name text primary key not null,
  state text not null,
  reason text,
  until bigint
);

create table firn.expected_durations (
  name text not null,
  system text not null,
  seconds double precision not null,
  samples bigint not null,
  primary key (name, system)
);
)sql";

}  // namespace firn::db
