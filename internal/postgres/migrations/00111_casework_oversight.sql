-- What follows a decision and who looks at it: the county's supervision, postings, reviews, the end of help, appeals, the archive.

-- +goose Up

-- The facts that a decision rests on, as the engine read them: with them and the pack it is made again.
alter table decision add column inputs text not null default '';
grant insert (inputs) on decision to dajiuzhu_app, dajiuzhu_worker;

-- What the county is to look at.
create table supervision (
  id          bigint primary key generated always as identity,
  item        bigint not null references item,
  area        bigint not null,
  department  text   not null,
  kind        text   not null check (kind in ('overdue', 'overridden', 'returned', 'near-kin', 'drawn', 'complaint', 'asked')),
  about       text   not null default '', -- the step that is late, 'decision:3', 'event:7'
  at          timestamptz not null,
  state       text   not null default 'open' check (state in ('open', 'asked', 'answered', 'closed')),
  recorded_at timestamptz not null default now()
);
create unique index supervision_once on supervision (item, kind, about);
create index supervision_queue on supervision (area, id) where state <> 'closed';
create table supervision_act (
  id          bigint primary key generated always as identity,
  supervision bigint not null references supervision,
  kind        text   not null check (kind in ('ask', 'answer', 'close')),
  said        text   not null check (said <> ''),
  at          timestamptz not null,
  account     bigint not null default acting_account(),
  role        text   not null default acting_role(),
  recorded_at timestamptz not null default now()
);
create index supervision_act_of on supervision_act (supervision, id);

-- What was posted of an item, and where; what it shows is the publicity regime's.
create table posted (
  id          bigint primary key generated always as identity,
  step        bigint not null unique references item_step,
  item        bigint not null references item,
  kind        text   not null check (kind in ('notice', 'publication')),
  shows       jsonb  not null,  -- by the fields' names
  place       text   not null,
  at          timestamptz not null,
  until       timestamptz,      -- a notice: the first moment at which it has stood long enough
  account     bigint not null default acting_account(),
  recorded_at timestamptz not null default now()
);
create index posted_item on posted (item, id);
create table posted_photograph (
  id          bigint primary key generated always as identity,
  posted      bigint not null references posted,
  photograph  text   not null check (photograph <> ''), -- where it is kept
  taken_at    timestamptz not null,
  account     bigint not null default acting_account(),
  recorded_at timestamptz not null default now()
);
create index posted_photograph_of on posted_photograph (posted);

-- That a household signed that it does not wish to apply.
create table not_wished (
  id          bigint primary key generated always as identity,
  household   bigint not null references household,
  area        bigint not null,
  programme   text   not null,
  recognises  bool   not null,
  person      bigint references person,
  signer      text   not null check (signer <> ''),
  signature   text   not null check (signature <> ''),
  on_date     date   not null,
  account     bigint not null default acting_account(),
  recorded_at timestamptz not null default now()
);
create index not_wished_household on not_wished (household);

-- A review of help or of a status that goes on, due on a day.
create table review (
  id          bigint primary key generated always as identity,
  item        bigint not null references item,
  area        bigint not null,
  department  text   not null,
  due_on      date   not null,
  recorded_at timestamptz not null default now(),
  unique (item, due_on)
);
create index review_due on review (area, due_on, id);
create table review_done (
  review      bigint primary key references review,
  result      text   not null check (result in ('continue', 'change', 'end', 'exit')), -- exit: help goes on for a while for who rises by work
  found       text   not null check (found <> ''),
  until       date,             -- of an exit: the first day without help
  at          timestamptz not null,
  account     bigint not null default acting_account(),
  role        text   not null default acting_role(),
  recorded_at timestamptz not null default now(),
  check ((result = 'exit') = (until is not null))
);
-- The end of what was awarded.
create table award_end (
  award       bigint primary key references award,
  on_date     date   not null,  -- the first day without it
  why         text   not null check (why in ('review', 'exit', 'died', 'moved', 'own-wish', 'revoked', 'appeal')),
  reason      text   not null check (reason <> ''),
  review      bigint references review,
  account     bigint not null default acting_account(),
  role        text   not null default acting_role(),
  recorded_at timestamptz not null default now(),
  check (review is not null or why not in ('review', 'exit'))
);

-- What was done against a decision, and what came of it.
create table appeal (
  id          bigint primary key generated always as identity,
  decision    bigint not null references decision,
  kind        text   not null check (kind in ('reconsideration', 'suit', 'complaint')),
  who         text   not null check (who <> ''),
  said        text   not null check (said <> ''),
  filed_on    date   not null,
  late        bool   not null,  -- after the time in which it can be done
  account     bigint not null default acting_account(),
  recorded_at timestamptz not null default now()
);
create index appeal_decision on appeal (decision);
create table appeal_result (
  appeal      bigint primary key references appeal,
  result      text   not null check (result in ('upheld', 'changed', 'revoked', 'withdrawn', 'not-taken')), -- upheld: the decision stands
  found       text   not null check (found <> ''),
  on_date     date   not null,
  account     bigint not null default acting_account(),
  recorded_at timestamptz not null default now()
);

-- A filing that was closed to the archive.
create table archive (
  filing      bigint primary key references filing,
  papers      int    not null,
  pages       int    not null,
  catalogue   jsonb  not null,
  closed_on   date   not null,
  keep_until  date,             -- null while help goes on
  account     bigint not null default acting_account(),
  recorded_at timestamptz not null default now()
);

-- +goose StatementBegin
create function supervision_of_decision() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  insert into supervision (item, area, department, kind, about, at)
    select i.id, i.area, i.department, 'overridden', 'decision:' || new.id, i.last_at from item i where i.id = new.item;
  return null;
end
$$;
create trigger supervised after insert on decision for each row when (new.against) execute function supervision_of_decision();

create function supervision_of_event() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  insert into supervision (item, area, department, kind, about, at)
    select i.id, i.area, i.department, case new.kind when 'return' then 'returned' else new.kind end, 'event:' || new.id, new.at from item i where i.id = new.item
    on conflict do nothing;
  return null;
end
$$;
create trigger supervised after insert on item_event for each row when (new.kind in ('return', 'near-kin', 'drawn')) execute function supervision_of_event();

create function supervision_of_kin() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  insert into supervision (item, area, department, kind, about, at) values (new.id, new.area, new.department, 'near-kin', '', new.opened_at);
  return null;
end
$$;
create trigger supervised after insert on item for each row when (new.near_kin) execute function supervision_of_kin();

create function supervision_begins() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  select i.area, i.department into new.area, new.department from item i where i.id = new.item;
  new.state := 'open';
  return new;
end
$$;
create trigger begins before insert on supervision for each row execute function supervision_begins();

create function supervision_follows() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  s supervision;
begin
  select * into s from supervision where id = new.supervision for update;
  if s.state = 'closed' then raise exception 'it is closed' using errcode = 'DZ430'; end if;
  if new.kind = 'answer' and s.state <> 'asked' then raise exception 'nothing was asked' using errcode = 'DZ432'; end if;
  if new.kind in ('ask', 'close') and acting_role() <> 'supervisor'
    or new.kind = 'answer' and acting_role() not in ('officer', 'decider', 'supervisor') and not (acting_role() = 'department' and acting_department() = s.department) then
    raise exception 'not for this role' using errcode = 'DZ433';
  end if;
  new.account := acting_account();
  new.role := acting_role();
  update supervision set state = case new.kind when 'ask' then 'asked' when 'answer' then 'answered' else 'closed' end where id = s.id;
  return new;
end
$$;
create trigger follows before insert on supervision_act for each row execute function supervision_follows();
create function supervision_stands() returns trigger language plpgsql as $$
begin
  if to_jsonb(new) - 'state' is distinct from to_jsonb(old) - 'state' then
    raise exception 'what is supervised is not changed' using errcode = 'restrict_violation';
  end if;
  return new;
end
$$;
create trigger stands before update on supervision for each row execute function supervision_stands();

-- What is posted belongs to the step by which it was.
create function posted_fits() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  d item_step;
begin
  select * into d from item_step where id = new.step;
  if d.gives is distinct from new.kind or d.account <> acting_account() then
    raise exception 'it is posted with its step' using errcode = 'DZ439';
  end if;
  new.item := d.item;
  new.at := d.at;
  new.until := case when new.kind = 'notice' then (select i.notice_until from item i where i.id = d.item) end;
  new.account := acting_account();
  return new;
end
$$;
create trigger fits before insert on posted for each row execute function posted_fits();

-- Who reviewed does not end the help; it takes somebody who decides.
create function award_ends() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  a award;
  r review_done;
  role text := coalesce(nullif(acting_role(), ''), case session_user when 'dajiuzhu_worker' then 'worker' else '' end);
begin
  select * into a from award where id = new.award for update;
  new.account := acting_account();
  new.role := role;
  if role not in ('decider', 'supervisor') and not (role = 'department' and acting_department() = a.department) then
    raise exception 'not for this role' using errcode = 'DZ433';
  end if;
  if casework_near_kin(a.household, new.on_date, array[new.account]) then raise exception 'a near relative''s case' using errcode = 'DZ437'; end if;
  if new.review is not null then
    select d.* into r from review_done d join review w on w.id = d.review where d.review = new.review and w.item = a.item;
    if r.review is null or r.result not in ('end', 'exit', 'change') or r.result = 'exit' and r.until <> new.on_date then
      raise exception 'the review says otherwise' using errcode = 'DZ439';
    end if;
    if r.account = new.account then raise exception 'who reviewed does not end it' using errcode = 'DZ434'; end if;
  end if;
  return new;
end
$$;
create trigger ends before insert on award_end for each row execute function award_ends();

create function review_follows() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  r review;
begin
  select * into r from review where id = new.review;
  if acting_role() not in ('officer', 'supervisor') and not (acting_role() = 'department' and acting_department() = r.department) then
    raise exception 'not for this role' using errcode = 'DZ433';
  end if;
  if exists (select from item i where i.id = r.item and casework_near_kin(i.household, casework_day(new.at), array[acting_account()])) then
    raise exception 'a near relative''s case' using errcode = 'DZ437';
  end if;
  new.account := acting_account();
  new.role := acting_role();
  return new;
end
$$;
create trigger follows before insert on review_done for each row execute function review_follows();

create function appeal_fits() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  if exists (select from appeal_result r join appeal a on a.id = r.appeal where a.decision = new.decision and a.kind = new.kind) then
    raise exception 'that way is used up' using errcode = 'DZ432';
  end if;
  return new;
end
$$;
create trigger fits before insert on appeal for each row execute function appeal_fits();

create function archive_fits() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  if exists (select from item i where i.filing = new.filing and i.state <> 'ended') or not exists (select from item i where i.filing = new.filing) then
    raise exception 'an item of the filing is not closed' using errcode = 'DZ432';
  end if;
  select count(*), coalesce(sum(p.pages), 0) into new.papers, new.pages from paper p where p.filing = new.filing;
  return new;
end
$$;
create trigger fits before insert on archive for each row execute function archive_fits();

create function not_wished_begins() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  select h.area into new.area from household h where h.id = new.household;
  return new;
end
$$;
create trigger begins before insert on not_wished for each row execute function not_wished_begins();
create function review_begins() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  select i.area, i.department into new.area, new.department from item i where i.id = new.item;
  return new;
end
$$;
create trigger begins before insert on review for each row execute function review_begins();

-- Behind a filing that is in the archive no paper comes.
create function paper_fits() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  if exists (select from archive a where a.filing = new.filing) then
    raise exception 'the filing is in the archive' using errcode = 'DZ430';
  end if;
  return new;
end
$$;
create trigger fits before insert on paper for each row execute function paper_fits();
-- +goose StatementEnd

create trigger append_only before update or delete or truncate on supervision_act for each statement execute function refuse_rewriting();
create trigger not_removed before delete or truncate on supervision for each statement execute function refuse_rewriting();
create trigger append_only before update or delete or truncate on posted for each statement execute function refuse_rewriting();
create trigger append_only before update or delete or truncate on posted_photograph for each statement execute function refuse_rewriting();
create trigger append_only before update or delete or truncate on not_wished for each statement execute function refuse_rewriting();
create trigger append_only before update or delete or truncate on review for each statement execute function refuse_rewriting();
create trigger append_only before update or delete or truncate on review_done for each statement execute function refuse_rewriting();
create trigger append_only before update or delete or truncate on award_end for each statement execute function refuse_rewriting();
create trigger append_only before update or delete or truncate on appeal for each statement execute function refuse_rewriting();
create trigger append_only before update or delete or truncate on appeal_result for each statement execute function refuse_rewriting();
create trigger append_only before update or delete or truncate on archive for each statement execute function refuse_rewriting();

alter table supervision enable row level security;
alter table supervision_act enable row level security;
alter table posted enable row level security;
alter table posted_photograph enable row level security;
alter table not_wished enable row level security;
alter table review enable row level security;
alter table review_done enable row level security;
alter table award_end enable row level security;
alter table appeal enable row level security;
alter table appeal_result enable row level security;
alter table archive enable row level security;

create policy app on supervision for select to dajiuzhu_app using (
  ((select acting_role()) in ('officer', 'decider', 'supervisor', 'administrator', 'inspector') or (select acting_role()) = 'department' and department = (select acting_department()))
  and area >= (select acting_area_from()) and area < (select acting_area_to()));
create policy app on supervision_act for select to dajiuzhu_app using (exists (select from supervision s where s.id = supervision_act.supervision));
create policy app on posted for select to dajiuzhu_app using (exists (select from item i where i.id = posted.item));
create policy app on posted_photograph for select to dajiuzhu_app using (exists (select from posted p where p.id = posted_photograph.posted));
create policy app on not_wished for select to dajiuzhu_app using (
  (select acting_reads_filings()) and area >= (select acting_area_from()) and area < (select acting_area_to()));
create policy app on review for select to dajiuzhu_app using (
  ((select acting_reads_filings()) or (select acting_role()) = 'department' and department = (select acting_department()))
  and area >= (select acting_area_from()) and area < (select acting_area_to()));
create policy app on review_done for select to dajiuzhu_app using (exists (select from review r where r.id = review_done.review));
create policy app on award_end for select to dajiuzhu_app using (exists (select from award a where a.id = award_end.award));
create policy app on appeal for select to dajiuzhu_app using (exists (select from decision d where d.id = appeal.decision));
create policy app on appeal_result for select to dajiuzhu_app using (exists (select from appeal a where a.id = appeal_result.appeal));
create policy app on archive for select to dajiuzhu_app using (exists (select from filing f where f.id = archive.filing));

create policy asks on supervision for insert to dajiuzhu_app with check ((select acting_role()) = 'supervisor' and kind in ('asked', 'complaint')
  and exists (select from item i where i.id = supervision.item));
create policy does on supervision_act for insert to dajiuzhu_app with check ((select acting_account()) <> 0 and exists (select from supervision s where s.id = supervision_act.supervision));
create policy does on posted for insert to dajiuzhu_app with check ((select acting_writes_filings()) and exists (select from item i where i.id = posted.item));
create policy does on posted_photograph for insert to dajiuzhu_app with check ((select acting_writes_filings()) and account = (select acting_account())
  and exists (select from posted p where p.id = posted_photograph.posted));
create policy does on not_wished for insert to dajiuzhu_app with check ((select acting_writes_filings()) and account = (select acting_account())
  and (select acting_role()) in ('assistant', 'officer') and area >= (select acting_area_from()) and area < (select acting_area_to()));
create policy does on review_done for insert to dajiuzhu_app with check ((select acting_writes_filings()) and exists (select from review r where r.id = review_done.review));
create policy does on award_end for insert to dajiuzhu_app with check ((select acting_writes_filings()) and exists (select from award a where a.id = award_end.award));
create policy does on appeal for insert to dajiuzhu_app with check ((select acting_role()) in ('officer', 'supervisor', 'department') and account = (select acting_account())
  and account <> 0 and exists (select from decision d where d.id = appeal.decision));
create policy does on appeal_result for insert to dajiuzhu_app with check ((select acting_role()) in ('supervisor', 'department') and account = (select acting_account())
  and account <> 0 and exists (select from appeal a where a.id = appeal_result.appeal));
create policy does on archive for insert to dajiuzhu_app with check ((select acting_role()) in ('officer', 'supervisor', 'department') and account = (select acting_account())
  and account <> 0 and exists (select from filing f where f.id = archive.filing));

grant select on supervision, supervision_act, posted, posted_photograph, not_wished, review, review_done, award_end, appeal, appeal_result, archive
  to dajiuzhu_app, dajiuzhu_worker;
grant insert (item, kind, about, at) on supervision to dajiuzhu_app, dajiuzhu_worker;
grant insert (supervision, kind, said, at) on supervision_act to dajiuzhu_app;
grant insert (step, item, kind, shows, place) on posted to dajiuzhu_app;
grant insert (posted, photograph, taken_at) on posted_photograph to dajiuzhu_app;
grant insert (household, programme, recognises, person, signer, signature, on_date) on not_wished to dajiuzhu_app;
grant insert (item, due_on) on review to dajiuzhu_worker;
grant insert (review, result, found, until, at) on review_done to dajiuzhu_app;
grant insert (award, on_date, why, reason, review) on award_end to dajiuzhu_app;
grant insert (decision, kind, who, said, filed_on, late) on appeal to dajiuzhu_app;
grant insert (appeal, result, found, on_date) on appeal_result to dajiuzhu_app;
grant insert (filing, catalogue, closed_on, keep_until) on archive to dajiuzhu_app;

-- What the engine computes for what is granted: another amount than it knows is decided otherwise too.
alter table decision add column computed jsonb not null default '[]';
grant insert (computed) on decision to dajiuzhu_app, dajiuzhu_worker;
-- +goose StatementBegin
create or replace function decision_fits() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  d item_step;
  i item;
  a workflow_authority;
begin
  select * into d from item_step where id = new.step;
  select * into i from item where id = new.item;
  if d.item is distinct from new.item or d.gives <> 'confirmation' or d.result <> new.result or d.account <> acting_account() then
    raise exception 'a decision comes with its step' using errcode = 'DZ439';
  end if;
  if (new.result = 'granted') <> (jsonb_array_length(new.grants) > 0) then
    raise exception 'a decision grants something or refuses' using errcode = 'DZ439';
  end if;
  if (select sum((g ->> 'amount')::numeric) from jsonb_array_elements(new.grants) g) is distinct from (case new.result when 'granted' then d.amount end) then
    raise exception 'the amount is not what is granted' using errcode = 'DZ439';
  end if;
  a := casework_authority(i.authority, casework_day(d.at), d.amount);
  new.authority := a.id;
  new.against := new.result = 'granted' and new.outcome in ('ineligible', 'not-in-force') or new.result = 'refused' and new.outcome in ('eligible', 'likely')
    or exists (select from jsonb_array_elements(new.grants) g join jsonb_array_elements(new.computed) c on c ->> 'component' = g ->> 'component'
      where c ->> 'amount' is not null and (c ->> 'amount')::numeric is distinct from (g ->> 'amount')::numeric);
  if new.against and new.reason = '' then
    raise exception 'deciding otherwise than the engine needs a reason' using errcode = 'DZ436';
  end if;
  return new;
end
$$;
-- +goose StatementEnd
