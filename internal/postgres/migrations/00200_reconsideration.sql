-- What a resident asks for against a decision comes to the county's queue as what it is: reconsideration or complaint.

-- +goose Up

alter table supervision drop constraint supervision_kind_check;
alter table supervision add constraint supervision_kind_check
  check (kind in ('overdue', 'overridden', 'returned', 'near-kin', 'drawn', 'reconsideration', 'complaint', 'asked'));

-- +goose StatementBegin
create or replace function supervision_of_appeal() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  insert into supervision (item, area, department, kind, about, at)
    select i.id, i.area, i.department, new.kind, 'appeal:' || new.id, new.recorded_at from decision d join item i on i.id = d.item where d.id = new.decision;
  return null;
end
$$;
-- +goose StatementEnd

update supervision s set kind = a.kind from appeal a where s.kind = 'complaint' and s.about = 'appeal:' || a.id and a.kind = 'reconsideration';
