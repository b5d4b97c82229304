-- While an objection is open nothing is decided: until it is answered, an item whose decision is next is for whoever answers, not for whoever decides.

-- +goose Up

-- +goose StatementBegin
create or replace function casework_follow(i item) returns item
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  s workflow_step;
  a workflow_authority;
  objected bool := casework_objected(i.id);
begin
  select * into s from workflow_step w
    where w.version = i.version and w.ord > i.position and not casework_left_out(w.only_if, i, objected)
    order by w.ord limit 1;
  i.next_ord := s.ord;
  i.next_by := coalesce(s.by_whom, '');
  if s.by_whom in ('decider', 'finance') then
    a := casework_authority(i.authority, casework_day(i.last_at), i.amount);
  end if;
  i.next_rank := case when s.by_whom = 'decider' then a.rank when s.by_whom = 'finance' and casework_reserve(a) then 'reserve' else '' end;
  if s.gives = 'confirmation' and objected then
    i.next_by := case when i.next_rank in ('department', 'fund') then 'department-officer' else 'township-officer' end;
  end if;
  if i.next_ord is null and i.state <> 'ended' then
    i.state := 'ended';
    i.ended_why := 'done';
    i.ended_at := i.last_at;
  end if;
  if i.state = 'ended' then
    i.due_at := null;
    i.due_step := '';
    i.next_ord := null;
    i.next_by := '';
    i.next_rank := '';
  end if;
  return i;
end
$$;
-- +goose StatementEnd

select casework_store(casework_follow(i)) from item i where i.state <> 'ended' and casework_objected(i.id);
