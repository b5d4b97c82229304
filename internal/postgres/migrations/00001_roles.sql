-- Who acts, as row-level security reads it. A transaction says it first, with the program's key; what is not said gives nothing.

-- +goose Up
create extension if not exists pg_trgm;

-- The key under which the program says who acts. Only the owner reads it, so that a query that somebody slips under the pages' role cannot
-- make itself another's.
create table acting_key (key text not null check (length(key) >= 32));

-- The proof that the program itself said something, in this transaction and in no other.
create function acting_proof(said text) returns text language sql stable strict parallel safe security definer set search_path = pg_catalog, public, pg_temp
  return (select encode(sha256(convert_to(k.key, 'UTF8') || sha256(convert_to(
    k.key || (extract(epoch from transaction_timestamp()) * 1000000)::bigint || said, 'UTF8'))), 'hex') from acting_key k);
revoke execute on function acting_proof from public;

-- Makes the transaction somebody's, until its end.
-- +goose StatementBegin
create function begin_acting(key text, account bigint, role text, area_from bigint, area_to bigint, department text, purpose text) returns void
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  said text := concat_ws(E'\n', account, area_from, area_to, role, department, purpose);
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

-- What the program said: account, area from, area to, role, department, purpose; null if nothing, or if somebody else said it.
create function acting_said() returns text[] language plpgsql stable parallel safe security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  said text := current_setting('acting.said', true);
begin
  if said is null or said = '' or acting_proof(said) is distinct from current_setting('acting.proof', true) then
    return null;
  end if;
  return string_to_array(said, E'\n');
end
$$;
-- +goose StatementEnd
revoke execute on function begin_acting, acting_said from public;
grant execute on function begin_acting, acting_said to dajiuzhu_app, dajiuzhu_worker;

-- In a policy they stand as (select acting_role()), so that they are asked once a query and not once a row.
create function acting_account() returns bigint language sql stable parallel safe return coalesce((acting_said())[1]::bigint, 0);
-- The first area code that may be seen, and the first that may not; both 0 where nothing may.
create function acting_area_from() returns bigint language sql stable parallel safe return coalesce((acting_said())[2]::bigint, 0);
create function acting_area_to() returns bigint language sql stable parallel safe return coalesce((acting_said())[3]::bigint, 0);
create function acting_role() returns text language sql stable parallel safe return coalesce((acting_said())[4], '');
create function acting_department() returns text language sql stable parallel safe return coalesce((acting_said())[5], '');
create function acting_purpose() returns text language sql stable parallel safe return coalesce((acting_said())[6], '');

revoke create on schema public from public;
grant usage on schema public to dajiuzhu_app, dajiuzhu_worker;
