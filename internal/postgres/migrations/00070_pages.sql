-- What the frame of the pages keeps.

-- +goose Up

-- Forms that were taken, so that one which is sent again does nothing twice and leads to where it led. Nothing of the form itself is here.
create table page_once (
  account bigint not null default acting_account() check (account <> 0),
  key     bytea  not null check (length(key) = 32),  -- digest of the key in the form
  form    bytea  not null check (length(form) = 32), -- keyed digest of what was sent, by the key that is not here
  result  text   not null check (result like '/%'),  -- the page to which it led
  at      timestamptz not null default clock_timestamp(),
  primary key (account, key)
);
create index page_once_at on page_once (at);

alter table page_once enable row level security;
create policy own on page_once for select to dajiuzhu_app using (account = (select acting_account()) and account <> 0);
create policy keep on page_once for insert to dajiuzhu_app with check (account = (select acting_account()) and account <> 0);
create policy worker on page_once to dajiuzhu_worker using (true);
grant select, insert on page_once to dajiuzhu_app;
grant select, delete on page_once to dajiuzhu_worker;
