-- A department's officer sees of a household with an item of theirs what the item needs: who belongs to it and what help it gets from everybody, so that
-- none is given twice. The register itself stays closed to them: there are functions, and no policies, since a policy opens whole rows.

-- +goose Up

-- +goose StatementBegin
-- Whether a household is served by the department of who acts: an item of theirs there is open, or was granted and its help goes on.
create function acting_serves(wanted bigint) returns bool
language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
  select acting_role() = 'department' and acting_department() <> '' and exists (
    select from item i where i.household = wanted and i.department = acting_department() and acting_reaches(i.area)
      and (i.state <> 'ended' or exists (select from award a where a.item = i.id and (a.to_date is null or a.to_date > casework_day(now()))
        and not exists (select from award_end e where e.award = a.id and e.on_date <= casework_day(now())))))
$$;

-- Who belongs to a household that is served now, the member of reference first.
create function served_family(wanted bigint) returns table (person bigint, name text, sex text, birth date, died_on date, number_sealed bytea, phone_sealed bytea,
  registered bool, head bool, counted bool, from_date date)
language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
  select p.id, p.name::text, p.sex, p.birth, p.died_on, p.number_sealed, p.phone_sealed, p.registered, m.head, m.counted, m.from_date
  from membership m join person p on p.id = survivor_of(m.person)
  where acting_serves(wanted) and m.household = wanted and m.to_date is null order by m.head desc, m.id
$$;

-- Where a household that is served is.
create function served_area(wanted bigint) returns bigint
language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
  select h.area from household h where h.id = wanted and h.to_date is null and acting_serves(wanted)
$$;

-- What a household that is served was granted by any department and gets on a day.
create function served_aid(wanted bigint, day date) returns table (department text, programme text, recognises bool, person bigint, from_date date, to_date date)
language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
  select distinct a.department, a.programme, a.recognises, a.person, a.from_date, a.to_date from award a
  where acting_serves(wanted) and a.household = wanted and (a.to_date is null or a.to_date > day)
    and not exists (select from award_end e where e.award = a.id and e.on_date <= day)
  order by a.from_date, a.programme
$$;
-- +goose StatementEnd

revoke execute on function acting_serves, served_family, served_area, served_aid from public;
grant execute on function served_family, served_area, served_aid to dajiuzhu_app;
