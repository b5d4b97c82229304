-- Which keys seal, values that are bound to their rows, and first passwords that expire.

-- +goose Up

-- The keys by which anything was ever sealed, by number.
create table sealing_key (
  id            bigint primary key,
  first_used_at timestamptz not null default now(),
  renewed_at    timestamptz, -- when nothing was left that an older key had sealed
  retired_at    timestamptz  -- when it was let go: whoever still seals with it is not let in
);
grant select, insert, update on sealing_key to dajiuzhu_worker;

-- Holds a connection to the key with which its program seals, for as long as it lasts: 'held', 'busy' while the key is being retired, or
-- 'retired'. Who retires a key sees by these locks that nobody seals with it.
-- +goose StatementBegin
create function hold_sealing_key(key bigint) returns text
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  if not pg_try_advisory_lock_shared(hashtext('dajiuzhu sealing key'), key::int) then return 'busy'; end if;
  if exists (select from sealing_key k where k.id = key and k.retired_at is not null) then
    perform pg_advisory_unlock_shared(hashtext('dajiuzhu sealing key'), key::int);
    return 'retired';
  end if;
  return 'held';
end
$$;
-- +goose StatementEnd
revoke execute on function hold_sealing_key from public;
grant execute on function hold_sealing_key to dajiuzhu_app, dajiuzhu_worker;

-- Values are bound to their row's id, which must be known before they are sealed.
grant usage on sequence relative_id_seq to dajiuzhu_worker;
grant usage on sequence means_item_id_seq to dajiuzhu_app, dajiuzhu_worker;
-- Of an item of a report nothing is ever changed but the key under which its account is sealed.
drop trigger append_only on means_item;
create trigger append_only before update of id, report, person, kind, institution, amount, on_date or delete or truncate on means_item
  for each statement execute function refuse_rewriting();
grant update (account_sealed) on means_item to dajiuzhu_worker;

-- Until when a first password may be used, null of one that its holder chose.
alter table credential add column first_until timestamptz;
update credential set first_until = now() + interval '7 days' where must_change;
