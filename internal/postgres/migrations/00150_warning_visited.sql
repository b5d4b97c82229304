-- What a visit was planned for goes on when the visit ends, whoever ends it and however it arrives.

-- +goose Up
-- +goose StatementBegin
create function warning_visited() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  h warning_handling;
  became text;
begin
  if old.state <> 'planned' or new.state = 'planned' then return null; end if;
  for h in select * from warning_handling w
      where w.household = new.household and (w.visit = new.id or w.warning = any(new.warnings)) and w.state in ('new', 'claimed', 'assigned', 'visiting')
      order by w.id for no key update
  loop
    -- Who was met, would not receive the visitors, or is gone, is for the township to judge. Where nobody was at home somebody goes again.
    became := case when new.state = 'done' and new.result <> 'absent' then 'verified' when h.state <> 'visiting' then h.state
      when h.account is null then 'new' else 'claimed' end;
    update warning_handling w set state = became, visit = new.id,
      finding = case when became = 'verified' and new.result <> 'met' then 'unclear' else w.finding end where w.id = h.id;
    insert into warning_step (handling, kind, state, other, word)
      values (h.id, 'visited', became, new.id, case when new.state = 'cancelled' then 'cancelled' else new.result end);
    perform record_act('warning.visited', 'warning-round:' || h.id, json_build_object('visit', new.id, 'from', h.state, 'to', became)::text);
  end loop;
  return null;
end
$$;
-- +goose StatementEnd
revoke execute on function warning_visited from public;
create trigger tells_warnings after update on visit for each row execute function warning_visited();
