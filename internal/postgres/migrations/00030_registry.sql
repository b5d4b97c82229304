-- People, households, who belonged to which when, and what was said of them.

-- +goose Up

-- Somebody. Persons without a row in the population register are known by their number alone, or by what a visitor wrote down.
create table person (
  id            bigint primary key generated always as identity,
  number_digest bytea unique check (length(number_digest) = 16), -- null of who has no identity number
  number_sealed bytea,
  name          text collate "C" not null default '',
  pinyin        text collate "C" not null default '', -- of the whole name, without blanks: wangxiaoming
  initials      text collate "C" not null default '', -- wxm
  sex           text not null default '',             -- a code of the pack; '' is not known
  birth         date,
  area          bigint not null default 0,            -- the village, 0 where no register tells one
  address       text not null default '',
  phone_digest  bytea check (length(phone_digest) = 16),
  phone_sealed  bytea,
  registered    bool not null default false,          -- in the population register as it was last delivered
  died_on       date,
  merged_into   bigint references person,             -- who is the same person and goes on
  check ((number_digest is null) = (number_sealed is null)),
  check ((phone_digest is null) = (phone_sealed is null)),
  check (merged_into <> id)
);

create table household (
  id        bigint primary key generated always as identity,
  key       text not null, -- as the composition names it
  area      bigint not null,
  from_date date not null,
  to_date   date check (to_date > from_date) -- null while it lasts
);
create index household_area on household (area, id) where to_date is null;

-- Who belonged to a household, from a day until before another.
create table membership (
  id        bigint primary key generated always as identity,
  household bigint not null references household,
  person    bigint not null references person,
  head      bool not null,  -- the member of reference
  role      text not null,  -- relation to the head, a code of the pack; '' is not known
  counted   bool not null,  -- counts in the size of the household
  source    text not null,  -- what says so, as 'composed' or 'visit'
  from_date date not null,
  to_date   date check (to_date > from_date)
);
create unique index membership_current on membership (household, person) where to_date is null;
create index membership_household on membership (household);
create index membership_person on membership (person);

-- What happened to a person or a household on a day. Rows are never changed.
create table change (
  id        bigint primary key generated always as identity,
  unit      text not null check (unit in ('person', 'household')),
  unit_id   bigint not null,
  kind      text not null check (kind in ('registered', 'deregistered', 'birth', 'death', 'revived', 'marriage', 'divorce', 'move', 'renamed',
              'founded', 'split', 'joined', 'ended', 'member-in', 'member-out', 'merged', 'unmerged')),
  on_date   date not null,
  other     bigint,        -- the person who came or went, the household that it came from or went into, the area moved from
  cause     text not null, -- 'batch:12', 'composed', 'account:3'
  at        timestamptz not null default now()
);
create index change_unit on change (unit, unit_id, on_date, id);

-- What somebody said of a person or a household, outside of any feed. Rows are never changed; a statement is taken back by a withdrawal.
create table statement (
  id          bigint primary key generated always as identity,
  unit        text not null check (unit in ('person', 'household')),
  unit_id     bigint not null,
  fact        text not null,  -- 'person.married'
  value       jsonb not null, -- of the fact's type: a truth, a text (codes, dates, decimals), a whole number, or a list of texts
  from_date   date not null,  -- since when it holds
  to_date     date check (to_date > from_date),
  source      text not null check (source in ('visit', 'declared', 'correction', 'check')),
  said_by     text not null check (said_by <> ''),
  said_on     date not null,
  evidence    text not null default '', -- what was seen: a paper, a photograph's id
  report      bigint,                   -- the means report that it is taken from
  account     bigint not null default acting_account(),
  recorded_at timestamptz not null default now(),
  check (fact like unit || '.%'),
  check ((source = 'check') = (report is not null))
);
create index statement_unit on statement (unit, unit_id, fact, id);

create table withdrawal (
  statement   bigint primary key references statement,
  reason      text not null check (reason <> ''),
  account     bigint not null default acting_account(),
  recorded_at timestamptz not null default now()
);

-- +goose StatementBegin
create function refuse_rewriting() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only: no %', tg_table_name, lower(tg_op) using errcode = 'restrict_violation';
end
$$;
-- +goose StatementEnd
create trigger append_only before update or delete or truncate on statement for each statement execute function refuse_rewriting();
create trigger append_only before update or delete or truncate on withdrawal for each statement execute function refuse_rewriting();
create trigger append_only before update or delete or truncate on change for each statement execute function refuse_rewriting();

-- Who works with people's files, as far as the area goes. A department's officer reads items of filings and not the register.
create function acting_reads_people() returns bool language sql stable parallel safe
  return acting_role() in ('assistant', 'officer', 'decider', 'supervisor', 'administrator', 'inspector', 'hotline');
-- Who writes down what was seen or said.
create function acting_writes_people() returns bool language sql stable parallel safe
  return acting_role() in ('assistant', 'officer', 'decider', 'supervisor', 'hotline');

create function acting_reaches(area bigint) returns bool language sql stable parallel safe
  return area >= acting_area_from() and area < acting_area_to();

-- Whether somebody registered elsewhere belongs to a household that may be seen, or was merged with somebody who may: a family is read whole.
-- +goose StatementBegin
create function acting_reaches_family(person bigint) returns bool
language sql stable parallel safe security definer set search_path = pg_catalog, public, pg_temp as $$
  select exists (select from membership m join household h on h.id = m.household
      where m.person = $1 and m.to_date is null and h.to_date is null and acting_reaches(h.area))
    or exists (select from person p where p.merged_into = $1 and acting_reaches(p.area))
    or exists (select from person p join person s on s.id = p.merged_into where p.id = $1 and acting_reaches(s.area))
$$;
-- +goose StatementEnd
revoke execute on function acting_reaches_family from public;
grant execute on function acting_reaches_family to dajiuzhu_app, dajiuzhu_worker;

create index person_merged on person (merged_into) where merged_into is not null;

alter table person enable row level security;
alter table household enable row level security;
alter table membership enable row level security;
alter table change enable row level security;
alter table statement enable row level security;
alter table withdrawal enable row level security;

create policy worker on person to dajiuzhu_worker using (true);
create policy worker on household to dajiuzhu_worker using (true);
create policy worker on membership to dajiuzhu_worker using (true);
create policy worker on change to dajiuzhu_worker using (true);
create policy worker on statement to dajiuzhu_worker using (true);
create policy worker on withdrawal to dajiuzhu_worker using (true);

create policy app on person for select to dajiuzhu_app using ((select acting_reads_people()) and ((area >= (select acting_area_from()) and area < (select acting_area_to())) or acting_reaches_family(id)));
create policy app on household for select to dajiuzhu_app using ((select acting_reads_people()) and (area >= (select acting_area_from()) and area < (select acting_area_to())));
create policy app on membership for select to dajiuzhu_app using (exists (select from household h where h.id = household));
create policy app on change for select to dajiuzhu_app using (
  unit = 'person' and exists (select from person p where p.id = unit_id) or unit = 'household' and exists (select from household h where h.id = unit_id));
create policy app on statement for select to dajiuzhu_app using (
  unit = 'person' and exists (select from person p where p.id = unit_id) or unit = 'household' and exists (select from household h where h.id = unit_id));
create policy app on withdrawal for select to dajiuzhu_app using (exists (select from statement s where s.id = statement));

create policy says on statement for insert to dajiuzhu_app with check ((select acting_writes_people()) and account = (select acting_account()) and account <> 0 and (
  unit = 'person' and exists (select from person p where p.id = unit_id) or unit = 'household' and exists (select from household h where h.id = unit_id)));
create policy withdraws on withdrawal for insert to dajiuzhu_app with check ((select acting_writes_people()) and account = (select acting_account()) and account <> 0
  and exists (select from statement s where s.id = statement));
create policy writes on person for insert to dajiuzhu_app with check ((select acting_writes_people()) and (area >= (select acting_area_from()) and area < (select acting_area_to())) and not registered
  and merged_into is null);
create policy writes on change for insert to dajiuzhu_app with check ((select acting_writes_people()) and (
  unit = 'person' and exists (select from person p where p.id = unit_id) or unit = 'household' and exists (select from household h where h.id = unit_id)));

grant select, insert, update on person, household to dajiuzhu_worker;
grant select, insert, update, delete on membership to dajiuzhu_worker;
grant select, insert on change, statement, withdrawal to dajiuzhu_worker;
grant select on person, household, membership, change, statement, withdrawal to dajiuzhu_app;
grant insert on person, change, statement, withdrawal to dajiuzhu_app;
grant usage on sequence household_id_seq to dajiuzhu_worker;
