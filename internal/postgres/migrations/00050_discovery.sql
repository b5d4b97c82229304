-- What the policy comes to for every household of the record, and the warnings that it raises.

-- +goose Up

-- A run over the whole record. One is current; the next is built beside it and takes its place when its counts are right.
create table screening_run (
  id           bigint generated always as identity primary key,
  on_date      date        not null, -- the date of evaluation
  pack         text        not null, -- digest of the pack
  started_at   timestamptz not null default now(),
  finished_at  timestamptz,
  state        text        not null default 'running' check (state in ('running', 'current', 'former', 'failed')),
  households   bigint,
  persons      bigint,
  changed      bigint,               -- households that came to something else
  raised       bigint,
  closed       bigint,
  failure      text
);
create unique index screening_run_current on screening_run (state) where state = 'current';

-- What a household came to when it was last determined. kept is codes of the policy (rules.Kept); what an officer reads is made of it and of
-- the facts when it is read.
create table finding (
  household     bigint      primary key,
  area          bigint      not null,
  on_date       date        not null,
  pack          text        not null,
  kept          bytea       not null,
  score         numeric(9, 6),        -- the difficulty index; null where the household is not assessed as a family
  determined_at timestamptz not null default now()
);
create index finding_area_score on finding (area, score desc nulls last, household);

-- Households whose findings changed, in the order of the changes: what is kept in columns for the whole city is brought up by this.
create table finding_change (
  id         bigint generated always as identity primary key,
  household  bigint      not null,
  area       bigint      not null,
  at         timestamptz not null default now(),
  xid        xid8        not null default pg_current_xact_id(), -- by which a run tells whether it knew of it
  cause      text        not null      -- 'run:12', 'touch:345'
);
create index finding_change_household on finding_change (household, id desc);

-- Outcomes that became others. What a household comes to the first time is no change.
create table outcome_change (
  id         bigint generated always as identity primary key,
  household  bigint      not null,
  person     bigint,               -- null: of the household as a whole
  area       bigint      not null,
  programme  text        not null,
  was        text        not null, -- outcomes of package rules; 'not-assessed' of who was not there
  became     text        not null,
  on_date    date        not null,
  at         timestamptz not null default now(),
  cause      text        not null
);
create index outcome_change_household on outcome_change (household, id desc);

create table warning (
  id           bigint generated always as identity primary key,
  rule         text        not null,
  mechanism    text        not null,
  level        text        not null check (level in ('red', 'orange', 'yellow', 'blue')),
  route        text        not null,
  household    bigint      not null,
  person       bigint,                 -- null: of the household as a whole
  area         bigint      not null,
  evidence     jsonb       not null,   -- [{"path", "value"}], as codes of the pack
  raised_on    date        not null,   -- date of evaluation
  raised_at    timestamptz not null default now(),
  updated_at   timestamptz not null default now(),
  due_on       date,
  state        text        not null default 'raised' check (state in ('raised', 'closed')),
  closed_at    timestamptz,
  closed_why   text        check (closed_why in ('no-longer', 'household-gone')),
  cause        text        not null,
  check ((state = 'closed') = (closed_at is not null and closed_why is not null))
);
-- A rule warns of a unit once at a time.
create unique index warning_open on warning (rule, household, coalesce(person, 0)) where state <> 'closed';
create index warning_area on warning (area, level, due_on, id) where state <> 'closed';
create index warning_household on warning (household, id desc);

-- What households come to now, before it is held against what is stored: built beside, counted, and merged in one transaction. After a failure
-- of the machine it is empty, and what was being built is built again.
create unlogged table staged_finding (
  batch      bigint not null,
  household  bigint not null,
  area       bigint not null,
  kept       bytea  not null,
  score      numeric(9, 6),
  anew       boolean not null,
  primary key (batch, household)
);
create unlogged table staged_warning (
  batch      bigint not null,
  household  bigint not null,
  person     bigint,
  area       bigint not null,
  rule       text   not null,
  mechanism  text   not null,
  level      text   not null,
  route      text   not null,
  due_on     date,
  evidence   jsonb  not null
);
create index staged_warning_batch on staged_warning (batch, household);
create unlogged table staged_outcome (
  batch      bigint not null,
  household  bigint not null,
  person     bigint,
  area       bigint not null,
  programme  text   not null,
  was        text   not null,
  became     text   not null
);
create index staged_outcome_batch on staged_outcome (batch, household);
create sequence discovery_batch;

alter table screening_run enable row level security;
alter table staged_finding enable row level security;
alter table staged_warning enable row level security;
alter table staged_outcome enable row level security;
alter table finding enable row level security;
alter table finding_change enable row level security;
alter table outcome_change enable row level security;
alter table warning enable row level security;

create policy worker on screening_run to dajiuzhu_worker using (true) with check (true);
create policy worker on staged_finding to dajiuzhu_worker using (true) with check (true);
create policy worker on staged_warning to dajiuzhu_worker using (true) with check (true);
create policy worker on staged_outcome to dajiuzhu_worker using (true) with check (true);
create policy worker on finding to dajiuzhu_worker using (true) with check (true);
create policy worker on finding_change to dajiuzhu_worker using (true) with check (true);
create policy worker on outcome_change to dajiuzhu_worker using (true) with check (true);
create policy worker on warning to dajiuzhu_worker using (true) with check (true);

-- Who works on cases in the area reads what was found; a department's officer sees none of it but through the items of a filing.
create function may_read_findings() returns boolean language sql stable parallel safe
  return acting_role() in ('assistant', 'officer', 'decider', 'supervisor', 'administrator', 'inspector');

create policy reader on screening_run for select to dajiuzhu_app using ((select may_read_findings()));
create policy area on finding for select to dajiuzhu_app
  using ((select may_read_findings()) and area >= (select acting_area_from()) and area < (select acting_area_to()));
create policy area on finding_change for select to dajiuzhu_app
  using ((select may_read_findings()) and area >= (select acting_area_from()) and area < (select acting_area_to()));
create policy area on outcome_change for select to dajiuzhu_app
  using ((select may_read_findings()) and area >= (select acting_area_from()) and area < (select acting_area_to()));
create policy area on warning for select to dajiuzhu_app
  using ((select may_read_findings()) and area >= (select acting_area_from()) and area < (select acting_area_to()));

grant select on screening_run, finding, finding_change, outcome_change, warning to dajiuzhu_app;
grant select, insert, update on screening_run, warning to dajiuzhu_worker;
grant select, insert, update, delete on finding to dajiuzhu_worker;
grant select, insert on finding_change, outcome_change to dajiuzhu_worker;
grant select, insert, delete on staged_finding, staged_warning, staged_outcome to dajiuzhu_worker;
grant usage on sequence discovery_batch to dajiuzhu_worker;

-- Columns of a county, kept as files for whole-city computations: what they were made of.
create table county_columns (
  county   bigint primary key,
  on_date  date   not null,
  pack     text   not null,
  snapshot pg_snapshot not null, -- of the record that they were made of
  made_at  timestamptz not null default now()
);
grant select, insert, update on county_columns to dajiuzhu_worker;

-- What is said of somebody, or taken back, touches him: of a household its head, and with him everybody in it.
-- +goose StatementBegin
create function statement_touches() returns trigger language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  said statement;
begin
  if tg_table_name = 'withdrawal' then
    select * into said from statement s where s.id = new.statement;
  else
    said := new;
  end if;
  insert into touched (person)
    select said.unit_id where said.unit = 'person'
    union all
    select m.person from membership m where said.unit = 'household' and m.household = said.unit_id and m.head and m.to_date is null;
  return null;
end
$$;
-- +goose StatementEnd
revoke execute on function statement_touches from public;
create trigger touches after insert on statement for each row execute function statement_touches();
create trigger touches after insert on withdrawal for each row execute function statement_touches();
