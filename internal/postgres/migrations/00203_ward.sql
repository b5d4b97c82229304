-- A guardian signs online for a child of the own household, as on paper, so that a check of means covers what is in the child's name.

-- +goose Up

-- Whether somebody is a child of the household of the resident who acts, who is grown up: for whom they sign as the guardian.
create function acting_ward(child bigint, day date) returns bool language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
  select exists (select from own_family(day) c where c.person = child and c.counted and not c.self and c.birth is not null and c.birth + interval '18 years' > day)
    and exists (select from own_family(day) s where s.self and (s.birth is null or s.birth + interval '18 years' <= day))
$$;
revoke execute on function acting_ward from public;
grant execute on function acting_ward to dajiuzhu_app;

drop policy signs on authorisation;
create policy signs on authorisation for insert to dajiuzhu_app with check (
  (select acting_role()) = 'resident' and (person = (select acting_person()) or acting_ward(person, from_date)) and account = (select acting_account()) and account <> 0 and pledge <> '');
drop policy app on authorisation;
create policy app on authorisation for select to dajiuzhu_app using (
  (select acting_role()) = 'resident' and (person = (select acting_person()) or acting_ward(person, from_date))
  or ((select acting_reads_means()) or (select acting_role()) = 'assistant') and exists (select from person p where p.id = person));
