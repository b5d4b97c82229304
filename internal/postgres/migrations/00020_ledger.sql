-- The ledger: acts, a leaf for each, written in the act's own transaction. Nothing here is ever changed or removed.

-- +goose Up
create table act (
  id         bigint primary key generated always as identity,
  at         timestamptz not null,
  account    bigint not null, -- who acted, 0 is nobody signed in, or the platform itself
  role       text not null,   -- under which role; '' is nobody signed in
  area       bigint not null, -- the posting's area, 0 where it has none
  department text not null,   -- a department officer's
  kind       text not null check (kind ~ '^[a-z]+([.-][a-z]+)*$' and length(kind) <= 64), -- public: no digits, so no number of anybody
  subject    text not null check (length(subject) <= 200),
  detail     text not null check (detail::jsonb is not null), -- text, since its very bytes are in the digest
  salt       bytea not null check (length(salt) = 32)
);
create index act_subject on act (subject, id);
create index act_account on act (account, id);

-- What of an act is public. The xid is the transaction's, by which the sequencer tells what it has not seen.
create table leaf (
  act    bigint primary key,
  kind   text not null,
  digest bytea not null check (length(digest) = 32),
  xid    xid8 not null
);
create index leaf_xid on leaf (xid);

-- A part of an act's encoding: its length in bytes, a colon, the text, a newline.
create function act_part(part text) returns text language sql immutable strict parallel safe
  return octet_length(part) || ':' || part || E'\n';

-- The digest of an act, as docs/ledger.md describes its encoding and package ledger computes it.
create function act_digest(a act) returns bytea language sql stable strict parallel safe
  return sha256(convert_to(E'dajiuzhu act 1\n'
    || act_part(encode(a.salt, 'hex')) || act_part(a.id::text) || act_part((extract(epoch from a.at) * 1000000)::bigint::text)
    || act_part(a.account::text) || act_part(a.role) || act_part(a.area::text) || act_part(a.department)
    || act_part(a.kind) || act_part(a.subject) || act_part(a.detail), 'UTF8'));

-- Writes an act and its leaf. Who acts is what the transaction says, never an argument. 244 bits of the salt are random.
-- +goose StatementBegin
create function record_act(kind text, subject text, detail text) returns bigint
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  a act;
begin
  a.id := nextval('public.act_id_seq');
  a.at := clock_timestamp();
  a.account := acting_account();
  a.role := acting_role();
  if a.role = '' and session_user <> 'dajiuzhu_app' then
    a.role := case session_user when 'dajiuzhu_worker' then 'worker' else 'owner' end;
  end if;
  a.area := acting_area_from();
  a.department := acting_department();
  a.kind := kind;
  a.subject := subject;
  a.detail := detail;
  a.salt := uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid());
  insert into act overriding system value values (a.*);
  insert into leaf values (a.id, a.kind, act_digest(a), pg_current_xact_id());
  return a.id;
end
$$;
-- +goose StatementEnd
revoke execute on function record_act from public;
grant execute on function record_act to dajiuzhu_app, dajiuzhu_worker;

-- Against mistakes of the owner; whoever may lift it is found out by the proofs.
-- +goose StatementBegin
create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'the ledger is append-only: no % of %', lower(tg_op), tg_table_name using errcode = 'restrict_violation';
end
$$;
-- +goose StatementEnd
create trigger append_only before update or delete or truncate on act for each statement execute function refuse_change();
create trigger append_only before update or delete or truncate on leaf for each statement execute function refuse_change();

-- An inspector and an administrator see the acts of their area and those of the platform itself; everybody sees their own.
alter table act enable row level security;
create policy worker on act for select to dajiuzhu_worker using (true);
create policy app on act for select to dajiuzhu_app using (
  account = (select acting_account()) and account <> 0
  or (select acting_role()) in ('inspector', 'administrator') and (area = 0 or area >= (select acting_area_from()) and area < (select acting_area_to()))
);
grant select on act, leaf to dajiuzhu_app, dajiuzhu_worker;
