-- Who works together: a survey names the two who made it.

-- +goose Up

-- The staff posted today in a role within whoever acts, so that one of a place can name another of it; to who works on cases there.
-- +goose StatementBegin
create function colleagues(day date) returns table (account bigint, name text, role text, area bigint)
language sql stable security definer set search_path = pg_catalog, public, pg_temp
begin atomic
  select distinct a.id, a.name, p.role, p.area from posting p join account a on a.id = p.account
  where acting_role() in ('officer', 'decider', 'supervisor', 'department') and a.staff and a.disabled_at is null
    and p.role in ('officer', 'supervisor', 'assistant') and p.from_date <= day and day < p.to_date
    and p.area >= acting_area_from() and p.area < acting_area_to()
  union
  select distinct a.id, a.name, p.role, p.area from posting p join account a on a.id = p.account
  where acting_role() = 'department' and acting_department() <> '' and p.role = 'department' and p.department = acting_department()
    and a.disabled_at is null and p.from_date <= day and day < p.to_date and p.area >= acting_area_from() and p.area < acting_area_to()
  order by 3, 2, 1;
end;
-- +goose StatementEnd
revoke execute on function colleagues from public;
grant execute on function colleagues to dajiuzhu_app;
