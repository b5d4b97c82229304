-- Papers of filings are kept, sealed, and a survey is a visit that was made.

-- +goose Up

-- What a paper's file is, by its content. Of a visit's file the content is the visit's.
alter table paper add column media text, add column size bigint, add column digest bytea, add column visit_file uuid references visit_file,
  add check (media in ('image/jpeg', 'image/png', 'image/webp', 'application/pdf') or visit_file is not null),
  add check ((digest is null) = (media is null) and (digest is null) = (size is null) and (visit_file is null or digest is not null)),
  add check (size > 0), add check (length(digest) = 32);
create unique index paper_visit_file on paper (filing, visit_file) where visit_file is not null;

create table paper_chunk (
  n       bigint not null unique generated always as identity,
  paper   bigint not null references paper,
  at      bigint not null check (at >= 0),
  size    int    not null check (size > 0),
  content bytea  not null, -- sealed, casework.paper
  primary key (paper, at)
);

-- +goose StatementBegin
create or replace function paper_fits() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  if exists (select from archive a where a.filing = new.filing) then
    raise exception 'the filing is in the archive' using errcode = 'DZ430';
  end if;
  if new.visit_file is not null then
    select f.media, f.kept_size, f.kept_digest into new.media, new.size, new.digest
      from visit_file f join visit v on v.id = f.visit join filing g on g.id = new.filing and g.household = v.household
      where f.id = new.visit_file and f.state = 'kept';
    if new.digest is null then
      raise exception 'no such file of a visit to this household' using errcode = 'DZ439';
    end if;
  end if;
  return new;
end
$$;

-- What is sealed may be sealed anew under another key, and nothing else of it changes.
create function paper_chunk_stands() returns trigger language plpgsql as $$
begin
  if to_jsonb(new) - 'content' is distinct from to_jsonb(old) - 'content' then
    raise exception 'a paper does not change' using errcode = 'restrict_violation';
  end if;
  return new;
end
$$;

create or replace function step_rests() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  i item;
  s workflow_step;
  v visit;
  day date := casework_day(new.at);
begin
  select * into i from item where id = new.item;
  select * into s from workflow_step w where w.version = i.version and w.id = new.step;
  if s.gives = 'authorisation' and exists (
      select from membership m join person p on p.id = m.person
      where m.household = i.household and m.to_date is null and m.counted and p.died_on is null
        and (p.birth is null or p.birth + interval '18 years' <= day) -- somebody whose age is not known signs
        and not exists (select from authorisation a where a.person = p.id and a.from_date <= day and day < a.to_date and (a.revoked_on is null or day < a.revoked_on))) then
    raise exception 'every member who is grown up authorises it' using errcode = 'DZ441';
  end if;
  if s.gives = 'check' and s.by_whom = 'county-officer' and i.household is not null and exists (
      select from workflow_step w where w.version = i.version and w.gives = 'authorisation') then
    if exists (select from means_check c where c.household = i.household and c.state in ('drafted', 'requested')) then
      raise exception 'a check of the household is under way' using errcode = 'DZ441';
    end if;
    if new.checked is null then
      select c.id into new.checked from means_check c
        where c.household = i.household and c.state in ('reported', 'objected') and c.reported_on <= day and day < c.expires_on order by c.id desc limit 1;
    elsif not exists (select from means_check c where c.id = new.checked and c.household = i.household and c.state in ('reported', 'objected') and c.reported_on <= day) then
      raise exception 'no report of a check of this household' using errcode = 'DZ441';
    end if;
    if new.checked is null and new.result = '' then
      raise exception 'it says what the check came to, where it was made elsewhere' using errcode = 'DZ441';
    end if;
  end if;
  -- A survey, or the county's visit, may be any visit that was made to the household since the filing, whatever it was planned for: it is theirs who went, and both sides signed.
  if new.visit is not null then
    select * into v from visit where id = new.visit;
    if s.gives not in ('survey', 'visit') or v.household is distinct from i.household or v.state <> 'done' or v.result <> 'met' or v.ended_at < i.opened_at
      or not new.people <@ v.visitors then
      raise exception 'no visit of these people to the household since the filing at which somebody was met' using errcode = 'DZ441';
    end if;
    if s.both_sign and ((select count(distinct f.signer_id) from visit_file f where f.visit = v.id and f.state = 'kept' and f.kind = 'visitor' and f.signer_id = any(v.visitors)) < s.people
      or not exists (select from visit_file f where f.visit = v.id and f.state = 'kept' and f.kind = 'family')) then
      raise exception 'both sides sign' using errcode = 'DZ435';
    end if;
  end if;
  -- Who visited for the survey of an item surveyed it, whoever wrote the survey down; and so did who visited where a survey was written down by it.
  if s.gives = 'confirmation' and exists (
      select from visit w where w.state = 'done'
        and (w.item = i.id and w.purpose = 'survey' or w.id in (select d.visit from item_step d where d.item = i.id and d.visit is not null))
        and (w.visitors && new.people or exists (select from visit_answer a where a.visit = w.id and a.account = any(new.people)))) then
    raise exception 'who surveyed does not decide' using errcode = 'DZ434';
  end if;
  return new;
end
$$;
-- +goose StatementEnd
create trigger stands before update on paper_chunk for each row execute function paper_chunk_stands();
create trigger not_removed before delete or truncate on paper_chunk for each statement execute function refuse_rewriting();

alter table paper_chunk enable row level security;
create policy worker on paper_chunk to dajiuzhu_worker using (true);
create policy app on paper_chunk for select to dajiuzhu_app using (exists (select from paper p where p.id = paper_chunk.paper));
create policy does on paper_chunk for insert to dajiuzhu_app with check ((select acting_writes_filings())
  and exists (select from paper p where p.id = paper_chunk.paper and p.account = (select acting_account())));

grant select on paper_chunk to dajiuzhu_app, dajiuzhu_worker;
grant insert (paper, at, size, content) on paper_chunk to dajiuzhu_app;
grant update (content) on paper_chunk to dajiuzhu_worker; -- sealed anew
grant insert (media, size, digest, visit_file) on paper to dajiuzhu_app;
