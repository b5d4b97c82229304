-- What the desks of inspectors, hotlines and organisations begin with.

-- +goose Up

create index act_kind on act (kind, id);
create index act_at on act using brin (at); -- acts come in the order of time
create index report_account on report (account, id);

-- What became of the reports that whoever acts took for others, the newest first: no name, no household, nobody who works on it.
create function own_reports(most int) returns table (receipt text, area bigint, on_day date, state text, done_on date)
language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
  select r.receipt, r.area, r.on_date, s.state, s.done_on from report r, lateral report_state(r.receipt) s
  where r.account = acting_account() and acting_account() <> 0 order by r.id desc limit least(most, 100)
$$;
revoke execute on function own_reports from public;
grant execute on function own_reports to dajiuzhu_app;
