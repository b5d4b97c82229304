-- What a resident declares of the own household when applying: a statement like any other, unseen, by who said it.

-- +goose Up

create function acting_family_has(unit text, wanted bigint) returns bool language sql stable security definer set search_path = pg_catalog, public, pg_temp
  return case unit when 'household' then wanted = acting_household() when 'person' then household_of(wanted) = acting_household() else false end;
revoke execute on function acting_family_has from public;
grant execute on function acting_family_has to dajiuzhu_app;

create policy declares on statement for insert to dajiuzhu_app with check (
  (select acting_role()) = 'resident' and account = (select acting_account()) and account <> 0 and source = 'declared' and acting_family_has(unit, unit_id));
-- They see again what they said themselves, and nothing that others said of them.
create policy said on statement for select to dajiuzhu_app using ((select acting_role()) = 'resident' and account = (select acting_account()) and account <> 0);
