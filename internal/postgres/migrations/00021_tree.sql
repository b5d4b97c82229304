-- The ledger's tree: the order of the leaves, and the heads with the hashes that each added. Only the sequencer writes here.

-- +goose Up
create table leaf_index (
  index bigint primary key check (index >= 0), -- from 0, without gaps
  act   bigint not null unique
);

create table tree_head (
  size       bigint primary key, -- leaves
  previous   bigint not null unique check (previous < size), -- the size before
  first_hash bigint not null unique, -- the index of the first hash that this head added, as golang.org/x/mod/sumdb/tlog counts stored hashes
  hashes     bytea not null, -- those hashes, 32 bytes each
  root       bytea not null check (length(root) = 32),
  checkpoint text not null, -- C2SP tlog-checkpoint, signed
  at         timestamptz not null default now(),
  seen       pg_snapshot, -- what the sequencer saw: all leaves of transactions in it have an index; null: there were more leaves than a batch takes
  server     bigint not null -- to which server's count of transactions "seen" belongs
);
alter table tree_head alter column hashes set storage external; -- read in pieces, and nothing to compress

drop index leaf_xid;
create index leaf_xid on leaf (xid, act);

-- The identity of the server, which a restored database does not take with it.
create function server_identity() returns bigint language sql stable security definer set search_path = pg_catalog, pg_temp
  return (select system_identifier from pg_control_system());
revoke execute on function server_identity from public;
grant execute on function server_identity to dajiuzhu_worker;

create trigger append_only before update or delete or truncate on leaf_index for each statement execute function refuse_change();
create trigger append_only before update or delete or truncate on tree_head for each statement execute function refuse_change();
grant select on leaf_index, tree_head to dajiuzhu_app, dajiuzhu_worker;
grant insert on leaf_index, tree_head to dajiuzhu_worker;
