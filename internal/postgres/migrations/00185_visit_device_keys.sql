-- The key under which a phone keeps what it has without signal. The phone has it locked by its holder's PIN; the platform gives it to the same
-- account again, on the same phone, once it is signed in. So a PIN may be forgotten and nothing that waits is lost.

-- +goose Up
create table visit_device_key (
  n       bigint not null unique generated always as identity,
  account bigint not null default acting_account() check (account <> 0),
  device  uuid   not null,
  key     bytea  not null, -- sealed, visit.device-key
  made_at timestamptz not null default now(),
  primary key (account, device)
);
alter table visit_device_key enable row level security;
create policy worker on visit_device_key to dajiuzhu_worker using (true);
create policy app on visit_device_key for select to dajiuzhu_app using (account = (select acting_account()) and account <> 0);
create policy makes on visit_device_key for insert to dajiuzhu_app with check (account = (select acting_account()) and account <> 0);
create trigger not_removed before delete or truncate on visit_device_key for each statement execute function refuse_rewriting();
grant select on visit_device_key to dajiuzhu_app, dajiuzhu_worker;
grant insert (device, key) on visit_device_key to dajiuzhu_app;
grant update (key) on visit_device_key to dajiuzhu_worker; -- sealed anew
