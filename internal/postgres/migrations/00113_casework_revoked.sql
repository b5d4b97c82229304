-- What is taken back with a decision, and who may follow a filing as their own.

-- +goose Up

-- +goose StatementBegin
-- Where the county takes an item back behind its decision, what that awarded ends, before its first day if it has not begun.
create function return_revokes() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  insert into award_end (award, on_date, why, reason)
    select a.id, greatest(a.from_date, casework_day(new.at)), 'revoked', new.reason from award a join item i on i.id = a.item
    where i.id = new.item and i.decision is null and not exists (select from award_end e where e.award = a.id) order by a.id;
  return null;
end
$$;
create trigger revokes after insert on item_event for each row when (new.kind = 'return') execute function return_revokes();

create or replace function filing_begins() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  day date := casework_day(new.filed_at);
begin
  if new.household is not null then
    select h.area into new.area from household h where h.id = new.household;
    if new.applicant is not null and not exists (select from membership m where m.household = new.household and m.person = new.applicant and m.to_date is null) then
      raise exception 'the applicant does not belong to the household' using errcode = 'DZ439';
    end if;
    select p.name into new.called from membership m join person p on p.id = m.person
      where m.household = new.household and m.to_date is null and (new.applicant is null or m.person = new.applicant) order by m.head desc, m.id limit 1;
  end if;
  if new.resident is not null and not exists (select from posting p where p.account = new.resident and p.role = 'resident' and p.from_date <= day and day < p.to_date
      and area_holds(p.area, new.area)) then
    raise exception 'no account of a resident there' using errcode = 'DZ439';
  end if;
  new.called := coalesce(new.called, new.about);
  return new;
end
$$;
-- +goose StatementEnd
