-- Who of the record a resident's account is, and what somebody sees and does as a resident: of their own household, and of no other.

-- +goose Up

-- The tie of an account to a person. It is ended, and never changed.
create table account_person (
  id        bigint primary key generated always as identity,
  account   bigint not null references account,
  person    bigint not null references person,
  how       text   not null check (how in ('window', 'outside')), -- seen at a window, or told by the identity provider
  proof     text   not null check (proof <> ''),  -- by what it was seen who they are
  purpose   text   not null default acting_purpose(),
  tied_by   bigint not null default acting_account(),
  tied_at   timestamptz not null,
  ended_at  timestamptz,
  ended_by  bigint,
  ended_why text   not null default '',
  check ((ended_at is null) = (ended_by is null) and (ended_at is null) = (ended_why = ''))
);
create unique index account_person_account on account_person (account) where ended_at is null;
create unique index account_person_person on account_person (person) where ended_at is null;
create index account_person_of on account_person (person);

-- Faults that the program tells people by their codes:
--   DZ450 no such person here   DZ451 tied already   DZ452 a child   DZ453 a near relative of who ties   DZ454 dead

-- Somebody and all who were merged with them: the same person.
create function same_person(person bigint) returns setof bigint language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
  with recursive line as (select survivor_of($1) as id union select p.id from line l join person p on p.merged_into = l.id) select id from line where id is not null
$$;
revoke execute on function same_person from public;
grant execute on function same_person, survivor_of to dajiuzhu_worker;

-- The household to which a person belongs now; of several the one in which they count.
create function household_of(person bigint) returns bigint language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
  select m.household from membership m join household h on h.id = m.household
    where m.person in (select same_person($1)) and m.to_date is null and h.to_date is null
    order by m.counted desc, m.id limit 1
$$;
revoke execute on function household_of from public;
grant execute on function household_of to dajiuzhu_worker;

-- +goose StatementBegin
create function person_tied() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  p person;
  home household;
  day date := (new.tied_at at time zone 'Asia/Shanghai')::date;
begin
  new.person := survivor_of(new.person);
  select * into p from person where id = new.person for update;
  select * into home from household where id = household_of(new.person);
  if p.id is null or home.id is null then
    raise exception 'no such person, or of no household' using errcode = 'DZ450';
  end if;
  new.tied_by := acting_account();
  new.purpose := acting_purpose();
  if new.how = 'window' then
    if acting_role() not in ('assistant', 'officer') or acting_purpose() = '' or not acting_reaches(home.area) then
      raise exception 'not a person of the window''s area' using errcode = 'DZ450';
    end if;
    if exists (select from relative r where r.account = acting_account() and r.number_digest = p.number_digest and r.from_date <= day and day < r.to_date) then
      raise exception 'a near relative' using errcode = 'DZ453';
    end if;
  end if;
  if p.died_on is not null then raise exception 'dead' using errcode = 'DZ454'; end if;
  if p.birth + interval '18 years' > day then raise exception 'a child' using errcode = 'DZ452'; end if;
  if not exists (select from account a where a.id = new.account and not a.staff) then
    raise exception 'an account of the administration' using errcode = 'DZ450';
  end if;
  if exists (select from account_person t where t.ended_at is null and (t.account = new.account or t.person in (select same_person(new.person)))) then
    raise exception 'tied already' using errcode = 'DZ451';
  end if;
  return new;
end
$$;
create trigger tied before insert on account_person for each row execute function person_tied();

create function person_tie_ends() returns trigger language plpgsql as $$
begin
  if old.ended_at is not null or (new.id, new.account, new.person, new.how, new.proof, new.purpose, new.tied_by, new.tied_at)
      is distinct from (old.id, old.account, old.person, old.how, old.proof, old.purpose, old.tied_by, old.tied_at) then
    raise exception 'a tie of an account to a person is ended once, and not changed' using errcode = 'restrict_violation';
  end if;
  return new;
end
$$;
create trigger ends before update on account_person for each row execute function person_tie_ends();
-- +goose StatementEnd
create trigger not_removed before delete or truncate on account_person for each statement execute function refuse_rewriting();

-- Who a resident is of the record, and the household that is theirs; null of everybody else, and of who is dead.
create function acting_person() returns bigint language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
  select p.id from account_person t join person p on p.id = survivor_of(t.person)
    where acting_role() = 'resident' and t.account = acting_account() and t.ended_at is null and p.died_on is null
$$;
create function acting_household() returns bigint language sql stable security definer set search_path = pg_catalog, public, pg_temp
  return household_of(acting_person());

-- A resident's own household: who belongs to it, and until when each has authorised a check of means. Nobody else is told anything.
create function own_family(day date)
returns table (household bigint, area bigint, person bigint, name text, birth date, head bool, counted bool, self bool, signed_until date)
language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
  select h.id, h.area, p.id, p.name::text, p.birth, bool_or(m.head), bool_or(m.counted), p.id = acting_person(),
      (select max(a.to_date) from authorisation a where a.person = p.id and a.from_date <= day and day < a.to_date and (a.revoked_on is null or day < a.revoked_on))
    from household h join membership m on m.household = h.id and m.to_date is null join person p on p.id = survivor_of(m.person)
    where h.id = acting_household() and p.died_on is null
    group by h.id, p.id order by bool_or(m.head) desc, p.birth, p.id
$$;
revoke execute on function acting_person, acting_household, own_family from public;
grant execute on function acting_person, acting_household, own_family to dajiuzhu_app, dajiuzhu_worker;

alter table account_person enable row level security;
create policy worker on account_person to dajiuzhu_worker using (true);
create policy app on account_person for select to dajiuzhu_app using (
  account = (select acting_account()) and account <> 0
  or (select acting_role()) in ('assistant', 'officer', 'supervisor', 'administrator', 'inspector') and exists (select from person p where p.id = account_person.person));
grant select on account_person to dajiuzhu_app;
grant select, insert, update (ended_at, ended_by, ended_why) on account_person to dajiuzhu_worker;

-- The login of a resident's account, told to who sees whose it is, so that the window can say it again.
create function resident_login(wanted bigint) returns text language sql stable security definer set search_path = pg_catalog, public, pg_temp
  return (select a.login from account a join account_person t on t.account = a.id and t.ended_at is null
    where a.id = wanted and not a.staff and acting_role() in ('assistant', 'officer') and acting_reaches((select h.area from household h where h.id = household_of(t.person))));
revoke execute on function resident_login from public;
grant execute on function resident_login to dajiuzhu_app;

-- A resident sees what was filed for the household, by whomever, and what they filed themselves.
drop policy app on item;
create policy app on item for select to dajiuzhu_app using (
  (select acting_role()) = 'resident' and (resident = (select acting_account()) and resident <> 0 or household = (select acting_household()))
  or ((select acting_reads_filings()) or (select acting_role()) = 'department' and department = (select acting_department()))
    and area >= (select acting_area_from()) and area < (select acting_area_to()));
drop policy app on filing;
create policy app on filing for select to dajiuzhu_app using (
  (select acting_role()) = 'resident' and (resident = (select acting_account()) and resident <> 0 or household = (select acting_household()))
  or (select acting_reads_filings()) and area >= (select acting_area_from()) and area < (select acting_area_to())
  or account = (select acting_account()) and account <> 0
  or (select acting_role()) = 'department' and acting_has_item(id));
drop policy app on award;
create policy app on award for select to dajiuzhu_app using (
  (select acting_role()) = 'resident' and (resident = (select acting_account()) and resident <> 0 or household = (select acting_household()))
  or ((select acting_reads_filings()) or (select acting_role()) = 'department' and department = (select acting_department()))
    and area >= (select acting_area_from()) and area < (select acting_area_to()));

-- A resident applies for the own household, as who they are.
drop policy files on filing;
create policy files on filing for insert to dajiuzhu_app with check ((select acting_writes_filings()) and account = (select acting_account()) and role = (select acting_role())
  and ((select acting_role()) in ('assistant', 'officer', 'supervisor') and area >= (select acting_area_from()) and area < (select acting_area_to())
    or (select acting_role()) = 'resident' and household = (select acting_household()) and applicant = (select acting_person()) and resident = (select acting_account())
      and occasion in ('application', 'emergency') and channel = 'web' and cause = '' and proxy = '' and discovered_on is null));
drop policy files on item;
create policy files on item for insert to dajiuzhu_app with check ((select acting_writes_filings()) and exists (select from filing f where f.id = item.filing)
  and ((select acting_role()) in ('assistant', 'officer', 'supervisor') and area >= (select acting_area_from()) and area < (select acting_area_to())
    or (select acting_role()) = 'resident' and household = (select acting_household()) and resident = (select acting_account())));

-- What ends a filing is for who made it: of a family's members the applicant.
create function acting_applied(wanted bigint) returns bool language sql stable security definer set search_path = pg_catalog, public, pg_temp
  return exists (select from item i join filing f on f.id = i.filing where i.id = wanted and (i.resident = acting_account() or f.applicant in (select same_person(acting_person()))));
revoke execute on function acting_applied from public;
grant execute on function acting_applied to dajiuzhu_app, dajiuzhu_worker;
drop policy does on item_event;
create policy does on item_event for insert to dajiuzhu_app with check ((select acting_writes_filings()) and exists (select from item i where i.id = item_event.item)
  and ((select acting_role()) <> 'resident' or acting_applied(item)));

-- +goose StatementBegin
create or replace function filing_begins() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  if new.household is not null then
    select h.area into new.area from household h where h.id = new.household;
    if new.applicant is not null and not exists (select from membership m where m.household = new.household and survivor_of(m.person) = survivor_of(new.applicant) and m.to_date is null) then
      raise exception 'the applicant does not belong to the household' using errcode = 'DZ439';
    end if;
    select p.name into new.called from membership m join person p on p.id = m.person
      where m.household = new.household and m.to_date is null and (new.applicant is null or survivor_of(m.person) = survivor_of(new.applicant)) order by m.head desc, m.id limit 1;
    if new.resident is null then -- the applicant's own account follows it, whoever files
      select t.account into new.resident from account_person t where t.ended_at is null and t.person in (select same_person(new.applicant));
    end if;
  end if;
  if new.resident is not null and not exists (select from account_person t where t.account = new.resident and t.ended_at is null and household_of(t.person) = new.household) then
    raise exception 'no account of a member of the household' using errcode = 'DZ439';
  end if;
  new.called := coalesce(new.called, new.about);
  return new;
end
$$;
-- +goose StatementEnd

-- Each member authorises a check of means for themselves, and pledges that what was declared is true.
alter table authorisation add column pledge text not null default ''; -- the words, where they were signed with it
create policy signs on authorisation for insert to dajiuzhu_app with check (
  (select acting_role()) = 'resident' and person = (select acting_person()) and account = (select acting_account()) and account <> 0 and pledge <> '');
drop policy app on authorisation;
create policy app on authorisation for select to dajiuzhu_app using (
  (select acting_role()) = 'resident' and person = (select acting_person())
  or ((select acting_reads_means()) or (select acting_role()) = 'assistant') and exists (select from person p where p.id = person));

-- What an applicant answers to the one notice of what lacks.
create table item_answer (
  id          bigint primary key generated always as identity,
  item        bigint not null references item,
  step        bigint not null references item_step,
  said        text   not null check (said <> ''),
  at          timestamptz not null,
  account     bigint not null default acting_account(),
  role        text   not null default acting_role(),
  recorded_at timestamptz not null default now()
);
create index item_answer_item on item_answer (item, id);
-- +goose StatementBegin
create function answer_fits() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  i item;
begin
  select * into i from item where id = new.item for share;
  if i.state = 'ended' then raise exception 'the item is closed' using errcode = 'DZ430'; end if;
  if not exists (select from item_step d join workflow_step w on w.version = i.version and w.id = d.step and w.only_if = 'papers-lacking'
      where d.id = new.step and d.item = new.item) then
    raise exception 'no notice of what lacks' using errcode = 'DZ432';
  end if;
  if not acting_applied(new.item) then raise exception 'not the applicant' using errcode = 'DZ433'; end if;
  new.account := acting_account();
  new.role := acting_role();
  return new;
end
$$;
-- +goose StatementEnd
create trigger fits before insert on item_answer for each row execute function answer_fits();
create trigger append_only before update or delete or truncate on item_answer for each statement execute function refuse_rewriting();
alter table item_answer enable row level security;
create policy worker on item_answer for select to dajiuzhu_worker using (true);
create policy app on item_answer for select to dajiuzhu_app using (exists (select from item i where i.id = item_answer.item));
create policy answers on item_answer for insert to dajiuzhu_app with check ((select acting_role()) = 'resident' and exists (select from item i where i.id = item_answer.item));
grant select on item_answer to dajiuzhu_app, dajiuzhu_worker;
grant insert (item, step, said, at) on item_answer to dajiuzhu_app;

-- A resident asks for reconsideration of a decision, or complains of it. A suit is brought at the court, and only written down by the administration.
drop policy does on appeal;
create policy does on appeal for insert to dajiuzhu_app with check (account = (select acting_account()) and account <> 0 and exists (select from decision d where d.id = appeal.decision)
  and ((select acting_role()) in ('officer', 'supervisor', 'department') or (select acting_role()) = 'resident' and kind in ('reconsideration', 'complaint')));
-- What a resident says against a decision comes to the county's queue by itself.
-- +goose StatementBegin
create function supervision_of_appeal() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  insert into supervision (item, area, department, kind, about, at)
    select i.id, i.area, i.department, 'complaint', 'appeal:' || new.id, new.recorded_at from decision d join item i on i.id = d.item where d.id = new.decision;
  return null;
end
$$;
-- +goose StatementEnd
create trigger supervised after insert on appeal for each row when (acting_role() = 'resident') execute function supervision_of_appeal();
