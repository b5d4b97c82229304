-- A warning that a programme is not had is answered once that programme is granted, whatever had been done of it until then and whoever grants it.

-- +goose Up

alter table warning_rule
  add column lacks text not null default '', -- the programme that is not had, '' of most rules
  add column quiet int  not null default 0;  -- days of silence after an answer

-- Answers, as helped, what waits for what the acting account has granted just now: the open rounds of rules that say of this very programme that it
-- is not had, of the very household or person; and, of rules that name no programme, the rounds of the household that are confirmed.
-- +goose StatementBegin
create function answer_by_grant(of_item bigint, on_day date) returns table (handling bigint, rule text, household bigint, was text)
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  if not exists (select from decision d join item_step s on s.id = d.step where d.item = of_item and d.result = 'granted' and s.account = acting_account()
      and d.id = (select max(l.id) from decision l where l.item = of_item)) then
    raise exception 'nothing was granted' using errcode = 'DZ440';
  end if;
  return query with waits as (
      select h.id, h.rule, h.household, h.state, on_day + coalesce(r.quiet, 0) as quiet
      from item i join warning_handling h on h.open and (h.household = i.household or h.person in (select same_person(i.person)))
      left join warning_rule r on r.rule = h.rule
      where i.id = of_item and case when coalesce(r.lacks, '') = '' then h.household = i.household and h.state = 'confirmed'
        else r.lacks = i.programme and (i.person is null and h.person is null or h.person in (select same_person(i.person))) end
      order by h.id for no key update of h),
    answered as (
      update warning_handling h set state = 'helped', answered_at = clock_timestamp(), quiet_until = w.quiet from waits w where h.id = w.id returning h.id),
    told as (
      insert into warning_step (handling, kind, state, word) select a.id, 'help', 'helped', 'item:' || of_item from answered a order by a.id)
  select w.id, w.rule, w.household, w.state from waits w order by w.id;
end
$$;
-- +goose StatementEnd
revoke execute on function answer_by_grant from public;
grant execute on function answer_by_grant to dajiuzhu_app, dajiuzhu_worker;
