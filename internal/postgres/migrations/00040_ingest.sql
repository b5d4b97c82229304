-- What departments delivered: batches, their files, the rows that were set aside, and whom a change touched. The tables feed_… of the rows
-- themselves are made from the pack when it is applied.

-- +goose Up

-- The feeds as the pack last applied has them.
create table feed (
  id text primary key,
  department text not null,
  columns jsonb not null -- by name: type, codes, key, sealed
);

-- One handing over: a manifest with its files, or a file without a manifest.
create table batch (
  id bigint generated always as identity primary key,
  feed text references feed, -- null where nothing tells it
  name text not null,        -- the path of the manifest or the file
  source text not null check (source in ('folder', 'upload', 'api', 'resubmitted')),
  digest bytea not null,     -- SHA-256 over the names and the content of the manifest and the files
  content bytea,             -- the manifest, null without one
  delivered date,            -- null without a manifest
  from_date date,
  to_date date,
  areas bigint[] not null default '{}',
  simulated bool not null default false,
  state text not null check (state in ('staging', 'staged', 'promoted', 'stopped', 'discarded', 'undone')),
  faults jsonb not null default '[]',       -- why it stopped
  replaced_by bigint references batch,      -- the later delivery that stands in its place
  fixes bigint references batch,            -- the batch whose quarantined rows it brings mended
  rows bigint not null default 0,           -- rows read so far, and in the end in all
  matched bigint not null default 0,        -- rows about somebody registered
  account bigint not null default 0,        -- who brought it
  began_at timestamptz not null default now(),
  staged_at timestamptz,
  promoted_at timestamptz,
  promoted_as bigint unique, -- the record's version that it made
  pruned_at timestamptz,     -- when its rows were removed, since it had long been replaced
  ended_at timestamptz       -- discarded or undone
);
create unique index batch_digest on batch (digest) where state in ('staging', 'staged', 'promoted');
create index batch_live on batch (feed) where state in ('promoted', 'stopped');

-- Counts what changed the record: promotions, undoings, stops.
create table record_version (
  one bool primary key default true check (one),
  version bigint not null
);
insert into record_version (version) values (0);

create table batch_file (
  id integer generated always as identity primary key,
  batch bigint not null references batch,
  name text not null,
  header text[] not null default '{}',
  rows integer not null default 0,
  used integer not null default 0,     -- as read, before rows are set aside beside others
  rejected integer not null default 0,
  formulas integer not null default 0,
  missing text[] not null default '{}',
  refused jsonb                        -- why nothing of it is used
);
create index batch_file_batch on batch_file (batch);

-- Rows that could not be used as they were delivered.
create table quarantine (
  id bigint generated always as identity primary key,
  file integer not null references batch_file,
  row integer not null,
  area bigint not null,
  faults jsonb not null,      -- field, key and words
  persons bigint[] not null,  -- whom it is about, so far as that could be read
  unplaced bool not null,     -- somebody whom it is about could not be told
  cells bytea not null,       -- as delivered, sealed
  traces bigint[] not null,   -- keyed digests by which those whom an unplaced row may be about are found
  closed_by bigint references batch,
  unique (file, row)
);
create index quarantine_persons on quarantine using gin (persons);
create index quarantine_traces on quarantine using gin (traces) where unplaced;

-- Rows that are not used because of others with their key. A row's place is its file, in the upper 32 bits, and its number there.
create table row_aside (
  place bigint primary key,
  overlap smallint not null, -- 1 the same again, 2 a newer one is used, 3 contradicted
  beside bigint not null     -- the place of the other
);
create index row_aside_beside on row_aside (beside);

-- The key of digests of rows, sealed: it must stay the same as long as the rows do.
create table row_key (
  one bool primary key default true check (one),
  sealed bytea not null
);

-- Rows about nobody whom the register of persons names, by each number in them.
create table stranger (
  person bigint not null,
  place bigint not null,
  trace bigint, -- a keyed digest of the name and the day of birth in the number; null without a name
  primary key (person, place)
);
create index stranger_place on stranger (place);
create index stranger_trace on stranger (trace);

-- Feeds that are late in a county, from the day on which they were due.
create table feed_late (
  id bigint generated always as identity primary key,
  feed text not null references feed,
  county bigint not null,
  since date,             -- null where nothing was ever delivered
  raised_at timestamptz not null default now(),
  closed_at timestamptz   -- when a delivery came
);
create unique index feed_late_open on feed_late (feed, county) where closed_at is null;

-- Whom a promotion or an undoing touched: a person, or everybody in an area.
create table touched (
  id bigint generated always as identity primary key,
  batch bigint references batch, -- null where it was no delivery
  person bigint,
  area bigint,
  at timestamptz not null default now(),
  xid xid8 not null default pg_current_xact_id(), -- by which a snapshot of the record tells whether it holds what touched
  done_at timestamptz, -- when those touched were determined again
  done_xid xid8,
  check ((person is null) <> (area is null))
);
create index touched_open on touched (id) where done_at is null;

alter table feed enable row level security;
alter table batch enable row level security;
alter table batch_file enable row level security;
alter table quarantine enable row level security;
alter table row_aside enable row level security;
alter table stranger enable row level security;
alter table record_version enable row level security;
alter table row_key enable row level security;
alter table feed_late enable row level security;
alter table touched enable row level security;

create policy worker on feed to dajiuzhu_worker using (true);
create policy worker on batch to dajiuzhu_worker using (true);
create policy worker on batch_file to dajiuzhu_worker using (true);
create policy worker on quarantine to dajiuzhu_worker using (true);
create policy worker on row_aside to dajiuzhu_worker using (true);
create policy worker on stranger to dajiuzhu_worker using (true);
create policy worker on record_version to dajiuzhu_worker using (true);
create policy worker on feed_late to dajiuzhu_worker using (true);
create policy worker on row_key to dajiuzhu_worker using (true);
create policy worker on touched to dajiuzhu_worker using (true);

grant select on feed to dajiuzhu_worker, dajiuzhu_app;
grant select, insert, update on batch, batch_file, quarantine to dajiuzhu_worker;
grant delete on batch_file, quarantine to dajiuzhu_worker;
grant select, insert, delete on row_aside, stranger, touched to dajiuzhu_worker;
grant select, update on record_version to dajiuzhu_worker;
grant select, insert, update on row_key, feed_late to dajiuzhu_worker;
grant update on touched to dajiuzhu_worker;

-- Who reads what departments deliver: officers within their area, a department's only its own feeds.
create function acting_reads_feed(department text) returns bool language sql stable parallel safe
  return acting_role() in ('officer', 'decider', 'supervisor', 'administrator', 'inspector')
    or acting_role() = 'department' and acting_department() = department;

create policy app on feed for select to dajiuzhu_app using (acting_reads_feed(department));
create policy app on batch for select to dajiuzhu_app using (
  exists (select from feed f where f.id = feed)
  and exists (select from unnest(areas) a where a >= (select acting_area_from()) and a < (select acting_area_to())));
create policy app on batch_file for select to dajiuzhu_app using (exists (select from batch b where b.id = batch));
create policy app on quarantine for select to dajiuzhu_app using (
  area >= (select acting_area_from()) and area < (select acting_area_to()) and exists (select from batch_file f where f.id = file));
create policy app on feed_late for select to dajiuzhu_app using (
  county >= (select acting_area_from()) and county < (select acting_area_to()) and exists (select from feed f where f.id = feed));
grant select on batch, batch_file, quarantine, feed_late to dajiuzhu_app;
