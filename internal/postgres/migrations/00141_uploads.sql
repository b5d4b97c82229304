-- What somebody sends by a page or the API and a job takes in, the tokens by which programs send it, and what the platform has to tell those who
-- look after it.

-- +goose Up

create table upload (
  id         bigint generated always as identity primary key,
  source     text not null check (source in ('upload', 'api')),
  feed       text not null default '',       -- of this feed alone; '' for any
  department text not null default '',       -- of this department's feeds alone; '' for all
  area       bigint not null,                -- for areas in it alone
  files      text[] not null,                -- their names
  bytes      bigint not null,
  digest     bytea not null,                 -- SHA-256 over the names and contents
  folder     text not null,                  -- where they lie until they are taken in
  hold       bool not null,                  -- staged, and left to somebody to promote
  account    bigint not null default acting_account(),
  sent_at    timestamptz not null default now(),
  state      text not null default 'waiting' check (state in ('waiting', 'done', 'refused')),
  faults     jsonb not null default '[]',    -- why it was refused
  batches    bigint[] not null default '{}', -- what it became, those known before too
  ended_at   timestamptz,
  check ((state = 'waiting') = (ended_at is null))
);
create unique index upload_waiting on upload (account, digest, feed, hold) where state = 'waiting';
alter table batch add column upload bigint references upload;
create index batch_upload on batch (upload) where upload is not null;

alter table upload enable row level security;
create policy worker on upload to dajiuzhu_worker using (true);
create policy app on upload for select to dajiuzhu_app using (account = (select acting_account()) and account <> 0
  or (select acting_role()) in ('administrator', 'inspector') and area >= (select acting_area_from()) and area < (select acting_area_to()));
create policy sends on upload for insert to dajiuzhu_app with check ((select acting_role()) in ('administrator', 'department')
  and account = (select acting_account()) and account <> 0 and state = 'waiting'
  and area >= (select acting_area_from()) and area < (select acting_area_to())
  and ((select acting_role()) = 'administrator' or department = (select acting_department()) and hold));
grant select, insert on upload to dajiuzhu_app;
grant select, update on upload to dajiuzhu_worker;

-- By which a program delivers in the name of an account's posting, and does nothing else.
create table delivery_token (
  id         bigint generated always as identity primary key,
  digest     bytea not null unique, -- of the token, which only its holder has
  account    bigint not null references account,
  posting    bigint not null references posting,
  name       text not null check (name <> ''), -- of the program
  made_at    timestamptz not null,
  ends_at    timestamptz not null,
  revoked_at timestamptz,
  used_at    timestamptz
);
create index delivery_token_account on delivery_token (account);
alter table delivery_token enable row level security;
create policy worker on delivery_token to dajiuzhu_worker using (true);
grant select, insert, update on delivery_token to dajiuzhu_worker;

-- What the platform has to tell administrators: a figure that lapses and the like. One is open at a time of a kind and a subject.
create table notice (
  id        bigint generated always as identity primary key,
  kind      text not null,       -- 'policy.lapse'
  subject   text not null,       -- of what: the name of the figure and the day
  step      integer not null,    -- how near it is: it is told again when a nearer step is reached
  due_on    date,
  zh        text not null,
  en        text not null,
  raised_at timestamptz not null default now(),
  closed_at timestamptz
);
create unique index notice_open on notice (kind, subject) where closed_at is null;
create unique index notice_step on notice (kind, subject, step);
alter table notice enable row level security;
create policy worker on notice to dajiuzhu_worker using (true);
create policy app on notice for select to dajiuzhu_app using ((select acting_role()) in ('administrator', 'inspector'));
grant select on notice to dajiuzhu_app;
grant select, insert, update on notice to dajiuzhu_worker;
