-- What row-level security decides by the hour or the day, it decides by the program's clock, by which everything else is done, and which may be put
-- forward over invented people.

-- +goose Up

drop function begin_acting(text, bigint, text, bigint, bigint, text, text);
-- +goose StatementBegin
create function begin_acting(key text, account bigint, role text, area_from bigint, area_to bigint, department text, purpose text, moment timestamptz) returns void
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  said text := concat_ws(E'\n', account, area_from, area_to, role, department, purpose, extract(epoch from moment));
begin
  if not exists (select from acting_key k where k.key = begin_acting.key) then
    raise exception 'only the program says who acts' using errcode = 'insufficient_privilege';
  end if;
  if concat(role, department, purpose) ~ '\n' then
    raise exception 'who acts is told in one line each' using errcode = 'invalid_parameter_value';
  end if;
  perform set_config('acting.said', said, true), set_config('acting.proof', acting_proof(said), true);
end
$$;
-- +goose StatementEnd
revoke execute on function begin_acting from public;
grant execute on function begin_acting to dajiuzhu_app, dajiuzhu_worker;

-- When the transaction began, by the program's clock; by the database's where nobody acts.
create function acting_now() returns timestamptz language sql stable parallel safe return coalesce(to_timestamp((acting_said())[7]::numeric), now());

alter table window_call alter column at set default acting_now();
create or replace function acting_window(wanted bigint) returns bool language sql stable security definer set search_path = pg_catalog, public, pg_temp
  return acting_role() = 'department' and exists (select from window_call c where c.household = wanted and c.account = acting_account()
    and c.department = acting_department() and c.at > acting_now() - interval '12 hours');

-- +goose StatementBegin
create or replace function acting_serves(wanted bigint) returns bool
language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
  select acting_role() = 'department' and acting_department() <> '' and exists (
    select from item i where i.household = wanted and i.department = acting_department() and acting_reaches(i.area)
      and (i.state <> 'ended' or exists (select from award a where a.item = i.id and (a.to_date is null or a.to_date > casework_day(acting_now()))
        and not exists (select from award_end e where e.award = a.id and e.on_date <= casework_day(acting_now())))))
$$;
-- +goose StatementEnd
