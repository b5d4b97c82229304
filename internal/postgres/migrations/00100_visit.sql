-- Visits to homes: who is to go where and why, what was answered there, what came with it, and what two devices said differently.

-- +goose Up

create table visit (
  id         bigint primary key generated always as identity,
  household  bigint not null references household,
  area       bigint not null,              -- the household's village when it was planned
  purpose    text   not null check (purpose in ('warning', 'survey', 'sample', 'review', 'report')),
  warnings   bigint[] not null default '{}', -- that it looks into
  item       bigint,                       -- of a filing, whose survey it is
  people     int    not null check (people between 1 and 9), -- who have to go together
  both_sign  bool   not null,              -- the visitors and the family sign
  visitors   bigint[] not null,            -- accounts
  due        date   not null,
  note       text   not null default '',   -- what to look at, from who planned it
  account    bigint not null default acting_account(),
  planned_at timestamptz not null default now(),
  state      text   not null default 'planned' check (state in ('planned', 'done', 'cancelled')),
  result     text   not null default '',   -- how it ended: met, absent, refused, moved; of a cancelled one why
  ended_by   bigint,
  ended_at   timestamptz,
  check ((state = 'planned') = (ended_at is null)),
  check ((state = 'planned') = (result = '')),
  check (state <> 'done' or result in ('met', 'absent', 'refused', 'moved'))
);
create index visit_visitors on visit using gin (visitors) where state = 'planned';
create index visit_household on visit (household, id desc);
create index visit_item on visit (item) where item is not null;
create index visit_area on visit (area, due, id) where state = 'planned';

-- Every answer that ever arrived. Its value never changes; whether it counts does.
create table visit_answer (
  n              bigint primary key generated always as identity, -- in the order of arrival
  id             uuid   not null unique,                          -- the device's
  visit          bigint not null references visit,
  area           bigint not null,
  device         uuid   not null,
  seq            bigint not null check (seq >= 0),                -- the device's own order
  account        bigint not null,                                 -- who answered
  unit           text   not null check (unit in ('person', 'household', 'visit')),
  unit_id        bigint not null,
  fact           text   not null,                                 -- 'person.married'; of a visit the checklist's question
  kind           text   not null check (kind in ('value', 'unknown', 'refused')),
  value          jsonb,
  base_statement bigint not null check (base_statement >= 0),     -- what the device knew of the field: the newest statement
  base_answer    bigint not null check (base_answer >= 0),        -- and the newest answer
  said_by        text   not null,
  answered_on    date   not null,
  received_at    timestamptz not null default now(),
  against        bigint not null default 0,                       -- a statement from elsewhere that it contradicts and did not know
  stands         bigint,                                          -- the statement that says it now
  state          text   not null check (state in ('taken', 'superseded', 'conflict', 'aside', 'chosen', 'declined')),
  why            jsonb,                                           -- why it was set aside, in both languages
  check ((kind = 'value') = (value is not null)),
  check ((state = 'aside') <= (why is not null)),
  check (stands is null or state in ('taken', 'chosen'))
);
create index visit_answer_field on visit_answer (unit, unit_id, fact, n);
create index visit_answer_visit on visit_answer (visit, n);

-- A field of which several things are said, until somebody decides or the visitors agree.
create table visit_conflict (
  id        bigint primary key generated always as identity,
  household bigint not null references household,
  area      bigint not null,
  visit     bigint not null references visit,
  unit      text   not null,
  unit_id   bigint not null,
  fact      text   not null,
  opened_at timestamptz not null default now(),
  closed_at timestamptz,
  closed_by bigint,
  decision  text not null default '' check (decision in ('', 'chosen', 'kept', 'agreed')),
  chosen    bigint references visit_answer,
  reason    text not null default '',
  check ((closed_at is null) = (decision = '')),
  check ((decision = 'chosen') = (chosen is not null))
);
create unique index visit_conflict_open on visit_conflict (unit, unit_id, fact) where closed_at is null;
create index visit_conflict_area on visit_conflict (area, id) where closed_at is null;

-- What a device sent, as it was sent. Nothing that arrives is dropped: what cannot be taken waits here for the township.
create table visit_bundle (
  n           bigint not null unique generated always as identity,
  id          uuid   primary key,     -- the device's
  visit       bigint not null,        -- that the device says; there may be no such
  area        bigint not null,
  account     bigint not null default acting_account() check (account <> 0),
  device      uuid   not null,
  digest      bytea  not null,        -- of the content, SHA-256
  content     bytea  not null,        -- sealed, visit.bundle
  received_at timestamptz not null default now(),
  state       text   not null check (state in ('taken', 'aside', 'settled', 'dismissed')),
  why         jsonb,
  result      jsonb,
  settled_by  bigint,
  settled_at  timestamptz,
  check ((state = 'aside') <= (why is not null)),
  check ((state in ('settled', 'dismissed')) = (settled_at is not null))
);
create index visit_bundle_aside on visit_bundle (area, received_at) where state = 'aside';
create index visit_bundle_visit on visit_bundle (visit);

-- Photographs, voice notes, signatures. They arrive in pieces, each as often as the net needs, and are kept without what a camera writes in.
create table visit_file (
  id          uuid   primary key,
  visit       bigint not null,
  area        bigint not null,
  account     bigint not null default acting_account() check (account <> 0),
  kind        text   not null check (kind in ('photo', 'voice', 'consent', 'visitor', 'family')),
  signer      text   not null,        -- of a signature: whose
  signer_id   bigint,                 -- a visitor's account
  media       text   not null,
  size        bigint not null check (size > 0),
  digest      bytea  not null check (length(digest) = 32), -- of what is sent
  received    bigint not null default 0 check (received between 0 and size),
  taken_at    timestamptz not null,
  begun_at    timestamptz not null default now(),
  state       text   not null default 'receiving' check (state in ('receiving', 'kept', 'refused')),
  why         jsonb,
  kept_size   bigint,
  kept_digest bytea,
  check ((state = 'kept') = (kept_size is not null and kept_digest is not null)),
  check (state <> 'kept' or received = size)
);
create index visit_file_visit on visit_file (visit, begun_at);

create table visit_chunk (
  n       bigint not null unique generated always as identity,
  file    uuid   not null references visit_file,
  at      bigint not null check (at >= 0),
  size    int    not null check (size > 0),
  area    bigint not null,
  account bigint not null default acting_account() check (account <> 0),
  content bytea  not null, -- sealed, visit.file
  primary key (file, at)
);

-- Where a device was, if its owner let it say.
create table visit_place (
  visit     bigint not null references visit,
  device    uuid   not null,
  area      bigint not null,
  account   bigint not null default acting_account() check (account <> 0),
  latitude  numeric(8, 6) check (latitude between -90 and 90),
  longitude numeric(9, 6) check (longitude between -180 and 180),
  accuracy  numeric(9, 1) check (accuracy >= 0), -- metres
  refused   bool not null,
  at        timestamptz not null,
  primary key (visit, device),
  check ((latitude is null) = (longitude is null)),
  check (refused = (latitude is null))
);

-- What belongs to a visit is where the visit is, whatever who sends it says or still may see; of a visit that is not, where the account is.
-- +goose StatementBegin
create function visit_area() returns trigger language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  if tg_table_name = 'visit_chunk' then
    new.area := (select f.area from visit_file f where f.id = new.file);
  elsif tg_table_name = 'visit' then
    new.area := (select h.area from household h where h.id = new.household);
  else
    new.area := coalesce((select v.area from visit v where v.id = new.visit), (select a.area from account a where a.id = acting_account()), 0);
  end if;
  return new;
end
$$;
create function visit_moves() returns trigger language plpgsql as $$
begin
  if (new.id, new.household, new.area, new.purpose, new.warnings, new.item, new.people, new.both_sign, new.account, new.planned_at)
      is distinct from (old.id, old.household, old.area, old.purpose, old.warnings, old.item, old.people, old.both_sign, old.account, old.planned_at) then
    raise exception 'what a visit is for does not change' using errcode = 'DZ500';
  end if;
  if old.state <> 'planned' then
    raise exception 'a visit that has ended does not change' using errcode = 'DZ500';
  end if;
  return new;
end
$$;
create function visit_answer_stands() returns trigger language plpgsql as $$
begin
  if to_jsonb(new) - '{state,stands,against,why}'::text[] is distinct from to_jsonb(old) - '{state,stands,against,why}'::text[] then
    raise exception 'an answer does not change' using errcode = 'restrict_violation';
  end if;
  return new;
end
$$;
create function visit_bundle_stands() returns trigger language plpgsql as $$
begin
  -- The content may be sealed anew under another key; its digest is of what it says.
  if to_jsonb(new) - '{content,state,result,settled_by,settled_at}'::text[] is distinct from to_jsonb(old) - '{content,state,result,settled_by,settled_at}'::text[]
    or old.state in ('settled', 'dismissed') and new.state <> old.state then
    raise exception 'what a device sent does not change' using errcode = 'restrict_violation';
  end if;
  return new;
end
$$;
create function visit_file_grows() returns trigger language plpgsql as $$
begin
  if to_jsonb(new) - '{received,state,why,kept_size,kept_digest}'::text[] is distinct from to_jsonb(old) - '{received,state,why,kept_size,kept_digest}'::text[]
    or old.state <> 'receiving' then
    raise exception 'what was received does not change' using errcode = 'restrict_violation';
  end if;
  return new;
end
$$;
-- +goose StatementEnd
create trigger area before insert on visit for each row execute function visit_area();
create trigger area before insert on visit_answer for each row execute function visit_area();
create trigger area before insert on visit_conflict for each row execute function visit_area();
create trigger area before insert on visit_bundle for each row execute function visit_area();
create trigger area before insert on visit_file for each row execute function visit_area();
create trigger area before insert on visit_chunk for each row execute function visit_area();
create trigger area before insert on visit_place for each row execute function visit_area();
create trigger moves before update on visit for each row execute function visit_moves();
create trigger stands before update on visit_answer for each row execute function visit_answer_stands();
create trigger stands before update on visit_bundle for each row execute function visit_bundle_stands();
create trigger grows before update on visit_file for each row execute function visit_file_grows();
create trigger not_removed before delete or truncate on visit for each statement execute function refuse_rewriting();
create trigger not_removed before delete or truncate on visit_answer for each statement execute function refuse_rewriting();
create trigger not_removed before delete or truncate on visit_conflict for each statement execute function refuse_rewriting();
create trigger not_removed before delete or truncate on visit_bundle for each statement execute function refuse_rewriting();
create trigger not_removed before delete or truncate on visit_file for each statement execute function refuse_rewriting();

alter table visit enable row level security;
alter table visit_answer enable row level security;
alter table visit_conflict enable row level security;
alter table visit_bundle enable row level security;
alter table visit_file enable row level security;
alter table visit_chunk enable row level security;
alter table visit_place enable row level security;
create policy worker on visit to dajiuzhu_worker using (true);
create policy worker on visit_answer to dajiuzhu_worker using (true);
create policy worker on visit_conflict to dajiuzhu_worker using (true);
create policy worker on visit_bundle to dajiuzhu_worker using (true);
create policy worker on visit_file to dajiuzhu_worker using (true);
create policy worker on visit_chunk to dajiuzhu_worker using (true);
create policy worker on visit_place to dajiuzhu_worker using (true);

-- Who reads what was seen in homes of their area; who goes there, or sends somebody.
create function acting_reads_visits() returns bool language sql stable parallel safe
  return acting_role() in ('assistant', 'officer', 'decider', 'supervisor', 'administrator', 'inspector');
create function acting_visits() returns bool language sql stable parallel safe
  return acting_account() <> 0 and acting_role() in ('assistant', 'officer', 'supervisor');

create policy app on visit for select to dajiuzhu_app using (
  (select acting_reads_visits()) and area >= (select acting_area_from()) and area < (select acting_area_to()));
create policy app on visit_answer for select to dajiuzhu_app using (
  (select acting_reads_visits()) and area >= (select acting_area_from()) and area < (select acting_area_to()));
create policy app on visit_conflict for select to dajiuzhu_app using (
  (select acting_reads_visits()) and area >= (select acting_area_from()) and area < (select acting_area_to()));
create policy app on visit_place for select to dajiuzhu_app using (
  (select acting_reads_visits()) and area >= (select acting_area_from()) and area < (select acting_area_to()));
-- Whoever sent something sees it, also after their posting has ended.
create policy app on visit_bundle for select to dajiuzhu_app using (account = (select acting_account()) and account <> 0
  or (select acting_reads_visits()) and area >= (select acting_area_from()) and area < (select acting_area_to()));
create policy app on visit_file for select to dajiuzhu_app using (account = (select acting_account()) and account <> 0
  or (select acting_reads_visits()) and area >= (select acting_area_from()) and area < (select acting_area_to()));
create policy app on visit_chunk for select to dajiuzhu_app using (account = (select acting_account()) and account <> 0
  or (select acting_reads_visits()) and area >= (select acting_area_from()) and area < (select acting_area_to()));

create policy plans on visit for insert to dajiuzhu_app with check ((select acting_visits()) and account = (select acting_account())
  and area >= (select acting_area_from()) and area < (select acting_area_to()));
create policy moves on visit for update to dajiuzhu_app using ((select acting_visits())
  and area >= (select acting_area_from()) and area < (select acting_area_to()));
-- An officer takes what another's device had sent: then the answer is the other's.
create policy answers on visit_answer for insert to dajiuzhu_app with check ((select acting_visits())
  and (account = (select acting_account()) or (select acting_role()) in ('officer', 'supervisor'))
  and area >= (select acting_area_from()) and area < (select acting_area_to()));
create policy settles on visit_answer for update to dajiuzhu_app using ((select acting_visits())
  and area >= (select acting_area_from()) and area < (select acting_area_to()));
create policy opens on visit_conflict for insert to dajiuzhu_app with check ((select acting_visits())
  and area >= (select acting_area_from()) and area < (select acting_area_to()));
create policy settles on visit_conflict for update to dajiuzhu_app using ((select acting_visits())
  and area >= (select acting_area_from()) and area < (select acting_area_to()));
create policy places on visit_place for insert to dajiuzhu_app with check ((select acting_visits()) and account = (select acting_account())
  and area >= (select acting_area_from()) and area < (select acting_area_to()));
create policy sends on visit_bundle for insert to dajiuzhu_app with check (account = (select acting_account()) and account <> 0);
create policy settles on visit_bundle for update to dajiuzhu_app using (account = (select acting_account()) and account <> 0
  or (select acting_visits()) and area >= (select acting_area_from()) and area < (select acting_area_to()));
create policy sends on visit_file for insert to dajiuzhu_app with check (account = (select acting_account()) and account <> 0);
create policy grows on visit_file for update to dajiuzhu_app using (account = (select acting_account()) and account <> 0);
create policy sends on visit_chunk for insert to dajiuzhu_app with check (account = (select acting_account()) and account <> 0
  and exists (select from visit_file f where f.id = visit_chunk.file and f.account = (select acting_account()) and f.state = 'receiving'));
create policy cleans on visit_chunk for delete to dajiuzhu_app using (account = (select acting_account()) and account <> 0
  and exists (select from visit_file f where f.id = visit_chunk.file and f.state = 'receiving'));

grant select on visit, visit_answer, visit_conflict, visit_bundle, visit_file, visit_chunk, visit_place to dajiuzhu_app, dajiuzhu_worker;
grant insert (household, purpose, warnings, item, people, both_sign, visitors, due, note) on visit to dajiuzhu_app, dajiuzhu_worker;
grant update (visitors, due, state, result, ended_by, ended_at) on visit to dajiuzhu_app, dajiuzhu_worker;
grant insert (id, visit, device, seq, account, unit, unit_id, fact, kind, value, base_statement, base_answer, said_by, answered_on, against, stands, state, why)
  on visit_answer to dajiuzhu_app;
grant update (state, stands, against, why) on visit_answer to dajiuzhu_app;
grant insert (household, visit, unit, unit_id, fact) on visit_conflict to dajiuzhu_app;
grant update (closed_at, closed_by, decision, chosen, reason) on visit_conflict to dajiuzhu_app;
grant insert (id, visit, device, digest, content, state, why, result) on visit_bundle to dajiuzhu_app;
grant update (state, result, settled_by, settled_at) on visit_bundle to dajiuzhu_app;
grant insert (id, visit, kind, signer, signer_id, media, size, digest, taken_at) on visit_file to dajiuzhu_app;
grant update (received, state, why, kept_size, kept_digest) on visit_file to dajiuzhu_app;
grant insert (file, at, size, content), delete on visit_chunk to dajiuzhu_app;
grant update (content) on visit_bundle, visit_chunk to dajiuzhu_worker; -- sealed anew
grant insert (visit, device, latitude, longitude, accuracy, refused, at) on visit_place to dajiuzhu_app;
