-- A department's window: it takes applications for the department's own programmes, of whoever stands before it, and gives back what came of them.

-- +goose Up

-- Who stood before a window and was looked up by the whole identity number. A window sees nobody else.
create table window_call (
  id         bigint primary key generated always as identity,
  person     bigint not null references person,
  household  bigint not null references household,
  area       bigint not null,             -- the household's
  called     text   not null,             -- the person's name
  account    bigint not null default acting_account(),
  department text   not null default acting_department(),
  at         timestamptz not null default now()
);
create index window_call_of on window_call (account, person, id desc);
create index window_call_area on window_call (area, id desc);
create trigger append_only before update or delete or truncate on window_call for each statement execute function refuse_rewriting();
alter table window_call enable row level security;
create policy worker on window_call for select to dajiuzhu_worker using (true);
create policy app on window_call for select to dajiuzhu_app using (
  account = (select acting_account()) and account <> 0
  or (select acting_role()) in ('supervisor', 'administrator', 'inspector') and area >= (select acting_area_from()) and area < (select acting_area_to()));
grant select on window_call to dajiuzhu_app, dajiuzhu_worker;

-- Looks somebody up by the digests of an identity number, for a department's officer whose area the household is in, and keeps that it was done.
create function call_at_window(digests bytea[]) returns bigint
language sql security definer set search_path = pg_catalog, public, pg_temp as $$
  insert into window_call (person, household, area, called)
    select p.id, h.id, h.area, p.name from person q join person p on p.id = survivor_of(q.id) join household h on h.id = household_of(p.id)
    where q.number_digest = any(digests) and p.died_on is null and acting_role() = 'department' and acting_account() <> 0 and acting_department() <> ''
      and acting_reaches(h.area)
    limit 1
    returning id
$$;
-- Whether a household was called to the window of whoever acts within half a day.
create function acting_window(wanted bigint) returns bool language sql stable security definer set search_path = pg_catalog, public, pg_temp
  return acting_role() = 'department' and exists (select from window_call c where c.household = wanted and c.account = acting_account()
    and c.department = acting_department() and c.at > now() - interval '12 hours');
revoke execute on function call_at_window, acting_window from public;
grant execute on function call_at_window, acting_window to dajiuzhu_app;
grant execute on function acting_window to dajiuzhu_worker;

drop policy files on filing;
create policy files on filing for insert to dajiuzhu_app with check ((select acting_writes_filings()) and account = (select acting_account()) and role = (select acting_role())
  and ((select acting_role()) in ('assistant', 'officer', 'supervisor') and area >= (select acting_area_from()) and area < (select acting_area_to())
    or (select acting_role()) = 'resident' and household = (select acting_household()) and applicant = (select acting_person()) and resident = (select acting_account())
      and occasion in ('application', 'emergency') and channel = 'web' and cause = '' and proxy = '' and discovered_on is null
    or (select acting_role()) = 'department' and acting_window(household) and applicant is not null and occasion = 'application' and channel = 'window' and cause = ''
      and area >= (select acting_area_from()) and area < (select acting_area_to())));
drop policy files on item;
create policy files on item for insert to dajiuzhu_app with check ((select acting_writes_filings())
  and exists (select from filing f where f.id = item.filing and ((select acting_role()) <> 'department' or f.account = (select acting_account()) and f.role = 'department'))
  and ((select acting_role()) in ('assistant', 'officer', 'supervisor') and area >= (select acting_area_from()) and area < (select acting_area_to())
    or (select acting_role()) = 'resident' and household = (select acting_household()) and resident = (select acting_account())
    or (select acting_role()) = 'department' and department = (select acting_department()) and acting_window(household)
      and area >= (select acting_area_from()) and area < (select acting_area_to())));

-- The actor 'window': the window that took an item in, which is the township's unless a department's did.
create function casework_taker(wanted bigint) returns text language sql stable security definer set search_path = pg_catalog, public, pg_temp
  return (select case f.role when 'department' then 'department' else 'officer' end from filing f where f.id = wanted);
revoke execute on function casework_taker from public;
grant execute on function casework_taker to dajiuzhu_app, dajiuzhu_worker;
create or replace function casework_may(by_whom text, gives text, rank text, reserve bool, role text, own_department bool) returns bool
language sql immutable parallel safe return
  case by_whom
    when 'resident' then role in ('resident', 'assistant', 'officer') or role = 'department' and own_department
    when 'village-assistant' then role in ('assistant', 'officer') or gives = 'application' and role = 'resident'
    when 'township-officer' then role = 'officer'
    when 'window' then role = 'officer' or role = 'department' and own_department
    when 'county-officer' then role = 'supervisor'
    when 'county-supervisor' then role = 'supervisor'
    when 'coordination' then role = 'supervisor'
    when 'community' then role in ('assistant', 'officer')
    when 'department-officer' then role = 'department' and own_department
    when 'fund' then role = 'department' and own_department
    when 'provider' then role = 'officer' or role = 'department' and own_department
    when 'finance' then role in ('supervisor', 'worker') or role = 'department' and own_department or role = 'officer' and reserve
    when 'decider' then case rank when 'township' then role = 'decider' when 'county' then role = 'supervisor' else role = 'department' and own_department end
    else false
  end;
-- +goose StatementBegin
create function window_gives_back() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  if exists (select from item i join workflow_step w on w.version = i.version and w.id = new.step and w.by_whom = 'window'
      where i.id = new.item and casework_taker(i.filing) is distinct from acting_role()) then
    raise exception 'it goes back through the window that took it' using errcode = 'DZ433';
  end if;
  return new;
end
$$;
-- +goose StatementEnd
create trigger through_window before insert on item_step for each row execute function window_gives_back();
create index filing_account on filing (account, id desc); -- what a window took

