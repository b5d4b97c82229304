-- Accounts and what they may be; credentials and sessions, which the application's role cannot read at all.

-- +goose Up
create table account (
  id          bigint primary key generated always as identity,
  login       text not null unique check (login ~ '^[a-z][a-z0-9._-]{1,38}[a-z0-9]$'), -- begins with a letter, so that it is nobody's number
  name        text not null check (name <> ''),
  staff       boolean not null,          -- of the administration; its names are no secret
  area        bigint not null,           -- whose administrators manage it
  phone_sealed bytea,                    -- account.phone
  created_at  timestamptz not null,
  disabled_at timestamptz
);
create index account_area on account (area);

create table posting (
  id         bigint primary key generated always as identity,
  account    bigint not null references account,
  role       text not null,
  area       bigint not null,
  department text not null,              -- '' but of a department's officer
  from_date  date not null,
  to_date    date not null check (to_date >= from_date) -- exclusive; infinity is without an end
);
create index posting_account on posting (account);
create index posting_area on posting (area);

create table credential (
  account      bigint primary key references account,
  handle       bytea not null unique,    -- how passkeys know the account: 32 random bytes
  password     text,                     -- argon2id with its parameters and salt
  must_change  boolean not null,
  totp_sealed  bytea,                    -- account.totp
  totp_on      boolean not null default false,
  totp_step    bigint not null default 0 -- the last one used: no code is taken twice
);

create table recovery_code (
  account bigint not null references account,
  digest  bytea not null,
  primary key (account, digest)
);

create table passkey (
  id         bytea primary key,          -- the credential's
  account    bigint not null references account,
  name       text not null,
  credential jsonb not null,             -- public key, counter and flags
  created_at timestamptz not null,
  used_at    timestamptz
);
create index passkey_account on passkey (account);

create table outside_identity (
  issuer  text not null,
  subject text not null,
  account bigint not null references account,
  primary key (issuer, subject)
);
create index outside_identity_account on outside_identity (account);

create table session (
  digest       bytea primary key,        -- of the token, which only its holder has
  account      bigint not null references account,
  posting      bigint references posting, -- in which it acts
  created_at   timestamptz not null,
  seen_at      timestamptz not null,
  ends_at      timestamptz not null,
  second_at    timestamptz,              -- when a second factor was given
  confirmed_at timestamptz not null,     -- when the person last proved who they are
  agent        text not null             -- what the browser says of itself
);
create index session_account on session (account);
create index session_ends on session (ends_at);

-- Begun and not finished: a passkey's challenge, an outside provider's answer.
create table ceremony (
  digest  bytea primary key,             -- of the key that its beginner has
  kind    text not null,
  account bigint references account,     -- whose, if somebody is signed in
  data    bytea not null,                -- ceremony.data, sealed
  ends_at timestamptz not null
);
create index ceremony_ends on ceremony (ends_at);

-- Failures in a row of a login, an address, a second factor. The subject is a keyed digest: logins that do not exist lock as well.
create table attempt (
  subject      bytea primary key,
  failures     int not null,
  last_at      timestamptz not null,
  locked_until timestamptz not null
);
create index attempt_last on attempt (last_at);

-- Near relatives that staff declared.
create table relative (
  id            bigint primary key generated always as identity,
  account       bigint not null references account,
  area          bigint not null,         -- the account's
  relation      text not null,
  number_digest bytea not null,          -- person.number
  number_sealed bytea not null,
  from_date     date not null,
  to_date       date not null check (to_date >= from_date),
  declared_at   timestamptz not null
);
create index relative_account on relative (account);
create index relative_number on relative (number_digest);

-- Each opening of a sensitive field. Who, as what and why is the transaction's, never the query's.
create table opening (
  id         bigint primary key generated always as identity,
  at         timestamptz not null default clock_timestamp(),
  account    bigint not null default acting_account() check (account <> 0),
  role       text not null default acting_role() check (role <> ''),
  department text not null default acting_department(),
  purpose    text not null default acting_purpose() check (purpose <> ''),
  area       bigint not null,            -- where whoever it is about lives
  field      text not null,              -- person.phone
  subject    text not null               -- person:12
);
create index opening_account on opening (account, at);
create index opening_subject on opening (subject, at);
create index opening_at on opening (at);

alter table account enable row level security;
alter table posting enable row level security;
alter table credential enable row level security;
alter table recovery_code enable row level security;
alter table passkey enable row level security;
alter table outside_identity enable row level security;
alter table session enable row level security;
alter table ceremony enable row level security;
alter table attempt enable row level security;
alter table relative enable row level security;
alter table opening enable row level security;

create policy worker on account to dajiuzhu_worker using (true);
create policy worker on posting to dajiuzhu_worker using (true);
create policy worker on credential to dajiuzhu_worker using (true);
create policy worker on recovery_code to dajiuzhu_worker using (true);
create policy worker on passkey to dajiuzhu_worker using (true);
create policy worker on outside_identity to dajiuzhu_worker using (true);
create policy worker on session to dajiuzhu_worker using (true);
create policy worker on ceremony to dajiuzhu_worker using (true);
create policy worker on attempt to dajiuzhu_worker using (true);
create policy worker on relative to dajiuzhu_worker using (true);
create policy worker on opening for select to dajiuzhu_worker using (true);

grant select, insert, update on account, posting, credential to dajiuzhu_worker;
grant select, insert, update, delete on recovery_code, passkey, outside_identity, session, ceremony, attempt to dajiuzhu_worker;
grant select, insert, update on relative to dajiuzhu_worker;
grant select on opening to dajiuzhu_worker;

-- Everybody sees themselves. Of others, whoever manages or oversees the staff of an area sees that staff; an administrator all accounts of it.
create policy app on account for select to dajiuzhu_app using (
  id = (select acting_account()) and id <> 0
  or ((select acting_role()) = 'administrator' or (select acting_role()) in ('supervisor', 'inspector') and staff)
    and area >= (select acting_area_from()) and area < (select acting_area_to()));
create policy app on posting for select to dajiuzhu_app using (
  account = (select acting_account()) and account <> 0
  or ((select acting_role()) = 'administrator' or (select acting_role()) in ('supervisor', 'inspector') and role not in ('resident', 'organisation'))
    and area >= (select acting_area_from()) and area < (select acting_area_to()));
create policy app on relative for select to dajiuzhu_app using (
  account = (select acting_account()) and account <> 0
  or (select acting_role()) in ('supervisor', 'inspector') and area >= (select acting_area_from()) and area < (select acting_area_to()));
create policy app on opening for select to dajiuzhu_app using (
  account = (select acting_account()) and account <> 0
  or (select acting_role()) in ('supervisor', 'administrator', 'inspector') and area >= (select acting_area_from()) and area < (select acting_area_to()));
create policy app_opens on opening for insert to dajiuzhu_app with check (
  account = (select acting_account()) and role = (select acting_role()) and department = (select acting_department()) and purpose = (select acting_purpose())
  and area >= (select acting_area_from()) and area < (select acting_area_to()));

grant select on account, posting, relative, opening to dajiuzhu_app;
grant insert (area, field, subject) on opening to dajiuzhu_app;

-- The name of a member of staff, who signs with it; nothing of anybody else.
create function staff_name(id bigint) returns text language sql stable security definer set search_path = pg_catalog, public, pg_temp
  return (select a.name from account a where a.id = staff_name.id and a.staff and acting_role() <> '');
-- As what an account has declared those whose numbers have these digests, on a day; to who acts as anything.
-- +goose StatementBegin
create function near_relations(account bigint, numbers bytea[], day date) returns setof text
language sql stable security definer set search_path = pg_catalog, public, pg_temp
begin atomic
  select distinct r.relation from relative r
  where acting_role() <> '' and r.account = near_relations.account and r.number_digest = any(numbers) and r.from_date <= day and day < r.to_date
  order by 1;
end;
-- +goose StatementEnd
revoke execute on function staff_name, near_relations from public;
grant execute on function staff_name, near_relations to dajiuzhu_app, dajiuzhu_worker;
