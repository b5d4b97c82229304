-- Lists that somebody takes out as a file.

-- +goose Up
create table page_export (
  id         bigint primary key generated always as identity,
  account    bigint not null default acting_account() check (account <> 0),
  posting    bigint not null,                                  -- in which it was asked for, and is made as long as it is in force
  path       text   not null check (path like '/%'),           -- the list
  query      bytea,                                            -- its filters, sealed, page_export.query: they may name somebody
  lang       text   not null check (lang in ('zh', 'en')),
  purpose    text   not null,                                  -- why, of lists about people
  state      text   not null default 'waiting' check (state in ('waiting', 'running', 'ready', 'failed')),
  turn       int    not null default 0,                        -- how often it was taken from a job that had died
  rows       bigint not null default 0,
  why        text   not null default '',                       -- it failed, in the language in which it was asked for
  at         timestamptz not null default clock_timestamp(),
  touched_at timestamptz not null default clock_timestamp()    -- when it last went on
);
create index page_export_account on page_export (account, id);
create index page_export_at on page_export (at);

create table page_export_part (
  n       bigint not null unique generated always as identity,
  export  bigint not null references page_export on delete cascade,
  part    int    not null,
  content bytea  not null, -- some of its rows, sealed, page_export.content
  primary key (export, part)
);

alter table page_export enable row level security;
create policy own on page_export for select to dajiuzhu_app using (account = (select acting_account()) and account <> 0);
create policy keep on page_export for insert to dajiuzhu_app with check (account = (select acting_account()) and account <> 0);
create policy drops on page_export for delete to dajiuzhu_app using (account = (select acting_account()) and account <> 0);
create policy worker on page_export to dajiuzhu_worker using (true);
grant select, delete on page_export to dajiuzhu_app;
grant insert (posting, path, query, lang, purpose) on page_export to dajiuzhu_app;
grant select, update, delete on page_export to dajiuzhu_worker;

alter table page_export_part enable row level security;
create policy own on page_export_part for select to dajiuzhu_app
  using (exists (select from page_export e where e.id = export and e.account = (select acting_account()) and e.account <> 0));
create policy worker on page_export_part to dajiuzhu_worker using (true);
grant select on page_export_part to dajiuzhu_app;
grant select, insert, update, delete on page_export_part to dajiuzhu_worker;
