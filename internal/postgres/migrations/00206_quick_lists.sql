-- Lists that everybody reads all day are read from indexes: what a month decided, what ended lately, and addresses in a village.

-- +goose Up

create index decision_day on decision (on_date);
create index item_past on item (id) where state = 'ended';
create index item_ended_at on item (ended_at) where state = 'ended';

-- People of a village are looked through by their address in the index alone, and only those who are shown are read.
drop index person_area;
create index person_area on person (area, id) include (name, pinyin, initials, address) where merged_into is null;

-- +goose StatementBegin
create or replace function search_people_by_address(wanted text, after_id bigint, most int)
returns table (id bigint, key text, name text, sex text, birth date, area bigint, address text, number_sealed bytea)
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp set enable_seqscan = off as $$
declare
  lo bigint := acting_area_from();
  hi bigint := acting_area_to();
  pattern text := '%' || replace(replace(replace(wanted, '\', '\\'), '%', '\%'), '_', '\_') || '%';
  found bigint[];
begin
  if not acting_reads_people() or wanted = '' or lo >= hi then return; end if;
  if hi - lo <= 1000 then
    select array(select p.id from person p where p.merged_into is null and p.area >= lo and p.area < hi and (p.address || '') like pattern and p.id > after_id order by p.id limit most)
      into found;
  else
    execute 'select array(select p.id from person p where p.merged_into is null and p.address like $1 and (p.area + 0) >= $2 and (p.area + 0) < $3 limit 501)'
      into found using pattern, lo, hi;
    if cardinality(found) > 500 then raise exception 'too many have such an address' using errcode = 'DZ430'; end if;
  end if;
  return query select p.id, ''::text, p.name::text, p.sex, p.birth, p.area, p.address, p.number_sealed from person p
    where p.id = any(found) and p.id > after_id order by p.id limit most;
end
$$;
-- +goose StatementEnd

-- The hardest of a county or the city are read in the order of their scores, as far as a page goes; the planner believes that an area has few and would
-- sort them all. Whoever asks sees what they may see, as of any query.
-- +goose StatementBegin
create function hardest_of_all(lo bigint, hi bigint, from_score numeric, after_household bigint, most int)
returns table (household bigint, area bigint, score numeric)
language plpgsql stable set search_path = pg_catalog, public, pg_temp set enable_sort = off set plan_cache_mode = force_generic_plan as $$
begin
  return query select f.household, f.area, f.score::numeric from finding f where f.score is not null and f.area >= lo and f.area < hi
    and f.score <= coalesce(from_score, 1000) and (from_score is null or f.score < from_score or f.household > after_household)
    order by f.score desc, f.household limit most;
end
$$;
-- +goose StatementEnd
revoke execute on function hardest_of_all from public;
grant execute on function hardest_of_all to dajiuzhu_app, dajiuzhu_worker;

-- From an index alone: a household's row is wide.
drop index finding_score;
create index finding_score on finding (score desc, household) include (area) where score is not null;

-- Who acts is asked once for a query and not for each row.
drop policy app on feed;
create policy app on feed for select to dajiuzhu_app using ((select acting_role()) in ('officer', 'decider', 'supervisor', 'administrator', 'inspector')
  or (select acting_role()) = 'department' and (select acting_department()) = department);
drop function acting_reads_feed;

-- +goose StatementBegin
create or replace function colleagues(day date) returns table (account bigint, name text, role text, area bigint)
language sql stable security definer set search_path = pg_catalog, public, pg_temp begin atomic
  select distinct a.id, a.name, p.role, p.area from posting p join account a on a.id = p.account
    where (select acting_role()) in ('officer', 'decider', 'supervisor', 'department') and a.staff and a.disabled_at is null and p.role in ('officer', 'supervisor', 'assistant')
      and p.from_date <= day and day < p.to_date and p.area >= (select acting_area_from()) and p.area < (select acting_area_to())
  union select distinct a.id, a.name, p.role, p.area from posting p join account a on a.id = p.account
    where (select acting_role()) = 'department' and (select acting_department()) <> '' and p.role = 'department' and p.department = (select acting_department()) and a.disabled_at is null
      and p.from_date <= day and day < p.to_date and p.area >= (select acting_area_from()) and p.area < (select acting_area_to())
  order by 3, 2, 1;
end;
-- +goose StatementEnd

-- +goose StatementBegin
create or replace function warning_people(ids bigint[]) returns table (handling bigint, head text, person text, members int, address text)
language sql stable security definer set search_path = pg_catalog, public, pg_temp set plan_cache_mode = force_generic_plan as $$
  select h.id, hp.name::text, pp.name::text, (select count(*)::int from membership c where c.household = h.household and c.counted and c.to_date is null), hp.address
  from unnest(ids) wanted(id) join warning_handling h on h.id = wanted.id
  left join lateral (select m.person from membership m where m.household = h.household and m.head and m.to_date is null order by m.id limit 1) m on true
  left join person hp on hp.id = m.person
  left join person pp on pp.id = h.person
  where h.area >= (select acting_area_from()) and h.area < (select acting_area_to())
    and ((select may_read_findings()) or (select acting_role()) = 'department' and h.department <> '' and h.department = (select acting_department()))
    and cardinality(ids) <= 1000
$$;
-- +goose StatementEnd
