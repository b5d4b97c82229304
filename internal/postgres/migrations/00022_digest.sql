-- The same digest in a fraction of the time: parts that PostgreSQL writes into the expression, which it plans once a connection.

-- +goose Up
-- The cast to text matters: without it the function counts as stable within and is called anew for each part.
create or replace function act_part(part text) returns text language sql immutable strict parallel safe
  return octet_length(part)::text || ':' || part || E'\n';

-- +goose StatementBegin
create or replace function act_digest(a act) returns bytea language plpgsql stable strict parallel safe as $$
begin
  return sha256(convert_to(E'dajiuzhu act 1\n'
    || act_part(encode(a.salt, 'hex')) || act_part(a.id::text) || act_part((extract(epoch from a.at) * 1000000)::bigint::text)
    || act_part(a.account::text) || act_part(a.role) || act_part(a.area::text) || act_part(a.department)
    || act_part(a.kind) || act_part(a.subject) || act_part(a.detail), 'UTF8'));
end
$$;
-- +goose StatementEnd
