-- A hotline writes down the emergency of somebody who calls, which begins with that report, and sees afterwards how far it is, and nothing else of it.

-- +goose Up

create or replace function casework_may(by_whom text, gives text, rank text, reserve bool, role text, own_department bool) returns bool
language sql immutable parallel safe return
  case by_whom
    when 'resident' then role in ('resident', 'assistant', 'officer') or role = 'department' and own_department
    when 'village-assistant' then role in ('assistant', 'officer') or gives in ('application', 'acknowledgement') and role = 'resident'
      or gives = 'application' and role = 'hotline' or gives = 'acknowledgement' and role = 'department' and own_department
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

-- Of whoever calls a hotline writes what they say: it files for no household of the record and for nothing but an emergency.
create policy reports on filing for insert to dajiuzhu_app with check ((select acting_role()) = 'hotline' and role = 'hotline' and account = (select acting_account()) and account <> 0
  and household is null and applicant is null and resident is null and occasion = 'emergency' and channel = 'hotline' and cause = '' and proxy = ''
  and area >= (select acting_area_from()) and area < (select acting_area_to()));
-- What it has written is its own to see while it writes it, in one transaction, and not afterwards, when others have worked on it.
create policy reports on item for select to dajiuzhu_app using ((select acting_role()) = 'hotline'
  and exists (select from filing f where f.id = item.filing and f.role = 'hotline' and f.account = (select acting_account()) and f.recorded_at = now()));
create policy begins on item for insert to dajiuzhu_app with check ((select acting_role()) = 'hotline'
  and exists (select from filing f where f.id = item.filing and f.role = 'hotline' and f.account = (select acting_account()) and f.recorded_at = now())
  and exists (select from workflow_step w where w.version = item.version and w.ord = 1 and w.by_whom = 'village-assistant' and w.gives = 'application'));
create policy reports on item_step for insert to dajiuzhu_app with check ((select acting_role()) = 'hotline' and exists (select from item i where i.id = item_step.item));

-- The emergencies that whoever acts wrote down at the hotline, the newest first: what was written, how far it is, and who has it in hand.
create function own_emergencies(most int) returns table (item bigint, about text, area bigint, filed_at timestamptz, state text, by_whom text, rank text, last_at timestamptz)
language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
  select i.id, f.about, i.area, f.filed_at, case when i.state = 'ended' then 'closed'
      when exists (select from item_step s where s.item = i.id and s.gives = 'payment' and s.ord <= i.position) then 'paid'
      when i.decision is not null then 'decided' else 'received' end, i.next_by, i.next_rank, i.last_at
    from filing f join item i on i.filing = f.id
    where acting_role() = 'hotline' and f.role = 'hotline' and f.account = acting_account() and acting_account() <> 0
    order by i.id desc limit least(most, 100)
$$;
revoke execute on function own_emergencies from public;
grant execute on function own_emergencies to dajiuzhu_app;
