-- Finding people, and one person of two.

-- +goose Up

-- Prefixes of names and their spellings, then the area, so that a wide area is filtered in the index.
create index person_name on person (name, area, id) where merged_into is null;
create index person_pinyin on person (pinyin, area, id) where merged_into is null;
create index person_initials on person (initials, area, id) where merged_into is null;
-- Everybody in a township, for those whose area is that small.
create index person_area on person (area, id) where merged_into is null;
create index person_phone on person (phone_digest) where phone_digest is not null;
create index person_address on person using gin (address gin_trgm_ops) where merged_into is null;
create index person_birth on person (birth, pinyin) where merged_into is null;

-- The searches are the owner's, since no index serves a pattern under row-level security. Each reads who asks and from where from the
-- transaction, never from an argument, and gives nobody whom the policy of person would not show by the area.
-- Up to a township everybody there is looked at; beyond, the index of the key is walked in its order.
-- +goose StatementBegin
create function search_people(kind text, wanted text, after_key text, after_area bigint, after_id bigint, most int)
returns table (id bigint, key text, name text, sex text, birth date, area bigint, address text, number_sealed bytea)
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  lo bigint := acting_area_from();
  hi bigint := acting_area_to();
  col text := case kind when 'name' then 'name' when 'pinyin' then 'pinyin' when 'initials' then 'initials' end;
begin
  if not acting_reads_people() or wanted = '' or lo >= hi then return; end if;
  if col is null then raise exception 'no such search: %', kind; end if;
  -- One lower bound: beside a comparison of rows the index would not begin at the prefix.
  if after_key collate "C" < wanted collate "C" then
    after_key := wanted;
    after_area := -1;
    after_id := -1;
  end if;
  -- An expression is no column, so an index of the key is not taken for it: within a township that of the area is.
  return query execute format(
    'select p.id, p.%1$I::text, p.name::text, p.sex, p.birth, p.area, p.address, p.number_sealed from person p
     where p.merged_into is null and p.area >= $1 and p.area < $2 and %2$s < $3 and (%2$s, p.area, p.id) > ($4, $5, $6)
     order by %2$s, p.area, p.id limit $7',
    col, case when hi - lo <= 1000 then format('(p.%I || '''')', col) else format('p.%I', col) end)
  using lo, hi, wanted || chr(1114111), after_key, after_area, after_id, most;
end
$$;
-- +goose StatementEnd

-- Beyond a township the address must be narrow: of a bitmap the rows are had without order, and all of them must be had to put them into one.
-- +goose StatementBegin
create function search_people_by_address(wanted text, after_id bigint, most int)
returns table (id bigint, key text, name text, sex text, birth date, area bigint, address text, number_sealed bytea)
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp set enable_seqscan = off as $$
declare
  lo bigint := acting_area_from();
  hi bigint := acting_area_to();
  pattern text := '%' || replace(replace(replace(wanted, '\', '\\'), '%', '\%'), '_', '\_') || '%';
  found bigint[];
begin
  if not acting_reads_people() or wanted = '' or lo >= hi then return; end if;
  if hi - lo <= 1000 then
    return query select p.id, ''::text, p.name::text, p.sex, p.birth, p.area, p.address, p.number_sealed from person p
      where p.merged_into is null and p.area >= lo and p.area < hi and (p.address || '') like pattern and p.id > after_id order by p.id limit most;
    return;
  end if;
  execute 'select array(select p.id from person p where p.merged_into is null and p.address like $1 and (p.area + 0) >= $2 and (p.area + 0) < $3 limit 501)'
    into found using pattern, lo, hi;
  if cardinality(found) > 500 then raise exception 'too many have such an address' using errcode = 'DZ430'; end if;
  return query select p.id, ''::text, p.name::text, p.sex, p.birth, p.area, p.address, p.number_sealed from person p
    where p.id = any(found) and p.id > after_id order by p.id limit most;
end
$$;
-- +goose StatementEnd

-- Digests, as while the key of digests is changed there are two of a number. Who was merged is found as who goes on.
create function search_people_by_digest(kind text, digests bytea[])
returns table (id bigint, key text, name text, sex text, birth date, area bigint, address text, number_sealed bytea)
language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
  with recursive found as (
    select p.id, p.merged_into from person p
      where kind = 'number' and p.number_digest = any(digests) or kind = 'phone' and p.phone_digest = any(digests)
    union
    select p.id, p.merged_into from person p join found f on p.id = f.merged_into)
  select p.id, '', p.name::text, p.sex, p.birth, p.area, p.address, p.number_sealed from person p join found f on f.id = p.id
  where acting_reads_people() and f.merged_into is null and (acting_reaches(p.area) or acting_reaches_family(p.id))
  order by p.id limit 100
$$;

revoke execute on function search_people, search_people_by_address, search_people_by_digest from public;
grant execute on function search_people, search_people_by_address, search_people_by_digest to dajiuzhu_app, dajiuzhu_worker;

-- Two that were merged: each row is one merging, and is closed by the split. Nothing that pointed at the one is rewritten.
create table merging (
  id        bigint primary key generated always as identity,
  person    bigint not null references person, -- who was merged
  survivor  bigint not null references person,
  paper     text not null,                     -- what proves it where the numbers differ
  reason    text not null check (reason <> ''),
  account   bigint not null default acting_account(),
  merged_at timestamptz not null default now(),
  split_by  bigint,
  split_at  timestamptz,
  check ((split_by is null) = (split_at is null))
);
create unique index merging_open on merging (person) where split_at is null;
create index merging_survivor on merging (survivor) where split_at is null;

-- Pairs that may be one person, and what was decided of them.
create table likeness (
  low        bigint not null references person,
  high       bigint not null references person,
  score      int not null,
  reasons    text[] not null,
  state      text not null default 'open' check (state in ('open', 'same', 'different')),
  reason     text not null default '',
  account    bigint,
  decided_at timestamptz,
  primary key (low, high),
  check (low < high),
  check ((state = 'open') = (decided_at is null))
);
create index likeness_queue on likeness (score desc, low, high) where state = 'open';

alter table merging enable row level security;
alter table likeness enable row level security;
create policy worker on merging to dajiuzhu_worker using (true);
create policy worker on likeness to dajiuzhu_worker using (true);
create policy app on merging for select to dajiuzhu_app using (exists (select from person p where p.id = survivor));
create policy app on likeness for select to dajiuzhu_app using (
  exists (select from person p where p.id = low) and exists (select from person p where p.id = high));
grant select, insert, update on merging, likeness to dajiuzhu_worker;
grant select on merging, likeness to dajiuzhu_app;

-- Who may say that two are one: whose both are to see.
create function acting_merges(a bigint, b bigint) returns bool language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
  select session_user <> 'dajiuzhu_app' or acting_role() in ('officer', 'decider', 'supervisor')
    and (select count(*) from person p where p.id in (a, b) and (p.area = 0 or acting_reaches(p.area) or acting_reaches_family(p.id))) = 2
$$;

-- +goose StatementBegin
create function merge_person(gone bigint, stays bigint, by_paper text, because text) returns bigint
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  g person; s person; made bigint;
begin
  -- Both are locked, the lower id first, so that no two merge in a circle.
  perform from person where id in (gone, stays) order by id for update;
  select * into g from person where id = gone;
  select * into s from person where id = stays;
  if g.id is null or s.id is null or not acting_merges(gone, stays) then raise exception 'no such person' using errcode = 'DZ404'; end if;
  if gone = stays or g.merged_into is not null or s.merged_into is not null then raise exception 'merged already' using errcode = 'DZ409'; end if;
  if g.number_digest <> s.number_digest and (g.registered or by_paper = '') then
    raise exception 'the numbers differ' using errcode = 'DZ410';
  end if;
  if exists (select from likeness where low = least(gone, stays) and high = greatest(gone, stays) and state = 'different') then
    raise exception 'said not to be the same' using errcode = 'DZ411';
  end if;
  update person set merged_into = stays where id = gone;
  insert into merging (person, survivor, paper, reason) values (gone, stays, by_paper, because) returning id into made;
  insert into change (unit, unit_id, kind, on_date, other, cause) values ('person', stays, 'merged', current_date, gone, 'merging:' || made);
  update likeness set state = 'same', account = acting_account(), decided_at = now(), reason = because
    where low = least(gone, stays) and high = greatest(gone, stays);
  return made;
end
$$;

create function split_person(gone bigint, because text) returns bigint
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  m merging;
begin
  perform from person where id = gone for update;
  select * into m from merging where person = gone and split_at is null;
  if m.id is null or not acting_merges(m.person, m.survivor) then raise exception 'no such merging' using errcode = 'DZ404'; end if;
  update merging set split_at = now(), split_by = acting_account() where id = m.id;
  update person set merged_into = null where id = gone;
  insert into change (unit, unit_id, kind, on_date, other, cause) values ('person', m.survivor, 'unmerged', current_date, gone, 'merging:' || m.id);
  perform set_apart(m.person, m.survivor, because);
  return m.survivor;
end
$$;

create function set_apart(a bigint, b bigint, because text) returns void
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  if because = '' then raise exception 'no reason'; end if;
  if not acting_merges(a, b) then raise exception 'no such person' using errcode = 'DZ404'; end if;
  insert into likeness (low, high, score, reasons, state, reason, account, decided_at)
    values (least(a, b), greatest(a, b), 0, '{}', 'different', because, acting_account(), now())
    on conflict (low, high) do update set state = 'different', reason = excluded.reason, account = excluded.account, decided_at = now();
end
$$;
-- +goose StatementEnd
revoke execute on function merge_person, split_person, set_apart, acting_merges from public;
grant execute on function merge_person, split_person, set_apart to dajiuzhu_app, dajiuzhu_worker;
