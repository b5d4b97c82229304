-- Lists as somebody wants to see them again: their own, with a name.

-- +goose Up
create table page_view (
  id      bigint primary key generated always as identity,
  account bigint not null default acting_account() check (account <> 0),
  path    text   not null check (path like '/%'),
  query   text   not null check (length(query) <= 500), -- the filters, without a place in the list
  name    text   not null check (name <> '' and length(name) <= 30),
  unique (account, path, name)
);

alter table page_view enable row level security;
create policy own on page_view for select to dajiuzhu_app using (account = (select acting_account()) and account <> 0);
create policy keep on page_view for insert to dajiuzhu_app with check (account = (select acting_account()) and account <> 0);
create policy drops on page_view for delete to dajiuzhu_app using (account = (select acting_account()) and account <> 0);
create policy worker on page_view for select to dajiuzhu_worker using (true);
grant select, insert, delete on page_view to dajiuzhu_app;
grant select on page_view to dajiuzhu_worker;
