-- What an authorisation, a means check and a survey of a filing rest on: everybody's consent, a report, a visit.

-- +goose Up
alter table item_step add column checked bigint references means_check;
alter table item_step add column visit bigint references visit;
grant insert (checked, visit) on item_step to dajiuzhu_app, dajiuzhu_worker;

-- Fault DZ441: somebody grown up has not authorised it, a check is under way, or nothing tells what it came to.

-- +goose StatementBegin
create function step_rests() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  i item;
  s workflow_step;
  day date := casework_day(new.at);
begin
  select * into i from item where id = new.item;
  select * into s from workflow_step w where w.version = i.version and w.id = new.step;
  if s.gives = 'authorisation' and exists (
      select from membership m join person p on p.id = m.person
      where m.household = i.household and m.to_date is null and m.counted and p.died_on is null
        and (p.birth is null or p.birth + interval '18 years' <= day) -- somebody whose age is not known signs
        and not exists (select from authorisation a where a.person = p.id and a.from_date <= day and day < a.to_date and (a.revoked_on is null or day < a.revoked_on))) then
    raise exception 'every member who is grown up authorises it' using errcode = 'DZ441';
  end if;
  if s.gives = 'check' and s.by_whom = 'county-officer' and i.household is not null and exists (
      select from workflow_step w where w.version = i.version and w.gives = 'authorisation') then
    if exists (select from means_check c where c.household = i.household and c.state in ('drafted', 'requested')) then
      raise exception 'a check of the household is under way' using errcode = 'DZ441';
    end if;
    if new.checked is null then
      select c.id into new.checked from means_check c
        where c.household = i.household and c.state in ('reported', 'objected') and c.reported_on <= day and day < c.expires_on order by c.id desc limit 1;
    elsif not exists (select from means_check c where c.id = new.checked and c.household = i.household and c.state in ('reported', 'objected') and c.reported_on <= day) then
      raise exception 'no report of a check of this household' using errcode = 'DZ441';
    end if;
    if new.checked is null and new.result = '' then
      raise exception 'it says what the check came to, where it was made elsewhere' using errcode = 'DZ441';
    end if;
  end if;
  if new.visit is not null and not exists (select from visit v where v.id = new.visit and v.item = i.id and v.state = 'done' and v.result = 'met' and new.people <@ v.visitors) then
    raise exception 'no visit of these people for the item at which somebody was met' using errcode = 'DZ441';
  end if;
  -- Who visited for the survey of an item surveyed it, whoever wrote the survey down.
  if s.gives = 'confirmation' and exists (select from visit v where v.item = i.id and v.purpose = 'survey' and v.state = 'done'
      and (v.visitors && new.people or exists (select from visit_answer a where a.visit = v.id and a.account = any(new.people)))) then
    raise exception 'who surveyed does not decide' using errcode = 'DZ434';
  end if;
  return new;
end
$$;
create trigger rests before insert on item_step for each row execute function step_rests();
-- +goose StatementEnd
