-- What becomes of warnings: who works on each, what was found, how it was answered, and the reports that come in beside them.

-- +goose Up

-- What the pack last applied says of each rule, of each reason for a "no", and of when evidence is news.
create table warning_rule (
  rule       text primary key,
  mechanism  text not null,
  level      text not null,
  department text not null -- '' but where a department works on it
);
create table warning_reason (
  reason text primary key,
  alone  text[] not null, -- roles that give it without the township, each with the route: 'assistant village-assistant'
  note   boolean not null
);
create table warning_material (
  share numeric not null, -- of a number, from which its change is news
  never text[] not null   -- paths whose change alone is none
);

-- One round of work on a warning, or on reports of one household. A warning that comes back after an answer has a further round.
create table warning_handling (
  id           bigint generated always as identity primary key,
  warning      bigint references warning,       -- null: it is reports alone
  prior        bigint references warning_handling, -- the round before
  rule         text not null,
  mechanism    text not null,
  level        text not null check (level in ('red', 'orange', 'yellow', 'blue')),
  rank         smallint not null generated always as (case level when 'red' then 1 when 'orange' then 2 when 'yellow' then 3 else 4 end) stored,
  household    bigint,                          -- null: nobody found yet
  person       bigint,
  area         bigint not null,
  route        text not null,                   -- where it lies now
  department   text not null,                   -- of its rule, '' of most
  evidence     jsonb not null,                  -- as the engine last had it while the round was open
  raised_on    date not null,
  opened_at    timestamptz not null default now(),
  due_on       date not null default 'infinity',
  state        text not null default 'new' check (state in ('new', 'quiet', 'claimed', 'assigned', 'visiting', 'verified', 'confirmed', 'helped', 'dismissed',
                 'lapsed', 'joined')),
  open         boolean not null generated always as (state in ('new', 'claimed', 'assigned', 'visiting', 'verified', 'confirmed')) stored,
  account      bigint,                          -- who claimed it or whom it was assigned to
  visit        bigint,                          -- that was planned last
  finding      text not null default '' check (finding in ('', 'need', 'no-need', 'unclear')), -- at home
  reason       text not null default '',        -- of a "no", given or proposed
  reports      int not null default 0,          -- that are worked on in it
  escalated_at timestamptz,                     -- when it was last passed on for lying too long
  answered_at  timestamptz,
  quiet_until  date,                            -- until then the engine's raising it again is not shown
  watched      boolean not null default false,  -- answered, the warning stands, and it may come back
  ended_at     timestamptz,                     -- when the engine closed the warning
  ended_why    text,
  joined_to    bigint references warning_handling, -- the round in which the reports go on
  check (warning is not null or reports > 0 or state = 'joined'),
  check ((state in ('helped', 'dismissed')) = (answered_at is not null)),
  check ((state = 'dismissed') <= (reason <> '')),
  check ((state = 'quiet') <= (quiet_until is not null)),
  check ((state in ('claimed', 'assigned')) <= (account is not null)),
  check (watched <= (answered_at is not null)),
  check ((state = 'joined') = (joined_to is not null))
);
create unique index warning_handling_once on warning_handling (warning) where open or state = 'quiet';
-- The inbox: the whole city in its order, a small area by itself, and what is asked for most.
create index warning_handling_order on warning_handling (rank, due_on, id) where open;
create index warning_handling_area on warning_handling (area, rank, due_on, id) where open;
create index warning_handling_route on warning_handling (route, rank, due_on, id) where open;
create index warning_handling_rule on warning_handling (rule, rank, due_on, id) where open;
create index warning_handling_account on warning_handling (account, rank, due_on, id) where open and account is not null;
create index warning_handling_department on warning_handling (department, rank, due_on, id) where open and department <> '';
create index warning_handling_past on warning_handling (rank, due_on, id) where not open;
create index warning_handling_past_area on warning_handling (area, rank, due_on, id) where not open;
create index warning_handling_due on warning_handling (route, due_on) where open;
create index warning_handling_household on warning_handling (household, rule, id desc);
create index warning_handling_person on warning_handling (person, rule, id desc) where person is not null;
create index warning_handling_warning on warning_handling (warning, id desc);
create index warning_handling_visit on warning_handling (visit) where visit is not null;
create index warning_handling_quiet on warning_handling (quiet_until) where watched or state = 'quiet';

-- What was done to a round, in order. Rows are never changed.
create table warning_step (
  id       bigint generated always as identity primary key,
  handling bigint not null references warning_handling,
  kind     text not null check (kind in ('claim', 'release', 'assign', 'visit', 'visited', 'verify', 'confirm', 'dismiss', 'propose', 'help', 'reopen', 'escalate',
             'wake', 'report', 'match', 'join', 'end')),
  state    text not null,               -- to which it led
  account  bigint not null default acting_account(),
  role     text not null default acting_role(),
  at       timestamptz not null default clock_timestamp(),
  other    bigint,                      -- to whom, which visit, which report
  word     text not null default '',    -- reason, finding, or the route that it went to
  note     text not null default '' check (length(note) <= 500),
  once     text not null default ''
);
create index warning_step_handling on warning_step (handling, id);
create unique index warning_step_once on warning_step (account, once) where once <> '';

-- What somebody reported: that a family may need help. Of whom it speaks may not be found yet.
create table report (
  id             bigint generated always as identity primary key,
  receipt        text not null unique, -- by which the reporter asks what became of it
  handling       bigint not null references warning_handling,
  source         text not null check (source in ('qr', 'hotline', 'organisation', 'village')),
  area           bigint not null,
  household      bigint,
  name           text not null check (length(name) <= 40),
  place          text not null check (length(place) <= 120),
  what           text not null check (length(what) between 2 and 500),
  contact_sealed bytea,                -- report.contact
  organisation   text not null default '' check (length(organisation) <= 80),
  account        bigint not null,
  on_date        date not null,        -- by the platform's clock
  at             timestamptz not null default now(),
  once           text not null default ''
);
create index report_handling on report (handling, id);
create index report_household on report (household) where household is not null;
create unique index report_once on report (account, once) where once <> '';

-- How many reports came from somewhere in an hour, by a digest of where; kept for a day.
create table report_rate (
  sender bytea not null,
  hour   timestamptz not null,
  n      int not null,
  primary key (sender, hour)
);

alter table warning_rule enable row level security;
alter table warning_reason enable row level security;
alter table warning_material enable row level security;
alter table warning_handling enable row level security;
alter table warning_step enable row level security;
alter table report enable row level security;
alter table report_rate enable row level security;

create policy worker on warning_rule to dajiuzhu_worker using (true);
create policy worker on warning_reason to dajiuzhu_worker using (true);
create policy worker on warning_material to dajiuzhu_worker using (true);
create policy worker on warning_handling to dajiuzhu_worker using (true) with check (true);
create policy worker on warning_step to dajiuzhu_worker using (true) with check (true);
create policy worker on report to dajiuzhu_worker using (true) with check (true);
create policy worker on report_rate to dajiuzhu_worker using (true) with check (true);

-- Whoever works on cases in the area, and of what is a department's that department's officers.
create policy area on warning_handling for select to dajiuzhu_app using (
  ((select may_read_findings()) or (select acting_role()) = 'department' and department <> '' and department = (select acting_department()))
  and area >= (select acting_area_from()) and area < (select acting_area_to()));
create policy acts on warning_handling for update to dajiuzhu_app using (
  ((select acting_role()) in ('assistant', 'officer', 'decider', 'supervisor')
    or (select acting_role()) = 'department' and department <> '' and department = (select acting_department()))
  and area >= (select acting_area_from()) and area < (select acting_area_to()));
create policy area on warning_step for select to dajiuzhu_app using (exists (select from warning_handling h where h.id = handling));
create policy acts on warning_step for insert to dajiuzhu_app with check (account = (select acting_account()) and account <> 0
  and exists (select from warning_handling h where h.id = handling));
create policy area on report for select to dajiuzhu_app using (
  account = (select acting_account()) and account <> 0
  or (select may_read_findings()) and area >= (select acting_area_from()) and area < (select acting_area_to()));

grant select, insert, update on warning_handling to dajiuzhu_worker;
grant select, insert on warning_step, report to dajiuzhu_worker;
grant update (contact_sealed) on report to dajiuzhu_worker;
grant select, delete on report_rate to dajiuzhu_worker;
grant select on warning_rule, warning_reason, warning_material to dajiuzhu_worker;
grant select on warning_handling, warning_step, report to dajiuzhu_app;
grant update (state, account, visit, finding, reason, answered_at, quiet_until) on warning_handling to dajiuzhu_app;
grant insert (handling, kind, state, other, word, note, once) on warning_step to dajiuzhu_app;

create trigger append_only before update or delete or truncate on warning_step for each statement execute function refuse_rewriting();

-- What may follow what. A page can do no more than this, whatever it says.
-- +goose StatementBegin
create function warning_handling_moves() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  acting text := acting_role();
  alone boolean;
begin
  if new.state <> old.state and (old.state, new.state) not in (
      ('new', 'claimed'), ('new', 'assigned'), ('new', 'visiting'), ('new', 'verified'), ('new', 'confirmed'), ('new', 'dismissed'), ('new', 'lapsed'), ('new', 'joined'),
      ('quiet', 'new'), ('quiet', 'lapsed'),
      ('claimed', 'new'), ('claimed', 'assigned'), ('claimed', 'visiting'), ('claimed', 'verified'), ('claimed', 'confirmed'), ('claimed', 'dismissed'), ('claimed', 'joined'),
      ('assigned', 'new'), ('assigned', 'claimed'), ('assigned', 'visiting'), ('assigned', 'verified'), ('assigned', 'confirmed'), ('assigned', 'dismissed'), ('assigned', 'joined'),
      ('visiting', 'new'), ('visiting', 'claimed'), ('visiting', 'assigned'), ('visiting', 'verified'), ('visiting', 'confirmed'), ('visiting', 'dismissed'), ('visiting', 'joined'),
      ('verified', 'claimed'), ('verified', 'assigned'), ('verified', 'visiting'), ('verified', 'confirmed'), ('verified', 'dismissed'), ('verified', 'joined'),
      ('confirmed', 'visiting'), ('confirmed', 'dismissed'))
      and not (old.open and new.state = 'helped') then
    raise exception 'a warning does not go from % to %', old.state, new.state using errcode = 'DZ440';
  end if;
  if old.answered_at is not null and (new.state, new.reason, new.quiet_until, new.answered_at, new.finding, new.account, new.visit)
      is distinct from (old.state, old.reason, old.quiet_until, old.answered_at, old.finding, old.account, old.visit) then
    raise exception 'what was answered stays so' using errcode = 'DZ440';
  end if;
  if old.answered_at is null and new.answered_at is not null then
    new.watched := new.warning is not null and new.ended_at is null;
  end if;
  if session_user <> 'dajiuzhu_app' then return new; end if;
  if new.state = 'lapsed' and old.state <> 'lapsed' then
    raise exception 'only the engine lets a warning go' using errcode = 'DZ441';
  end if;
  if new.state = 'confirmed' and old.state <> 'confirmed' and acting not in ('officer', 'supervisor', 'department') then
    raise exception 'the township confirms' using errcode = 'DZ441';
  end if;
  if new.state = 'helped' and acting not in ('officer', 'decider', 'supervisor', 'department') then
    raise exception 'the township says what helped' using errcode = 'DZ441';
  end if;
  if new.state = 'dismissed' and acting not in ('officer', 'supervisor') then
    select acting || ' ' || old.route = any(r.alone) into alone from warning_reason r where r.reason = new.reason;
    if acting not in ('assistant', 'department') or alone is not true then
      raise exception 'a no is for the township to confirm' using errcode = 'DZ441';
    end if;
  end if;
  if acting = 'decider' and new.state not in ('helped', old.state) then
    raise exception 'who decides works on no warning' using errcode = 'DZ441';
  end if;
  return new;
end
$$;
-- +goose StatementEnd
create trigger moves before update on warning_handling for each row execute function warning_handling_moves();

-- Whether evidence is news against what it was: a number that moved by the pack's share, something known that was not, or anything else that is
-- another. That something is not known any more is no news, nor is what the pack leaves out.
-- +goose StatementBegin
create function evidence_differs(was jsonb, became jsonb) returns boolean
language sql stable set search_path = pg_catalog, public, pg_temp as $$
  select exists (
    select from jsonb_array_elements(became) n
    left join jsonb_array_elements(was) w on w ->> 'path' = n ->> 'path'
    left join warning_material m on true
    where n ->> 'value' not in ('unknown', 'error', 'not-in-force') and (n ->> 'path') <> all (coalesce(m.never, '{}'))
      and case when n ->> 'value' ~ '^-?[0-9]+(\.[0-9]+)?$' and w ->> 'value' ~ '^-?[0-9]+(\.[0-9]+)?$'
        then (n ->> 'value')::numeric <> (w ->> 'value')::numeric
          and abs((n ->> 'value')::numeric - (w ->> 'value')::numeric) >= coalesce(m.share, 0) * abs((w ->> 'value')::numeric)
        else n ->> 'value' is distinct from w ->> 'value' end)
$$;
-- +goose StatementEnd
revoke execute on function evidence_differs from public;
grant execute on function evidence_differs to dajiuzhu_worker;

create function level_rank(level text) returns int language sql immutable parallel safe
  return case level when 'red' then 1 when 'orange' then 2 when 'yellow' then 3 else 4 end;

-- A warning that the engine raises becomes work, unless the same was answered and is still to be quiet. The answer is found by the person where
-- it is about one, since households come and go.
-- +goose StatementBegin
create function warning_becomes_work() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  insert into warning_handling (warning, prior, rule, mechanism, level, household, person, area, route, department, evidence, raised_on, due_on, state, quiet_until)
  select w.id, q.id, w.rule, w.mechanism, w.level, w.household, w.person, w.area, w.route, coalesce(r.department, ''), w.evidence, w.raised_on,
    coalesce(w.due_on, 'infinity'), case when q.hush then 'quiet' else 'new' end, case when q.hush then q.quiet_until end
  from raised w
  left join warning_rule r using (rule)
  left join lateral (
    select h.id, h.quiet_until,
      h.quiet_until > w.raised_on and level_rank(w.level) >= h.rank and not evidence_differs(h.evidence, w.evidence) as hush
    from warning_handling h
    where h.rule = w.rule and (w.person is null and h.household = w.household and h.person is null or h.person = w.person) and h.answered_at is not null
    order by h.id + 0 desc limit 1) q on true -- an expression, so that nobody walks all ids backwards for it
  order by w.id;
  return null;
end
$$;

-- What the engine changes about a warning: it is closed, or it shows something else.
create function warning_changes_work() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  -- Closed before anybody looked: it goes. While somebody works on it: it says so, and the work goes on.
  update warning_handling h set ended_at = w.closed_at, ended_why = w.closed_why, watched = false,
      state = case when h.state in ('new', 'quiet') and h.reports = 0 then 'lapsed' else h.state end
    from after_it w join before_it b using (id)
    where h.warning = w.id and w.state = 'closed' and b.state <> 'closed' and (h.open or h.state = 'quiet' or h.watched);
  -- News about what was answered: a further round.
  with anew as (
    update warning_handling h set watched = false from after_it w
    where h.warning = w.id and h.watched and w.state <> 'closed'
      and (level_rank(w.level) < h.rank or evidence_differs(h.evidence, w.evidence))
    returning h.id, w.id as warning)
  insert into warning_handling (warning, prior, rule, mechanism, level, household, person, area, route, department, evidence, raised_on, due_on)
  select w.id, a.id, w.rule, w.mechanism, w.level, w.household, w.person, w.area, w.route, coalesce(r.department, ''), w.evidence,
    n.day, coalesce(n.day + (w.due_on - w.raised_on), 'infinity') -- as long as it had the first time
  from anew a join after_it w on w.id = a.warning left join warning_rule r using (rule)
  cross join lateral (select coalesce((select f.on_date from finding f where f.household = w.household), w.raised_on) as day) n order by w.id;
  update warning_handling h set evidence = w.evidence, level = w.level, area = w.area,
      state = case when h.state = 'quiet' and (level_rank(w.level) < h.rank or evidence_differs(h.evidence, w.evidence)) then 'new' else h.state end
    from after_it w
    where h.warning = w.id and (h.open or h.state = 'quiet') and w.state <> 'closed' and (h.evidence, h.level, h.area) is distinct from (w.evidence, w.level, w.area);
  return null;
end
$$;
-- +goose StatementEnd
revoke execute on function warning_handling_moves, warning_becomes_work, warning_changes_work from public;
create trigger becomes_work after insert on warning referencing new table as raised for each statement execute function warning_becomes_work();
create trigger changes_work after update on warning referencing old table as before_it new table as after_it for each statement execute function warning_changes_work();

-- Warnings that were raised before anybody could work on them.
insert into warning_handling (warning, rule, mechanism, level, household, person, area, route, department, evidence, raised_on, due_on)
  select id, rule, mechanism, level, household, person, area, route, '', evidence, raised_on, coalesce(due_on, 'infinity') from warning where state <> 'closed' order by id;

-- The rounds of an inbox, in its order. It is the owner's, as the searches of people are: under row-level security no plan knows whether a village or
-- the whole city is asked for. It reads who asks and from where from the transaction, and gives no round that the policy would not show.
-- +goose StatementBegin
create function warning_page(within_from bigint, within_to bigint, ranks smallint[], mechanisms text[], rules text[], states text[], on_route text, of_account bigint,
  unclaimed bool, due_before date, ended bool, nobody bool, after_rank int, after_due date, after_id bigint, most int) returns setof bigint
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp set jit = off as $$
declare
  lo bigint := greatest(acting_area_from(), within_from);
  hi bigint := least(acting_area_to(), within_to);
  of_department text := case when acting_role() = 'department' then acting_department() end;
  open_states text[] := '{new,claimed,assigned,visiting,verified,confirmed}';
  conditions text := 'area >= $1 and area < $2';
begin
  if lo >= hi or not (may_read_findings() or coalesce(of_department, '') <> '') then return; end if;
  if of_department is not null then conditions := conditions || $c$ and department = $3 and department <> ''$c$; end if;
  if states is null then conditions := conditions || ' and open';
  elsif states <@ open_states then conditions := conditions || ' and open and state = any($4)';
  elsif not states && open_states then conditions := conditions || ' and not open and state = any($4)';
  else conditions := conditions || ' and state = any($4)'; end if;
  if ranks is not null then conditions := conditions || ' and rank = any($5)'; end if;
  if mechanisms is not null then conditions := conditions || ' and mechanism = any($6)'; end if;
  if cardinality(rules) = 1 then conditions := conditions || ' and rule = ($7::text[])[1]'; -- an index of the rule has the order only of one
  elsif rules is not null then conditions := conditions || ' and rule = any($7)'; end if;
  if on_route <> '' then conditions := conditions || ' and route = $8'; end if;
  if of_account <> 0 then conditions := conditions || ' and account = $9'; end if;
  if unclaimed then conditions := conditions || ' and account is null'; end if;
  if due_before is not null then conditions := conditions || ' and due_on < $10'; end if;
  if ended then conditions := conditions || ' and ended_at is not null'; end if;
  if nobody then conditions := conditions || ' and household is null'; end if;
  if after_id <> 0 then conditions := conditions || case when hi - lo <= 1000 then ' and (rank + 0, due_on, id)' else ' and (rank, due_on, id)' end || ' > ($11, $12, $13)'; end if;
  -- An expression is no column: within a township the index of the area is taken and not that of the order. Who only counts needs no order.
  return query execute 'select id from warning_handling where ' || conditions
      || case when most > 1000 then '' when hi - lo <= 1000 then ' order by rank + 0, due_on, id' else ' order by rank, due_on, id' end || ' limit $14'
    using lo, hi, of_department, states, ranks, mechanisms, rules, on_route, of_account, due_before, after_rank::smallint, after_due, after_id, least(most, 10001);
end
$$;
-- +goose StatementEnd
revoke execute on function warning_page from public;
grant execute on function warning_page to dajiuzhu_app, dajiuzhu_worker;

-- What became of rounds, counted. By areas' own indexes, of what is open and of what is not.
-- +goose StatementBegin
create function warning_figures(told_by text, raised_from date, raised_to date, today date) returns table (told text, state text, reason text, n bigint, overdue bigint)
language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp set jit = off as $$
declare
  lo bigint := acting_area_from();
  hi bigint := acting_area_to();
  of_department text := case when acting_role() = 'department' then acting_department() else '' end;
  what text := case told_by when 'rule' then 'rule' when 'mechanism' then 'mechanism' when 'level' then 'level' when 'township' then 'home' end;
begin
  if what is null then raise exception 'no such figures: %', told_by; end if;
  if lo >= hi or not (may_read_findings() or of_department <> '') then return; end if;
  return query execute format($q$
    select %1$s::text as told, state, reason, sum(n)::bigint, sum(overdue)::bigint from (
      select %1$s, state, reason, count(*) as n, count(*) filter (where due_on < $6) as overdue from (select *, area / 1000 * 1000 as home from warning_handling) h
        where open and area >= $1 and area < $2 and ($3 = '' or department = $3) and raised_on >= $4 and raised_on < $5 group by 1, 2, 3
      union all
      select %1$s, state, reason, count(*), 0 from (select *, area / 1000 * 1000 as home from warning_handling) h
        where not open and area >= $1 and area < $2 and ($3 = '' or department = $3) and raised_on >= $4 and raised_on < $5 and state <> 'joined' group by 1, 2, 3) f
    group by 1, 2, 3 order by 1, 2, 3$q$, what)
    using lo, hi, of_department, raised_from, raised_to, today;
end
$$;
-- +goose StatementEnd
revoke execute on function warning_figures from public;
grant execute on function warning_figures to dajiuzhu_app, dajiuzhu_worker;

-- Names of those whom rounds are about, for whoever may see the rounds: a department's officer reads no register.
-- +goose StatementBegin
create function warning_people(ids bigint[]) returns table (handling bigint, head text, person text, members int, address text)
language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
  select h.id, hp.name::text, pp.name::text, (select count(*)::int from membership c where c.household = h.household and c.counted and c.to_date is null), hp.address
  from unnest(ids) wanted(id) join warning_handling h on h.id = wanted.id
  left join lateral (select m.person from membership m where m.household = h.household and m.head and m.to_date is null order by m.id limit 1) m on true
  left join person hp on hp.id = m.person
  left join person pp on pp.id = h.person
  where acting_reaches(h.area) and (may_read_findings() or acting_role() = 'department' and h.department <> '' and h.department = acting_department())
    and cardinality(ids) <= 1000
$$;

-- Takes a report in. Anybody may report by the code; nothing is shown back but the receipt. A household is looked for by its own village and the
-- whole name, and taken only if there is one; reports of one household are worked on together.
create function receive_report(by_source text, in_area bigint, to_route text, as_rule text, of_household bigint, of_name text, at_place text, what_is text,
  contact bytea, of_organisation text, with_receipt text, due date, day date, sender bytea, by_once text)
returns table (id bigint, receipt text, handling bigint, joined boolean, known boolean)
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
#variable_conflict use_column
declare
  acting text := acting_role();
  as_what warning_rule;
  found_in bigint;
  of_area bigint := in_area;
  round_id bigint;
  made bigint;
  sent int;
begin
  if not (by_source = 'qr' or by_source = 'hotline' and acting = 'hotline' or by_source = 'organisation' and acting = 'organisation'
      or by_source = 'village' and acting in ('assistant', 'officer', 'supervisor')) then
    raise exception 'not a source of reports' using errcode = 'DZ441';
  end if;
  if by_once <> '' then
    perform pg_advisory_xact_lock(hashtextextended('report ' || acting_account() || ' ' || by_once, 0));
    return query select r.id, r.receipt, r.handling, false, true from report r where r.account = acting_account() and r.once = by_once;
    if found then return; end if;
  end if;
  if sender is not null then
    insert into report_rate as c values (sender, date_trunc('hour', now()), 1) on conflict (sender, hour) do update set n = c.n + 1 returning n into sent;
    if sent > 20 then raise exception 'too many reports from there' using errcode = 'DZ429'; end if;
  end if;
  select * into as_what from warning_rule w where w.rule = as_rule;
  if as_what.rule is null then raise exception 'no such rule' using errcode = 'DZ442'; end if;
  if by_source <> 'qr' and not acting_reaches(in_area) then raise exception 'not in the area' using errcode = 'DZ441'; end if;

  if of_household is not null then
    select h.id, h.area into found_in, of_area from household h
      where h.id = of_household and h.to_date is null and acting_reads_people() and acting_reaches(h.area);
    if found_in is null then raise exception 'no such household' using errcode = 'DZ442'; end if;
  elsif of_name <> '' and in_area % 1000 <> 0 then
    select min(m.household) into found_in from person p join membership m on m.person = p.id and m.to_date is null
      join household h on h.id = m.household and h.to_date is null and h.area = in_area
      where p.name = of_name and p.area = in_area and p.merged_into is null having count(distinct m.household) = 1;
  end if;

  if found_in is not null then
    perform pg_advisory_xact_lock(hashtextextended('reports of household ' || found_in, 0));
    select h.id into round_id from warning_handling h where h.household = found_in and h.open and (h.rule = as_rule or h.reports > 0) order by h.id + 0 limit 1;
  end if;
  if round_id is null then
    insert into warning_handling (prior, rule, mechanism, level, household, area, route, department, evidence, raised_on, due_on, reports)
      values ((select max(h.id) from warning_handling h where h.household = found_in and h.rule = as_rule), as_rule, as_what.mechanism, as_what.level, found_in,
        of_area, to_route, as_what.department, '[]', day, coalesce(due, 'infinity'), 1) returning warning_handling.id into round_id;
    joined := false;
  else
    update warning_handling h set reports = h.reports + 1, due_on = least(h.due_on, coalesce(due, 'infinity')) where h.id = round_id;
    joined := true;
  end if;
  insert into report (receipt, handling, source, area, household, name, place, what, contact_sealed, organisation, account, on_date, once)
    values (with_receipt, round_id, by_source, of_area, found_in, of_name, at_place, what_is, contact, of_organisation, acting_account(), day, by_once)
    returning report.id into made;
  insert into warning_step (handling, kind, state, other, word) select round_id, 'report', h.state, made, by_source from warning_handling h where h.id = round_id;
  return query select made, with_receipt, round_id, joined, false;
end
$$;

-- What became of a report, to whoever has its receipt: no name, no place, no person who works on it.
create function report_state(of_receipt text) returns table (state text, on_day date, done_on date)
language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
  select case when h.open and h.state = 'new' then 'received' when h.open then 'working' else 'done' end,
    r.on_date, (h.answered_at at time zone 'Asia/Shanghai')::date
  from report r join warning_handling g on g.id = r.handling join warning_handling h on h.id = coalesce(g.joined_to, g.id)
  where r.receipt = of_receipt
$$;

-- Says which household reports are about. If reports of it are worked on already, these go on with them; the round is returned.
create function match_report(round_id bigint, to_household bigint, to_route text) returns bigint
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  g warning_handling;
  to_area bigint;
  other bigint;
begin
  if acting_role() not in ('assistant', 'officer', 'supervisor') then raise exception 'who matches reports' using errcode = 'DZ441'; end if;
  select h.area into to_area from household h where h.id = to_household and h.to_date is null and acting_reaches(h.area);
  if to_area is null then raise exception 'no such household' using errcode = 'DZ442'; end if;
  perform pg_advisory_xact_lock(hashtextextended('reports of household ' || to_household, 0));
  select * into g from warning_handling h where h.id = round_id and acting_reaches(h.area) for update;
  if g.id is null then raise exception 'no such round' using errcode = 'DZ404'; end if;
  if g.household = to_household then return g.id; end if;
  if not g.open or g.warning is not null or g.household is not null then raise exception 'its household is known' using errcode = 'DZ440'; end if;
  update report r set household = to_household, area = to_area where r.handling = g.id;
  select h.id into other from warning_handling h where h.household = to_household and h.open and (h.rule = g.rule or h.reports > 0) order by h.id + 0 limit 1;
  if other is null then
    update warning_handling h set household = to_household, area = to_area,
        route = case when h.escalated_at is null and to_route <> '' then to_route else h.route end where h.id = g.id;
    insert into warning_step (handling, kind, state, other) values (g.id, 'match', g.state, to_household);
    return g.id;
  end if;
  update warning_handling h set reports = h.reports + g.reports, due_on = least(h.due_on, g.due_on) where h.id = other;
  update report r set handling = other where r.handling = g.id;
  update warning_handling h set state = 'joined', joined_to = other, household = to_household, reports = 0 where h.id = g.id;
  insert into warning_step (handling, kind, state, other) values (g.id, 'join', 'joined', other);
  insert into warning_step (handling, kind, state, other) select other, 'join', h.state, g.id from warning_handling h where h.id = other;
  return other;
end
$$;

-- Takes an answer up again, as a further round.
create function reopen_warning(round_id bigint, day date, due date) returns bigint
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  g warning_handling;
  made bigint;
begin
  if acting_role() not in ('officer', 'supervisor') then raise exception 'who takes answers up again' using errcode = 'DZ441'; end if;
  select * into g from warning_handling h where h.id = round_id and acting_reaches(h.area) for update;
  if g.id is null then raise exception 'no such round' using errcode = 'DZ404'; end if;
  if g.answered_at is null or exists (select from warning_handling h where h.prior = g.id) then
    raise exception 'it is open, or has been taken up' using errcode = 'DZ440';
  end if;
  update warning_handling h set watched = false where h.id = g.id;
  insert into warning_handling (warning, prior, rule, mechanism, level, household, person, area, route, department, evidence, raised_on, due_on, reports, ended_at, ended_why)
    values (g.warning, g.id, g.rule, g.mechanism, g.level, g.household, g.person, g.area, g.route, g.department, g.evidence, day, coalesce(due, 'infinity'),
      g.reports, g.ended_at, g.ended_why) returning id into made;
  insert into warning_step (handling, kind, state, other) values (made, 'reopen', 'new', g.id);
  return made;
end
$$;
-- +goose StatementEnd
revoke execute on function warning_people, receive_report, report_state, match_report, reopen_warning from public;
grant execute on function warning_people, receive_report, report_state, match_report, reopen_warning to dajiuzhu_app, dajiuzhu_worker;
create index warning_handling_prior on warning_handling (prior) where prior is not null;
