-- What people were told (通知), in the platform, by SMS and by e-mail, with every receipt.

-- +goose Up

-- One message to one recipient: an account, an office (whoever is posted there), or a person of the record, who is told by telephone.
create table notification (
  id          bigint primary key generated always as identity,
  once        text   not null unique check (once <> ''), -- what makes it the same message: told twice is told once
  account     bigint references account,
  role        text   not null default '',  -- of an office, with its area and department
  office_from bigint not null default 0,   -- the first code of the office's area
  department  text   not null default '',
  person      bigint references person,
  area        bigint not null,             -- where the matter is
  template    text   not null,
  about       text   not null,             -- 'item:12'
  urgent      bool   not null,
  title_zh    text   not null,
  title_en    text   not null,
  text_zh     text   not null,
  text_en     text   not null,
  sms_zh      text   not null,             -- '' is none
  sms_en      text   not null,
  teller      bigint not null,             -- the account that did what it tells of; 0 is a job
  told_at     timestamptz not null,
  check (account is not null or role <> '' or person is not null)
);
create index notification_account on notification (account, id desc) where account is not null;
create index notification_office on notification (role, office_from, department, id desc) where role <> '';
create index notification_about on notification (about, id);

create table notification_read (
  account      bigint not null default acting_account(),
  notification bigint not null references notification,
  at           timestamptz not null default now(),
  primary key (account, notification)
);

-- How an account wants to be told beside the platform. Without a row: by SMS if it has a telephone, and not by e-mail.
create table notification_preference (
  account      bigint primary key default acting_account(),
  sms          bool   not null,
  email        bool   not null,
  email_sealed bytea,                      -- notification.email
  lang         text   not null check (lang in ('zh', 'en')),
  check (not email or email_sealed is not null)
);

-- One SMS or e-mail. Its receipts are all that became of it; the state is the last of them.
create table notification_sending (
  id             bigint primary key generated always as identity,
  notification   bigint not null references notification,
  channel        text   not null check (channel in ('sms', 'email')),
  account        bigint references account,
  area           bigint not null,
  address_sealed bytea  not null,          -- notification.address
  address_digest bytea  not null check (length(address_digest) = 16),
  shown          text   not null,          -- the address, masked
  title          text   not null,
  body           text   not null,
  urgent         bool   not null,
  state          text   not null default 'queued' check (state in ('queued', 'sending', 'sent', 'delivered', 'failed')),
  attempts       int    not null default 0,
  next_at        timestamptz not null,     -- when it is tried; of one that is being sent, when it is taken for broken off
  unique (notification, channel, address_digest)
);
create index notification_sending_due on notification_sending (next_at, id) where state in ('queued', 'sending');
create index notification_sending_notification on notification_sending (notification);

create table notification_receipt (
  id        bigint primary key generated always as identity,
  sending   bigint not null references notification_sending,
  state     text   not null check (state in ('queued', 'sending', 'sent', 'delivered', 'failed')),
  reference text   not null default '',    -- as the carrier knows it
  reason    text   not null default '',
  at        timestamptz not null
);
create index notification_receipt_sending on notification_receipt (sending, id);
create index notification_receipt_reference on notification_receipt (reference) where reference <> '';
create trigger append_only before update or delete or truncate on notification_receipt for each statement execute function refuse_rewriting();

-- Writes a message in the transaction of what it tells of, whoever may see it; null if it was told already.
create function tell(n notification) returns bigint
language sql security definer set search_path = pg_catalog, public, pg_temp as $$
  insert into notification (once, account, role, office_from, department, person, area, template, about, urgent,
    title_zh, title_en, text_zh, text_en, sms_zh, sms_en, teller, told_at)
  select n.once, n.account, n.role, n.office_from, n.department, n.person, n.area, n.template, n.about, n.urgent,
    n.title_zh, n.title_en, n.text_zh, n.text_en, n.sms_zh, n.sms_en, acting_account(), n.told_at
  where acting_role() <> '' or session_user <> 'dajiuzhu_app'
  on conflict (once) do nothing returning id
$$;
revoke execute on function tell from public;
grant execute on function tell to dajiuzhu_app, dajiuzhu_worker;

alter table notification enable row level security;
alter table notification_read enable row level security;
alter table notification_preference enable row level security;
alter table notification_sending enable row level security;
alter table notification_receipt enable row level security;

create policy worker on notification to dajiuzhu_worker using (true);
create policy worker on notification_preference for select to dajiuzhu_worker using (true);
create policy worker on notification_sending to dajiuzhu_worker using (true) with check (true);
create policy worker on notification_receipt to dajiuzhu_worker using (true) with check (true);

-- A message is its recipient's. What applicants were told is also seen by who works on cases where the matter is.
create policy app on notification for select to dajiuzhu_app using (
  account = (select acting_account()) and account <> 0
  or role <> '' and role = (select acting_role()) and office_from = (select acting_area_from()) and department = (select acting_department())
  or person is not null and (select may_read_findings()) and area >= (select acting_area_from()) and area < (select acting_area_to()));
create policy app on notification_read for select to dajiuzhu_app using (account = (select acting_account()) and account <> 0);
create policy reads on notification_read for insert to dajiuzhu_app with check (account = (select acting_account()) and account <> 0
  and exists (select from notification n where n.id = notification));
create policy app on notification_preference for select to dajiuzhu_app using (account = (select acting_account()) and account <> 0);
create policy prefers on notification_preference for insert to dajiuzhu_app with check (account = (select acting_account()) and account <> 0);
create policy changes on notification_preference for update to dajiuzhu_app using (account = (select acting_account()) and account <> 0)
  with check (account = (select acting_account()));
create policy app on notification_sending for select to dajiuzhu_app using (
  account = (select acting_account()) and account <> 0
  or (select may_read_findings()) and area >= (select acting_area_from()) and area < (select acting_area_to()));
create policy app on notification_receipt for select to dajiuzhu_app using (exists (select from notification_sending s where s.id = sending));

grant select on notification, notification_read, notification_preference, notification_sending, notification_receipt to dajiuzhu_app, dajiuzhu_worker;
grant insert (notification) on notification_read to dajiuzhu_app;
grant insert (sms, email, email_sealed, lang), update (sms, email, email_sealed, lang) on notification_preference to dajiuzhu_app;
grant update (email_sealed) on notification_preference to dajiuzhu_worker; -- under a new key
create policy reseals on notification_preference for update to dajiuzhu_worker using (true);
grant insert (notification, channel, account, area, address_sealed, address_digest, shown, title, body, urgent, next_at) on notification_sending to dajiuzhu_worker;
grant update (state, attempts, next_at, address_sealed, address_digest) on notification_sending to dajiuzhu_worker;
grant insert (sending, state, reference, reason, at) on notification_receipt to dajiuzhu_worker;
