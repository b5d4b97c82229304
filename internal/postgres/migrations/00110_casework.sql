-- Filings, an item for each programme in them, and the steps that were done. What may be done next, by whom and with how many is the loaded
-- workflow's, and the database itself refuses anything else: rows are only ever added, and the item follows them.

-- +goose Up

-- The workflow of the packs that were applied. A version that two packs have in common is one row; none is ever changed.
create table workflow_procedure (
  id         bigint primary key generated always as identity,
  digest     bytea  not null unique check (length(digest) = 32), -- of all that the version says
  procedure  text   not null,
  from_date  date   not null,
  to_date    date   not null, -- exclusive; infinity is without an end
  authority  text   not null,
  publicity  text   not null,
  content    jsonb  not null, -- names and limits, as the program reads them
  current    bool   not null  -- of the pack applied last
);
create table workflow_step (
  version    bigint not null references workflow_procedure,
  ord        int    not null check (ord > 0),
  id         text   not null,
  by_whom    text   not null,
  people     int    not null check (people > 0),
  both_sign  bool   not null,
  not_by     text[] not null,
  only_if    text   not null, -- the occasion; '' is always
  gives      text   not null,
  primary key (version, ord),
  unique (version, id)
);
create table workflow_authority (
  id         bigint primary key generated always as identity,
  digest     bytea  not null unique check (length(digest) = 32),
  authority  text   not null,
  from_date  date   not null,
  to_date    date   not null,
  rank       text   not null check (rank in ('township', 'county', 'department', 'fund')),
  up_to      numeric(20, 6), -- yuan; null is without a limit
  above      text   not null, -- the authority for more; '' is none
  content    jsonb  not null,
  current    bool   not null
);
create table workflow_publicity (
  id          bigint primary key generated always as identity,
  digest      bytea  not null unique check (length(digest) = 32),
  publicity   text   not null,
  from_date   date   not null,
  to_date     date   not null,
  notice_days int,           -- how long a notice must have stood before the decision; null: not fixed in days
  never       bool   not null,
  content     jsonb  not null,
  current     bool   not null
);
-- Which way each programme takes and whose it is. A recognition of a category is of the department in charge of nothing: ''.
create table workflow_programme (
  programme  text not null,          -- a programme, or a category to be recognised
  recognises bool not null,
  procedure  text not null,
  department text not null,
  primary key (programme, recognises)
);

-- +goose StatementBegin
create function workflow_stands() returns trigger language plpgsql as $$ begin
  if to_jsonb(new) - 'current' is distinct from to_jsonb(old) - 'current' then
    raise exception 'a version of the workflow is not changed' using errcode = 'restrict_violation';
  end if;
  return new;
end $$;
-- +goose StatementEnd
create trigger stands before update on workflow_procedure for each row execute function workflow_stands();
create trigger stands before update on workflow_authority for each row execute function workflow_stands();
create trigger stands before update on workflow_publicity for each row execute function workflow_stands();
create trigger append_only before update or delete or truncate on workflow_step for each statement execute function refuse_rewriting();

-- One filing: a household, or somebody not yet in the record, and an occasion.
create table filing (
  id          bigint primary key generated always as identity,
  household   bigint references household,
  about       text   not null default '', -- who it is, of somebody not in the record
  area        bigint not null,            -- the household's village, or where somebody is in trouble
  applicant   bigint references person,
  called      text   not null,            -- the applicant's name as it was, or whom it is about
  occasion    text   not null check (occasion in ('application', 'warning', 'emergency', 'review', 'list', 'appeal', 'moved')),
  cause       text   not null default '', -- 'warning:12', 'review:3'
  channel     text   not null check (channel in ('window', 'village', 'phone', 'web', 'hotline', 'system')),
  proxy       text   not null default '', -- where the paper is kept by which the family had the assistant file (委托书)
  resident    bigint,                     -- the account that follows it as its own
  discovered_on date,                     -- when the platform first knew of the need
  filed_at    timestamptz not null,
  account     bigint not null default acting_account(),
  role        text   not null default acting_role(),
  recorded_at timestamptz not null default now(),
  check (household is not null or about <> '')
);
create index filing_household on filing (household, id desc);
create index filing_resident on filing (resident) where resident is not null;
create index filing_area on filing (area, id desc);
-- What sets off a filing does so once.
create unique index filing_cause on filing (household, cause) where cause <> '';

create table item (
  id          bigint primary key generated always as identity,
  filing      bigint not null references filing,
  household   bigint references household,
  area        bigint not null,
  resident    bigint,
  department  text   not null,
  programme   text   not null,       -- or the category to be recognised
  recognises  bool   not null,
  person      bigint references person, -- null: the household as a whole
  called      text   not null,       -- the person's name, or the applicant's
  occasion    text   not null,       -- the filing's
  version     bigint not null references workflow_procedure,
  authority   text   not null,
  outcome     text   not null,       -- what the engine came to at filing; '' is not asked
  amount      numeric(20, 6),        -- yuan as proposed last, then as decided
  near_kin    bool   not null default false, -- a near relative of staff or of the village's committee is in it
  over_limit  bool   not null default false, -- the amount is above what the authority may decide
  drawn       bool   not null default false, -- sampled by the county
  position    int    not null default 0,     -- the place of the step done last that counts
  next_ord    int,                   -- the next step that is not left out; null: none
  next_by     text   not null default '',
  next_rank   text   not null default '',    -- of the authority, where a decider is next; 'reserve' where the township pays out of its own
  state       text   not null default 'open' check (state in ('open', 'returned', 'suspended', 'ended')),
  ended_why   text   check (ended_why in ('done', 'withdrawn', 'not-wished', 'died', 'moved')),
  decision    text   check (decision in ('granted', 'refused')),
  notice_until timestamptz,          -- the first moment at which the notice has stood long enough
  due_at      timestamptz,           -- the earliest limit that runs: the first moment that is late
  due_step    text   not null default '',
  limit_at    timestamptz,           -- of the whole
  deadline    timestamptz not null generated always as (coalesce(least(due_at, limit_at), 'infinity')) stored,
  due_unknown bool   not null default false, -- a limit runs into a year without a calendar
  extended    bool   not null default false,
  opened_at   timestamptz not null,
  last_at     timestamptz not null,  -- when the last thing was done
  ended_at    timestamptz,
  check ((state = 'ended') = (ended_why is not null and ended_at is not null))
);
-- A programme is asked for once at a time.
create unique index item_open on item (household, programme, recognises, coalesce(person, 0)) where state <> 'ended';
create index item_filing on item (filing);
create index item_resident on item (resident) where resident is not null;
create index item_due on item (deadline, id) where state <> 'ended';
create index item_emergency on item (deadline, id) where state <> 'ended' and occasion = 'emergency';
create index item_stopped on item (state, deadline, id) where state in ('returned', 'suspended');
create index item_area on item (area, deadline, id) where state <> 'ended';
create index item_department on item (department, deadline, id) where state <> 'ended';
create index item_household on item (household, id desc);
create index item_ended on item (area, id) where state = 'ended';

-- A step that was done.
create table item_step (
  id          bigint primary key generated always as identity,
  item        bigint not null references item,
  step        text   not null,
  ord         int    not null,
  gives       text   not null,
  at          timestamptz not null,
  account     bigint not null default acting_account(),
  role        text   not null default acting_role(),
  people      bigint[] not null,             -- the accounts that did it together, the one that wrote it down among them
  signer      text   not null default '',    -- who of the family signed
  signature   text   not null default '',    -- where the signed paper is kept
  result      text   not null default '',    -- granted, refused; of others what came out
  amount      numeric(20, 6),                -- proposed or decided
  reason      text   not null default '',
  detail      jsonb  not null default '{}',
  meeting     bigint,
  due_at      timestamptz,                   -- what runs from now
  due_step    text   not null default '',
  limit_at    timestamptz,
  due_unknown bool   not null default false,
  recorded_at timestamptz not null default now()
);
create index item_step_item on item_step (item, id);

-- What happened to an item beside its steps.
create table item_event (
  id          bigint primary key generated always as identity,
  item        bigint not null references item,
  kind        text   not null check (kind in ('return', 'withdraw', 'not-wished', 'died', 'moved', 'suspend', 'resume', 'extend', 'near-kin', 'drawn')),
  at          timestamptz not null,
  account     bigint not null default acting_account(),
  role        text   not null default acting_role(),
  to_step     text   not null default '',
  reason      text   not null check (reason <> ''),
  signer      text   not null default '',
  signature   text   not null default '',
  due_at      timestamptz,
  due_step    text   not null default '',
  limit_at    timestamptz,
  due_unknown bool   not null default false,
  recorded_at timestamptz not null default now()
);
create index item_event_item on item_event (item, id);

-- A decision, with all that it rests on, so that it can be made again from it.
create table decision (
  id          bigint primary key generated always as identity,
  item        bigint not null references item,
  step        bigint not null unique references item_step,
  result      text   not null check (result in ('granted', 'refused')),
  grants      jsonb  not null,  -- [{"component", "amount", "per"}]: what is given, yuan as texts
  authority   bigint not null references workflow_authority, -- the version that decided
  outcome     text   not null,  -- what the engine came to on the day
  against     bool   not null,  -- decided otherwise than the engine
  reason      text   not null,
  facts       bytea  check (length(facts) = 32), -- digest of the facts; null: the engine was not asked
  pack        text   not null,
  engine      text   not null,
  on_date     date   not null,
  explanation text   not null,  -- the engine's, as JSON, byte for byte; '' if it was not asked
  recorded_at timestamptz not null default now(),
  check (result = 'granted' or reason <> '')
);
create index decision_item on decision (item, id);

-- What was granted: a payment of it is package benefit's.
create table award (
  id          bigint primary key generated always as identity,
  decision    bigint not null references decision,
  item        bigint not null references item,
  household   bigint references household,
  person      bigint references person,
  area        bigint not null,
  department  text   not null,
  resident    bigint,
  programme   text   not null,
  recognises  bool   not null,
  component   text   not null,
  amount      numeric(20, 6), -- yuan; null of what is no money
  per         text   not null,
  from_date   date   not null,
  to_date     date,           -- exclusive; null: until it is ended
  recorded_at timestamptz not null default now()
);
create unique index award_once on award (decision, component);
create index award_household on award (household, id desc);
create index award_item on award (item);
create index award_area on award (area, programme, id);

-- The papers of a filing, for its catalogue.
create table paper (
  id          bigint primary key generated always as identity,
  filing      bigint not null references filing,
  item        bigint references item,   -- null: of the whole filing
  kind        text   not null check (kind <> ''),
  name        text   not null check (name <> ''),
  pages       int    not null check (pages > 0),
  kept        text   not null check (kept <> ''), -- where it is
  on_date     date   not null,
  account     bigint not null default acting_account(),
  recorded_at timestamptz not null default now()
);
create index paper_filing on paper (filing, id);

-- What a page sent twice came to the first time.
create table casework_once (
  account bigint not null default acting_account(),
  key     text   not null check (key <> ''),
  result  bigint not null,
  at      timestamptz not null default now(),
  primary key (account, key)
);

-- Faults that the program tells people by their codes.
--   DZ430 the item is closed   DZ431 it is suspended     DZ432 not this step now      DZ433 not this role       DZ434 did what keeps from it
--   DZ435 too few people       DZ436 a reason is needed  DZ437 a near relative's case DZ438 the notice runs     DZ439 not in force or not so

-- Whether a role may do what a step asks of an actor of the closed list. A decider's is the authority's rank.
create function casework_may(by_whom text, gives text, rank text, reserve bool, role text, own_department bool) returns bool
language sql immutable parallel safe return
  case by_whom
    when 'resident' then role in ('resident', 'assistant', 'officer') or role = 'department' and own_department
    when 'village-assistant' then role in ('assistant', 'officer') or gives = 'application' and role = 'resident'
    when 'township-officer' then role = 'officer'
    when 'county-officer' then role = 'supervisor'
    when 'county-supervisor' then role = 'supervisor'
    when 'coordination' then role = 'supervisor'
    when 'community' then role in ('assistant', 'officer')
    when 'department-officer' then role = 'department' and own_department
    when 'fund' then role = 'department' and own_department
    when 'provider' then role = 'officer' or role = 'department' and own_department
    when 'finance' then role in ('supervisor', 'worker') or role = 'department' and own_department or role = 'officer' and reserve
    when 'decider' then case rank when 'township' then role = 'decider' when 'county' then role = 'supervisor' else role = 'department' and own_department end
    else false
  end;

-- Whether a step is left out as an item stands. A notice of what lacks is never waited for.
create function casework_left_out(only_if text, i item, objected bool) returns bool language sql immutable parallel safe return
  case only_if
    when '' then false
    when 'papers-lacking' then true
    when 'near-kin' then not i.near_kin
    when 'over-limit' then not i.over_limit
    when 'objection' then not objected
    when 'granted' then i.decision is distinct from 'granted'
    when 'refused' then i.decision is distinct from 'refused'
    when 'drawn' then not i.drawn
    else false
  end;

create table objection (
  id          bigint primary key generated always as identity,
  item        bigint not null references item,
  against     text   not null check (against in ('notice', 'survey', 'means-check')),
  who         text   not null check (who <> ''), -- who objects; of somebody who wishes it, no name
  said        text   not null check (said <> ''),
  at          timestamptz not null,
  due_at      timestamptz,
  due_unknown bool   not null default false,
  account     bigint not null default acting_account(),
  role        text   not null default acting_role(),
  recorded_at timestamptz not null default now()
);
create index objection_item on objection (item, id);
create table objection_answer (
  objection   bigint primary key references objection,
  answer      text   not null check (answer in ('re-survey', 'community-review', 'new-check', 'correction', 'not-taken')),
  upheld      bool,                    -- null: shown by what is done anew
  found       text   not null check (found <> ''),
  present     text[] not null default '{}', -- who sat at a review
  at          timestamptz not null,
  account     bigint not null default acting_account(),
  role        text   not null default acting_role(),
  recorded_at timestamptz not null default now()
);

create function casework_objected(item bigint) returns bool language sql stable security definer set search_path = pg_catalog, public, pg_temp
  return exists (select from objection o where o.item = $1 and not exists (select from objection_answer a where a.objection = o.id));
revoke execute on function casework_objected from public;

-- Whether an area lies in another, by their codes.
create function area_holds(whole bigint, part bigint) returns bool language sql immutable parallel safe return
  case when whole <= 0 then false
    when whole % 1000 <> 0 then part = whole
    when whole % 1000000 <> 0 then part / 1000 = whole / 1000
    when whole % 100000000 <> 0 then part / 1000000 = whole / 1000000
    when whole % 10000000000 <> 0 then part / 100000000 = whole / 100000000
    else part / 10000000000 = whole / 10000000000
  end;

-- Case-by-case meetings (一事一议), which the county's mechanism convenes: what is on the agenda, which departments sit, what was said, who agreed.
create table meeting (
  id          bigint primary key generated always as identity,
  area        bigint not null,               -- the county
  at          timestamptz not null,          -- when it is to be held
  place       text   not null,
  agenda      text   not null check (agenda <> ''),
  quorum      int    not null check (quorum > 0), -- how many of those called must sit
  account     bigint not null default acting_account(),
  recorded_at timestamptz not null default now()
);
create index meeting_area on meeting (area, at);
create table meeting_item (
  meeting     bigint not null references meeting,
  item        bigint not null references item,
  primary key (meeting, item)
);
create index meeting_item_item on meeting_item (item);
create table meeting_seat (
  meeting     bigint not null references meeting,
  department  text   not null check (department <> ''),
  primary key (meeting, department)
);
-- That it was held, and its minutes; once.
create table meeting_held (
  meeting     bigint primary key references meeting,
  held_at     timestamptz not null,
  minutes     text   not null check (minutes <> ''),
  paper       text   not null check (paper <> ''),
  account     bigint not null default acting_account(),
  recorded_at timestamptz not null default now()
);
create table meeting_voice (
  meeting     bigint not null,
  item        bigint not null,
  department  text   not null,
  name        text   not null check (name <> ''), -- who sat for it
  agreed      bool   not null,
  said        text   not null,
  primary key (meeting, item, department),
  foreign key (meeting, item) references meeting_item,
  foreign key (meeting, department) references meeting_seat
);

-- Whether a meeting at which enough of those called sat has spoken of an item, by a moment.
create function casework_met(wanted bigint, of bigint, by timestamptz) returns bool
language sql stable security definer set search_path = pg_catalog, public, pg_temp
  return exists (select from meeting m join meeting_held h on h.meeting = m.id and h.held_at <= by
    where m.id = wanted and (select count(*) from meeting_voice v where v.meeting = m.id and v.item = of) >= m.quorum);
revoke execute on function casework_met from public;

-- +goose StatementBegin
-- The version of an authority that decides on a day, for an amount: above a limit it is who the limit names.
create function casework_authority(wanted text, day date, amount numeric) returns workflow_authority
language plpgsql stable set search_path = pg_catalog, public, pg_temp as $$
declare
  a workflow_authority;
begin
  for hops in 1..8 loop
    select * into a from workflow_authority w where w.authority = wanted and w.from_date <= day and day < w.to_date
      order by w.current desc, w.id desc limit 1;
    if a.id is null then
      raise exception 'no authority % on %', wanted, day using errcode = 'DZ439';
    end if;
    exit when a.up_to is null or amount is null or amount <= a.up_to or a.above = '';
    wanted := a.above;
  end loop;
  return a;
end
$$;

-- Whether an authority decides up to a limit out of the township's own reserve.
create function casework_reserve(a workflow_authority) returns bool language sql immutable parallel safe return a.rank = 'township' and a.up_to is not null;

-- Whether an amount is above what an authority itself may decide on a day.
create function casework_over_limit(wanted text, day date, amount numeric) returns bool
language sql stable set search_path = pg_catalog, public, pg_temp as $$
  select coalesce(amount > (casework_authority(wanted, day, null)).up_to, false)
$$;

-- The day of a moment, where the platform is.
create function casework_day(at timestamptz) returns date language sql immutable parallel safe return (at at time zone 'Asia/Shanghai')::date;

-- Whether anybody in a household is a declared near relative of staff on a day, or of some of them.
create function casework_near_kin(wanted bigint, day date, accounts bigint[]) returns bool
language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
  select exists (
    select from membership m join person p on p.id = m.person join relative r on r.number_digest = p.number_digest
    where m.household = wanted and m.to_date is null and r.from_date <= day and day < r.to_date and (accounts is null or r.account = any(accounts)))
$$;

-- The item as it goes on: which step is next, whether it is at its end.
create function casework_follow(i item) returns item
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  s workflow_step;
  a workflow_authority;
begin
  select * into s from workflow_step w
    where w.version = i.version and w.ord > i.position and not casework_left_out(w.only_if, i, casework_objected(i.id))
    order by w.ord limit 1;
  i.next_ord := s.ord;
  i.next_by := coalesce(s.by_whom, '');
  if s.by_whom in ('decider', 'finance') then
    a := casework_authority(i.authority, casework_day(i.last_at), i.amount);
  end if;
  i.next_rank := case when s.by_whom = 'decider' then a.rank when s.by_whom = 'finance' and casework_reserve(a) then 'reserve' else '' end;
  if i.next_ord is null and i.state <> 'ended' then
    i.state := 'ended';
    i.ended_why := 'done';
    i.ended_at := i.last_at;
  end if;
  if i.state = 'ended' then
    i.due_at := null;
    i.due_step := '';
    i.next_ord := null;
    i.next_by := '';
    i.next_rank := '';
  end if;
  return i;
end
$$;

create function casework_store(i item) returns void
language sql security definer set search_path = pg_catalog, public, pg_temp as $$
  update item set version = i.version, amount = i.amount, near_kin = i.near_kin, over_limit = i.over_limit, drawn = i.drawn, position = i.position,
    next_ord = i.next_ord, next_by = i.next_by, next_rank = i.next_rank, state = i.state, ended_why = i.ended_why, decision = i.decision,
    notice_until = i.notice_until, due_at = i.due_at, due_step = i.due_step, limit_at = i.limit_at, due_unknown = i.due_unknown, extended = i.extended,
    last_at = i.last_at, ended_at = i.ended_at
  where id = i.id
$$;

create function filing_begins() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  if new.household is not null then
    select h.area into new.area from household h where h.id = new.household;
    if new.applicant is not null and not exists (select from membership m where m.household = new.household and m.person = new.applicant and m.to_date is null) then
      raise exception 'the applicant does not belong to the household' using errcode = 'DZ439';
    end if;
    select p.name into new.called from membership m join person p on p.id = m.person
      where m.household = new.household and m.to_date is null and (new.applicant is null or m.person = new.applicant) order by m.head desc, m.id limit 1;
  end if;
  new.called := coalesce(new.called, new.about);
  return new;
end
$$;
create trigger begins before insert on filing for each row execute function filing_begins();

create function item_begins() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  f filing;
  p workflow_procedure;
  q workflow_programme;
begin
  select * into f from filing where id = new.filing for share;
  select * into q from workflow_programme w where w.programme = new.programme and w.recognises = new.recognises;
  select * into p from workflow_procedure w where w.id = new.version;
  if q.programme is null or p.procedure is distinct from q.procedure or not p.current
    or casework_day(f.filed_at) < p.from_date or casework_day(f.filed_at) >= p.to_date then
    raise exception 'this is not how the programme is handled on the day' using errcode = 'DZ439';
  end if;
  if new.person is not null and not exists (select from membership m where m.household = f.household and m.person = new.person and m.to_date is null) then
    raise exception 'the person does not belong to the household' using errcode = 'DZ439';
  end if;
  new.household := f.household;
  new.called := coalesce((select n.name from person n where n.id = new.person), f.called);
  new.occasion := f.occasion;
  new.area := f.area;
  new.resident := f.resident;
  new.department := q.department;
  new.authority := p.authority;
  new.near_kin := new.near_kin or casework_near_kin(f.household, casework_day(f.filed_at), null);
  new.over_limit := casework_over_limit(p.authority, casework_day(f.filed_at), new.amount);
  new.drawn := false;
  new.extended := false;
  new.position := 0;
  new.state := 'open';
  new.ended_why := null;
  new.ended_at := null;
  new.decision := null;
  new.notice_until := null;
  new.opened_at := f.filed_at;
  new.last_at := f.filed_at;
  return casework_follow(new);
end
$$;
create trigger begins before insert on item for each row execute function item_begins();

-- Whether all who did something are who may: staff with a posting in the area.
create function casework_staff(accounts bigint[], role_wanted text[], in_area bigint, day date) returns bool
language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
  select not exists (select from unnest(accounts) a(id) where not exists (
    select from posting p join account c on c.id = p.account
    where p.account = a.id and c.staff and c.disabled_at is null and p.role = any(role_wanted) and p.from_date <= day and day < p.to_date
      and area_holds(p.area, in_area)))
$$;

create function step_done() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  i item;
  s workflow_step;
  f filing;
  a workflow_authority;
  day date := casework_day(new.at);
  objected bool;
  role text := coalesce(nullif(acting_role(), ''), case session_user when 'dajiuzhu_worker' then 'worker' else '' end);
  regime workflow_publicity;
  newest bigint;
begin
  select * into i from item where id = new.item for update;
  if i.state = 'ended' then raise exception 'the item is closed' using errcode = 'DZ430'; end if;
  if i.state = 'suspended' then raise exception 'the item is suspended' using errcode = 'DZ431'; end if;
  select * into f from filing where id = i.filing;
  select * into s from workflow_step w where w.version = i.version and w.id = new.step;
  if s.gives = 'acceptance' and not exists (select from item_step d where d.item = i.id and d.gives = 'acceptance') then
    -- From its acceptance on, an item goes by the version of that day.
    select p.id into newest from workflow_procedure p join workflow_procedure was on was.id = i.version and was.procedure = p.procedure
      where p.current and p.from_date <= day and day < p.to_date;
    if newest is not null and newest <> i.version then
      i.position := coalesce((select max(w.ord) from workflow_step w join item_step d on d.step = w.id and d.item = i.id where w.version = newest), 0);
      i.version := newest;
      select * into s from workflow_step w where w.version = i.version and w.id = new.step;
    end if;
  end if;
  new.account := acting_account();
  new.role := role;
  objected := casework_objected(i.id);
  if new.amount is not null then
    i.amount := new.amount;
    i.over_limit := casework_over_limit(i.authority, day, new.amount);
  end if;
  if s.id is null or s.ord <= i.position or new.at < i.last_at
    or exists (select from workflow_step w where w.version = i.version and w.ord > i.position and w.ord < s.ord
      and not casework_left_out(w.only_if, i, objected)) then
    raise exception 'not this step now' using errcode = 'DZ432';
  end if;
  if s.only_if <> '' and s.only_if <> 'papers-lacking' and casework_left_out(s.only_if, i, objected) then
    raise exception 'there is no occasion for this step' using errcode = 'DZ432';
  end if;
  if s.only_if = 'papers-lacking' and exists (select from item_step d where d.item = i.id and d.step = s.id) then
    raise exception 'what lacks is told once' using errcode = 'DZ432';
  end if;
  new.ord := s.ord;
  new.gives := s.gives;

  a := casework_authority(i.authority, day, i.amount);
  if not casework_may(s.by_whom, s.gives, a.rank, casework_reserve(a), role, acting_department() = i.department) then
    raise exception 'the step is not for this role' using errcode = 'DZ433';
  end if;
  if new.account <> all(new.people) or array_position(new.people, null) is not null then
    raise exception 'who writes it down is one of those who did it' using errcode = 'DZ435';
  end if;
  if (select count(distinct p) from unnest(new.people) p) < s.people or (select count(distinct p) from unnest(new.people) p) < cardinality(new.people) then
    raise exception 'too few people' using errcode = 'DZ435';
  end if;
  if cardinality(new.people) > 1 and not casework_staff(array_remove(new.people, new.account),
      case s.by_whom when 'department-officer' then array['department'] when 'township-officer' then array['officer', 'assistant']
        else array['officer', 'assistant', 'supervisor', 'department', 'decider'] end, i.area, day) then
    raise exception 'who took part is no member of staff here' using errcode = 'DZ435';
  end if;
  if s.both_sign and (new.signer = '' or new.signature = '') then
    raise exception 'the family has not signed' using errcode = 'DZ435';
  end if;
  if s.by_whom = 'resident' and role <> 'resident' and not (role = 'assistant' and f.proxy <> '') and (new.signer = '' or new.signature = '') then
    raise exception 'neither the family''s signature nor a paper by which it had somebody act' using errcode = 'DZ435';
  end if;
  -- Whoever did a step from which this one is kept, or surveyed or gave an opinion on what is to be decided. A fund's decision is only written down here.
  if exists (select from item_step d where d.item = i.id and d.people && new.people
      and (d.step = any(s.not_by) or s.gives = 'confirmation' and a.rank <> 'fund' and d.gives in ('survey', 'opinion'))) then
    raise exception 'somebody did a step that keeps from this one' using errcode = 'DZ434';
  end if;
  if s.gives = 'survey' and exists (select from objection o join objection_answer w on w.objection = o.id and w.answer = 're-survey'
      join item_step d on d.item = o.item and d.gives = 'survey' where o.item = i.id and d.people && new.people) then
    raise exception 'after an objection others survey' using errcode = 'DZ434';
  end if;
  if casework_near_kin(i.household, day, new.people) then
    raise exception 'a near relative''s case' using errcode = 'DZ437';
  end if;

  if s.gives = 'notice' or s.gives = 'publication' then
    select p.* into regime from workflow_publicity p join workflow_procedure v on v.id = i.version and v.publicity = p.publicity
      where p.from_date <= day and day < p.to_date order by p.current desc, p.id desc limit 1;
    if regime.id is null or regime.never then
      raise exception 'nothing of this is ever posted' using errcode = 'DZ439';
    end if;
  end if;
  if s.gives = 'notice' then
    i.notice_until := (day + coalesce(regime.notice_days, 0) + 1)::timestamp at time zone 'Asia/Shanghai';
  end if;
  if s.gives = 'meeting' and not casework_met(new.meeting, i.id, new.at) then
    raise exception 'no meeting with its quorum has spoken of the item' using errcode = 'DZ439';
  end if;
  if s.gives = 'confirmation' then
    if new.result not in ('granted', 'refused') then
      raise exception 'a decision grants or refuses' using errcode = 'DZ439';
    end if;
    if i.notice_until is not null and new.at < i.notice_until or objected then
      raise exception 'the notice runs, or an objection is open' using errcode = 'DZ438';
    end if;
    if new.result = 'refused' and new.reason = '' then
      raise exception 'a refusal has its reasons' using errcode = 'DZ436';
    end if;
    i.decision := new.result;
  end if;

  i.position := s.ord;
  i.state := 'open';
  i.last_at := new.at;
  i.due_at := new.due_at;
  i.due_step := new.due_step;
  i.due_unknown := new.due_unknown;
  i.limit_at := new.limit_at;
  perform casework_store(casework_follow(i));
  return new;
end
$$;
-- +goose StatementEnd
create trigger done before insert on item_step for each row execute function step_done();

-- +goose StatementBegin
-- What stops an item, lets it go on, or takes it back.
create function event_follows() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  i item;
  f filing;
  s workflow_step;
  here workflow_step;
  role text := coalesce(nullif(acting_role(), ''), case session_user when 'dajiuzhu_worker' then 'worker' else '' end);
  day date := casework_day(new.at);
  allowed bool;
begin
  select * into i from item where id = new.item for update;
  select * into f from filing where id = i.filing;
  new.account := acting_account();
  new.role := role;
  if i.state = 'ended' then raise exception 'the item is closed' using errcode = 'DZ430'; end if;
  if i.state = 'suspended' and new.kind not in ('resume', 'died', 'withdraw') then raise exception 'the item is suspended' using errcode = 'DZ431'; end if;
  if new.at < i.last_at then raise exception 'not before what was done last' using errcode = 'DZ432'; end if;
  if casework_near_kin(i.household, day, array[new.account]) then raise exception 'a near relative''s case' using errcode = 'DZ437'; end if;
  select * into here from workflow_step w where w.version = i.version and w.ord = i.next_ord;
  allowed := case new.kind
    when 'return' then role = 'supervisor' or i.decision is null and casework_may(here.by_whom, here.gives, i.next_rank, false, role, acting_department() = i.department)
      and role <> 'resident'
      or i.decision is null and role = 'officer' and exists (select from objection o join objection_answer w on w.objection = o.id
        where o.item = i.id and w.recorded_at = now() and w.answer <> 'not-taken') -- what an answer has done anew, in the answer's transaction
    when 'withdraw' then role in ('resident', 'assistant', 'officer') or role = 'department' and acting_department() = i.department
    when 'not-wished' then role in ('resident', 'assistant', 'officer') or role = 'department' and acting_department() = i.department
    when 'died' then role in ('assistant', 'officer', 'supervisor', 'worker') or role = 'department' and acting_department() = i.department
    when 'moved' then role in ('officer', 'supervisor')
    when 'suspend' then role = 'supervisor'
    when 'resume' then role = 'supervisor'
    when 'extend' then role in ('officer', 'decider', 'supervisor')
    when 'near-kin' then role in ('officer', 'supervisor')
    when 'drawn' then role in ('worker', 'supervisor')
    else false end;
  if not coalesce(allowed, false) then raise exception 'not for this role' using errcode = 'DZ433'; end if;
  if new.kind in ('withdraw', 'not-wished') and (i.decision is not null or role <> 'resident' and (new.signer = '' or new.signature = '')) then
    raise exception 'the family signs that it wants no more of it, before the decision' using errcode = 'DZ435';
  end if;
  case new.kind
    when 'return' then
      select * into s from workflow_step w where w.version = i.version and w.id = new.to_step;
      if s.id is null or s.ord > i.position or not exists (select from item_step d where d.item = i.id and d.step = s.id) then
        raise exception 'it is returned to a step that was done' using errcode = 'DZ432';
      end if;
      i.position := s.ord - 1;
      i.state := 'returned';
      i.decision := case when exists (select from workflow_step w where w.version = i.version and w.gives = 'confirmation' and w.ord > i.position)
        then null else i.decision end;
      if exists (select from workflow_step w where w.version = i.version and w.gives = 'notice' and w.ord > i.position) then
        i.notice_until := null;
      end if;
    when 'suspend' then i.state := 'suspended';
    when 'resume' then
      if i.state <> 'suspended' then raise exception 'it is not suspended' using errcode = 'DZ432'; end if;
      i.state := 'open';
    when 'extend' then
      if i.extended then raise exception 'it was extended before' using errcode = 'DZ432'; end if;
      i.extended := true;
      i.limit_at := new.limit_at;
    when 'near-kin' then i.near_kin := true;
    when 'drawn' then i.drawn := true;
    else
      i.state := 'ended';
      i.ended_why := case new.kind when 'withdraw' then 'withdrawn' else new.kind end;
      i.ended_at := new.at;
  end case;
  i.last_at := new.at;
  if new.kind in ('return', 'resume', 'extend', 'near-kin', 'drawn') then
    i.due_at := new.due_at;
    i.due_step := new.due_step;
    i.due_unknown := new.due_unknown;
    i.limit_at := coalesce(new.limit_at, i.limit_at);
  end if;
  perform casework_store(casework_follow(i));
  return new;
end
$$;
create trigger follows before insert on item_event for each row execute function event_follows();

-- A decision belongs to the step by which it was made; deciding otherwise than the engine needs a reason.
create function decision_fits() returns trigger
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
  a := casework_authority(i.authority, casework_day(d.at), d.amount);
  new.authority := a.id;
  new.against := new.result = 'granted' and new.outcome in ('ineligible', 'not-in-force') or new.result = 'refused' and new.outcome in ('eligible', 'likely');
  if new.against and new.reason = '' then
    raise exception 'deciding otherwise than the engine needs a reason' using errcode = 'DZ436';
  end if;
  return new;
end
$$;
create trigger fits before insert on decision for each row execute function decision_fits();

-- No step decides without a decision that says what it rests on.
create function decision_there() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  if not exists (select from decision d where d.step = new.id) then
    raise exception 'a decision says what it rests on' using errcode = 'DZ439';
  end if;
  return null;
end
$$;
create constraint trigger decided after insert on item_step deferrable initially deferred
  for each row when (new.gives = 'confirmation') execute function decision_there();

create function award_fits() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  d decision;
  i item;
begin
  select * into d from decision where id = new.decision;
  select * into i from item where id = d.item;
  if d.result is distinct from 'granted' or not exists (select from jsonb_array_elements(d.grants) g
      where g ->> 'component' = new.component and (g ->> 'amount')::numeric is not distinct from new.amount and g ->> 'per' = new.per) then
    raise exception 'nothing is awarded but what was decided' using errcode = 'DZ439';
  end if;
  new.item := i.id;
  new.household := i.household;
  new.person := i.person;
  new.area := i.area;
  new.department := i.department;
  new.resident := i.resident;
  new.programme := i.programme;
  new.recognises := i.recognises;
  return new;
end
$$;
create trigger fits before insert on award for each row execute function award_fits();

-- An objection is to something that was done and can still be done otherwise.
create function objection_begins() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  i item;
  wanted text := case new.against when 'means-check' then 'check' else new.against end;
begin
  select * into i from item where id = new.item for update;
  if i.state = 'ended' then raise exception 'the item is closed' using errcode = 'DZ430'; end if;
  if i.decision is not null or not exists (select from item_step d join workflow_step w on w.version = i.version and w.id = d.step
      where d.item = i.id and d.gives = wanted and w.ord <= i.position) then
    raise exception 'there is nothing of the kind to object to, or it was decided' using errcode = 'DZ432';
  end if;
  new.account := acting_account();
  new.role := acting_role();
  return new;
end
$$;
create trigger begins before insert on objection for each row execute function objection_begins();
create function objection_follows() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  i item;
begin
  select * into i from item where id = new.item;
  perform casework_store(casework_follow(i));
  return null;
end
$$;
create trigger follows after insert on objection for each row execute function objection_follows();

create function objection_answered() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  i item;
begin
  select t.* into i from objection o join item t on t.id = o.item where o.id = new.objection for update of t;
  if i.state = 'ended' then raise exception 'the item is closed' using errcode = 'DZ430'; end if;
  if acting_role() not in ('officer', 'supervisor') and not (acting_role() = 'department' and acting_department() = i.department) then
    raise exception 'not for this role' using errcode = 'DZ433';
  end if;
  if new.answer = 'community-review' and (cardinality(new.present) = 0 or new.upheld is null) then
    raise exception 'a review says who sat and what it found' using errcode = 'DZ435';
  end if;
  new.account := acting_account();
  new.role := acting_role();
  return new;
end
$$;
create trigger answered before insert on objection_answer for each row execute function objection_answered();
create function objection_closed() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  i item;
begin
  select t.* into i from objection o join item t on t.id = o.item where o.id = new.objection;
  perform casework_store(casework_follow(i));
  return null;
end
$$;
create trigger closed after insert on objection_answer for each row execute function objection_closed();

create function meeting_takes() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  if exists (select from meeting_held h where h.meeting = new.meeting) then
    raise exception 'the meeting is over' using errcode = 'DZ430';
  end if;
  return new;
end
$$;
create trigger takes before insert on meeting_item for each row execute function meeting_takes();
create trigger takes before insert on meeting_seat for each row execute function meeting_takes();
create trigger takes before insert on meeting_voice for each row execute function meeting_takes();
-- +goose StatementEnd

-- What was done stands: nobody changes or removes a row, the owner neither by mistake. An item alone follows what is done.
create trigger append_only before update or delete or truncate on filing for each statement execute function refuse_rewriting();
create trigger append_only before update or delete or truncate on item_step for each statement execute function refuse_rewriting();
create trigger append_only before update or delete or truncate on item_event for each statement execute function refuse_rewriting();
create trigger append_only before update or delete or truncate on decision for each statement execute function refuse_rewriting();
create trigger append_only before update or delete or truncate on award for each statement execute function refuse_rewriting();
create trigger append_only before update or delete or truncate on paper for each statement execute function refuse_rewriting();
create trigger append_only before update or delete or truncate on objection for each statement execute function refuse_rewriting();
create trigger append_only before update or delete or truncate on objection_answer for each statement execute function refuse_rewriting();
create trigger append_only before update or delete or truncate on meeting for each statement execute function refuse_rewriting();
create trigger append_only before update or delete or truncate on meeting_held for each statement execute function refuse_rewriting();
create trigger append_only before update or delete or truncate on meeting_voice for each statement execute function refuse_rewriting();
create trigger append_only before update or delete or truncate on meeting_item for each statement execute function refuse_rewriting();
create trigger append_only before update or delete or truncate on meeting_seat for each statement execute function refuse_rewriting();
create trigger not_removed before delete or truncate on item for each statement execute function refuse_rewriting();

revoke execute on function casework_near_kin, casework_follow, casework_store, casework_staff from public;

-- Who sees filings in their area; a department's officer only its own items, a resident only their own.
create function acting_reads_filings() returns bool language sql stable parallel safe
  return acting_role() in ('assistant', 'officer', 'decider', 'supervisor', 'administrator', 'inspector');
create function acting_writes_filings() returns bool language sql stable parallel safe
  return acting_account() <> 0 and acting_role() in ('resident', 'assistant', 'officer', 'decider', 'supervisor', 'department');

-- Whether a department's officer has an item of a filing.
create function acting_has_item(wanted bigint) returns bool language sql stable security definer set search_path = pg_catalog, public, pg_temp
  return exists (select from item i where i.filing = wanted and i.department = acting_department() and acting_reaches(i.area));
-- Whether a department's officer is called to a meeting.
create function acting_is_called(wanted bigint) returns bool language sql stable security definer set search_path = pg_catalog, public, pg_temp
  return exists (select from meeting_seat s where s.meeting = wanted and s.department = acting_department());
revoke execute on function acting_has_item, acting_is_called from public;
grant execute on function acting_has_item, acting_is_called to dajiuzhu_app, dajiuzhu_worker;

alter table workflow_procedure enable row level security;
alter table workflow_step enable row level security;
alter table workflow_authority enable row level security;
alter table workflow_publicity enable row level security;
alter table workflow_programme enable row level security;
alter table filing enable row level security;
alter table item enable row level security;
alter table item_step enable row level security;
alter table item_event enable row level security;
alter table decision enable row level security;
alter table award enable row level security;
alter table paper enable row level security;
alter table casework_once enable row level security;
alter table objection enable row level security;
alter table objection_answer enable row level security;
alter table meeting enable row level security;
alter table meeting_item enable row level security;
alter table meeting_seat enable row level security;
alter table meeting_held enable row level security;
alter table meeting_voice enable row level security;

create policy reader on workflow_procedure for select to dajiuzhu_app, dajiuzhu_worker using (true);
create policy reader on workflow_step for select to dajiuzhu_app, dajiuzhu_worker using (true);
create policy reader on workflow_authority for select to dajiuzhu_app, dajiuzhu_worker using (true);
create policy reader on workflow_publicity for select to dajiuzhu_app, dajiuzhu_worker using (true);
create policy reader on workflow_programme for select to dajiuzhu_app, dajiuzhu_worker using (true);

create policy app on item for select to dajiuzhu_app using (
  resident = (select acting_account()) and (select acting_role()) = 'resident' and resident <> 0
  or ((select acting_reads_filings()) or (select acting_role()) = 'department' and department = (select acting_department()))
    and area >= (select acting_area_from()) and area < (select acting_area_to()));
create policy app on filing for select to dajiuzhu_app using (
  resident = (select acting_account()) and (select acting_role()) = 'resident' and resident <> 0
  or (select acting_reads_filings()) and area >= (select acting_area_from()) and area < (select acting_area_to())
  or account = (select acting_account()) and account <> 0
  or (select acting_role()) = 'department' and acting_has_item(id));
create policy app on award for select to dajiuzhu_app using (
  resident = (select acting_account()) and (select acting_role()) = 'resident' and resident <> 0
  or ((select acting_reads_filings()) or (select acting_role()) = 'department' and department = (select acting_department()))
    and area >= (select acting_area_from()) and area < (select acting_area_to()));
create policy app on item_step for select to dajiuzhu_app using (exists (select from item i where i.id = item_step.item));
create policy app on item_event for select to dajiuzhu_app using (exists (select from item i where i.id = item_event.item));
create policy app on decision for select to dajiuzhu_app using (exists (select from item i where i.id = decision.item));
create policy app on objection for select to dajiuzhu_app using (exists (select from item i where i.id = objection.item));
create policy app on objection_answer for select to dajiuzhu_app using (exists (select from objection o where o.id = objection_answer.objection));
create policy app on paper for select to dajiuzhu_app using (exists (select from filing f where f.id = paper.filing)
  and (item is null or exists (select from item i where i.id = paper.item)));
create policy app on casework_once for select to dajiuzhu_app using (account = (select acting_account()) and account <> 0);
create policy app on meeting for select to dajiuzhu_app using (
  (select acting_reads_filings()) and (select acting_role()) <> 'assistant'
    and (area_holds(area, (select acting_area_from())) or area >= (select acting_area_from()) and area < (select acting_area_to()))
  or (select acting_role()) = 'department' and acting_is_called(id));
create policy app on meeting_item for select to dajiuzhu_app using (exists (select from item i where i.id = meeting_item.item));
create policy app on meeting_seat for select to dajiuzhu_app using (
  department = (select acting_department()) and (select acting_role()) = 'department' or (select acting_reads_filings()) and (select acting_role()) <> 'assistant');
create policy app on meeting_held for select to dajiuzhu_app using (exists (select from meeting m where m.id = meeting_held.meeting));
create policy app on meeting_voice for select to dajiuzhu_app using (exists (select from item i where i.id = meeting_voice.item));

create policy files on filing for insert to dajiuzhu_app with check ((select acting_writes_filings()) and account = (select acting_account())
  and role = (select acting_role()) and (select acting_role()) in ('assistant', 'officer', 'supervisor')
  and area >= (select acting_area_from()) and area < (select acting_area_to()));
create policy files on item for insert to dajiuzhu_app with check ((select acting_writes_filings())
  and (select acting_role()) in ('assistant', 'officer', 'supervisor')
  and area >= (select acting_area_from()) and area < (select acting_area_to()) and exists (select from filing f where f.id = item.filing));
create policy does on item_step for insert to dajiuzhu_app with check ((select acting_writes_filings()) and exists (select from item i where i.id = item_step.item));
create policy does on item_event for insert to dajiuzhu_app with check ((select acting_writes_filings()) and exists (select from item i where i.id = item_event.item));
create policy does on decision for insert to dajiuzhu_app with check ((select acting_writes_filings()) and exists (select from item i where i.id = decision.item));
create policy does on award for insert to dajiuzhu_app with check ((select acting_writes_filings()) and exists (select from decision d where d.id = award.decision));
create policy does on paper for insert to dajiuzhu_app with check ((select acting_writes_filings()) and account = (select acting_account())
  and exists (select from filing f where f.id = paper.filing));
create policy does on casework_once for insert to dajiuzhu_app with check (account = (select acting_account()) and account <> 0);
create policy does on objection for insert to dajiuzhu_app with check ((select acting_writes_filings()) and exists (select from item i where i.id = objection.item));
create policy does on objection_answer for insert to dajiuzhu_app with check ((select acting_writes_filings())
  and exists (select from objection o where o.id = objection_answer.objection));
create policy convenes on meeting for insert to dajiuzhu_app with check ((select acting_role()) = 'supervisor' and account = (select acting_account())
  and area >= (select acting_area_from()) and area < (select acting_area_to()));
create policy convenes on meeting_item for insert to dajiuzhu_app with check ((select acting_role()) = 'supervisor'
  and exists (select from meeting m where m.id = meeting_item.meeting) and exists (select from item i where i.id = meeting_item.item));
create policy convenes on meeting_seat for insert to dajiuzhu_app with check ((select acting_role()) = 'supervisor' and exists (select from meeting m where m.id = meeting_seat.meeting));
create policy convenes on meeting_held for insert to dajiuzhu_app with check ((select acting_role()) = 'supervisor' and account = (select acting_account())
  and exists (select from meeting m where m.id = meeting_held.meeting));
create policy convenes on meeting_voice for insert to dajiuzhu_app with check ((select acting_role()) = 'supervisor' and exists (select from meeting m where m.id = meeting_voice.meeting));

grant select on workflow_procedure, workflow_step, workflow_authority, workflow_publicity, workflow_programme,
  filing, item, item_step, item_event, decision, award, paper, casework_once, objection, objection_answer,
  meeting, meeting_item, meeting_seat, meeting_held, meeting_voice to dajiuzhu_app, dajiuzhu_worker;
grant insert (household, about, area, applicant, occasion, cause, channel, proxy, resident, discovered_on, filed_at) on filing to dajiuzhu_app, dajiuzhu_worker;
grant insert (filing, programme, recognises, person, version, outcome, amount, near_kin, due_at, due_step, limit_at, due_unknown) on item to dajiuzhu_app, dajiuzhu_worker;
grant insert (item, step, at, people, signer, signature, result, amount, reason, detail, meeting, due_at, due_step, limit_at, due_unknown)
  on item_step to dajiuzhu_app, dajiuzhu_worker;
grant insert (item, kind, at, to_step, reason, signer, signature, due_at, due_step, limit_at, due_unknown) on item_event to dajiuzhu_app, dajiuzhu_worker;
grant insert (item, step, result, grants, outcome, reason, facts, pack, engine, on_date, explanation) on decision to dajiuzhu_app, dajiuzhu_worker;
grant insert (decision, component, amount, per, from_date, to_date) on award to dajiuzhu_app, dajiuzhu_worker;
grant insert (filing, item, kind, name, pages, kept, on_date) on paper to dajiuzhu_app, dajiuzhu_worker;
grant insert (key, result) on casework_once to dajiuzhu_app, dajiuzhu_worker;
grant insert (item, against, who, said, at, due_at, due_unknown) on objection to dajiuzhu_app;
grant insert (objection, answer, upheld, found, present, at) on objection_answer to dajiuzhu_app;
grant insert (area, at, place, agenda, quorum) on meeting to dajiuzhu_app;
grant insert (meeting, item) on meeting_item to dajiuzhu_app;
grant insert (meeting, department) on meeting_seat to dajiuzhu_app;
grant insert (meeting, held_at, minutes, paper) on meeting_held to dajiuzhu_app;
grant insert (meeting, item, department, name, agreed, said) on meeting_voice to dajiuzhu_app;
