-- Means checks (核对): what banks, securities firms and insurers say of a household that has authorised it, and no other way for such facts.

-- +goose Up

-- The facts that only a means check may tell, as the pack last applied marks them.
create table consent_fact (fact text primary key);

create table means_check (
  id           bigint primary key generated always as identity,
  household    bigint not null references household,
  recheck_of   bigint references means_check, -- the check whose report was objected to
  reason       text not null check (reason <> ''),
  state        text not null default 'drafted' check (state in ('drafted', 'requested', 'reported', 'objected', 'superseded', 'expired', 'cancelled')),
  account      bigint not null default acting_account(),
  drafted_at   timestamptz not null default now(),
  requested_on date,
  reported_on  date,
  expires_on   date check (expires_on > reported_on), -- from that day the report counts no longer
  objection    text not null default '',
  check ((state in ('requested', 'reported', 'objected', 'superseded', 'expired')) <= (requested_on is not null)),
  check ((state in ('reported', 'objected', 'superseded', 'expired')) = (reported_on is not null)),
  check ((reported_on is null) = (expires_on is null)),
  check (reported_on >= requested_on)
);
create index means_check_household on means_check (household, id);
create unique index means_check_running on means_check (household) where state in ('drafted', 'requested');

-- Whom a check covers: members who count and those who owe support.
create table means_scope (
  check_id bigint not null references means_check,
  person   bigint not null references person,
  role     text not null check (role in ('member', 'supporter')),
  primary key (check_id, person)
);
create index means_scope_person on means_scope (person);

-- A person's consent, on paper, over a span.
create table authorisation (
  id         bigint primary key generated always as identity,
  person     bigint not null references person,
  signed_by  text not null check (signed_by <> ''), -- the person, or the guardian of who cannot sign
  paper      text not null check (paper <> ''),     -- where the signed paper is kept
  from_date  date not null,
  to_date    date not null check (to_date > from_date),
  account    bigint not null default acting_account(),
  entered_at timestamptz not null default now(),
  revoked_on date check (revoked_on >= from_date),
  revocation text not null default '',
  check ((revoked_on is null) = (revocation = ''))
);
create index authorisation_person on authorisation (person);

create table means_report (
  id          bigint primary key generated always as identity,
  check_id    bigint not null unique references means_check,
  paper       text not null check (paper <> ''),
  received_on date not null,
  account     bigint not null default acting_account(),
  entered_at  timestamptz not null default now()
);

create table means_item (
  id             bigint primary key generated always as identity,
  report         bigint not null references means_report,
  person         bigint not null references person,
  kind           text not null check (kind in ('bank', 'securities', 'insurance', 'other')),
  institution    text not null,
  account_sealed bytea,
  amount         numeric(14, 2) not null,
  on_date        date not null
);
create index means_item_report on means_item (report);

-- Whether everybody whom a check covers had authorised it on a day.
create function means_authorised(wanted bigint, at date) returns bool
language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
  select exists (select from means_scope where check_id = wanted) and not exists (
    select from means_scope s where s.check_id = wanted and not exists (
      select from authorisation a where a.person = s.person and a.from_date <= at and at < a.to_date and (a.revoked_on is null or at < a.revoked_on)))
$$;

-- States move in these ways and no others, and only with the authorisations valid that this needs.
-- +goose StatementBegin
create function means_check_moves() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  if tg_op = 'INSERT' then
    if new.state <> 'drafted' then raise exception 'a check begins as drafted' using errcode = 'DZ420'; end if;
    if new.recheck_of is not null and not exists (select from means_check c where c.id = new.recheck_of and c.household = new.household and c.state = 'objected') then
      raise exception 'only a report that was objected to is checked again' using errcode = 'DZ420';
    end if;
    return new;
  end if;
  if (new.household, new.recheck_of, new.reason, new.account, new.drafted_at) is distinct from (old.household, old.recheck_of, old.reason, old.account, old.drafted_at)
    or old.requested_on is distinct from new.requested_on and old.state <> 'drafted'
    or (old.reported_on, old.expires_on) is distinct from (new.reported_on, new.expires_on) and old.state <> 'requested'
    or old.objection <> new.objection and old.state <> 'reported' then
    raise exception 'what a check rests on is not changed' using errcode = 'DZ420';
  end if;
  if new.state <> old.state and (old.state, new.state) not in (('drafted', 'requested'), ('drafted', 'cancelled'), ('requested', 'cancelled'),
      ('requested', 'reported'), ('reported', 'objected'), ('reported', 'expired'), ('objected', 'superseded'), ('objected', 'reported'), ('objected', 'expired')) then
    raise exception 'a check does not go from % to %', old.state, new.state using errcode = 'DZ420';
  end if;
  if new.state = 'requested' and old.state = 'drafted' and not means_authorised(new.id, new.requested_on) then
    raise exception 'not everybody has authorised the check' using errcode = 'DZ421';
  end if;
  if new.state = 'reported' and old.state = 'requested' and not means_authorised(new.id, new.reported_on) then
    raise exception 'an authorisation is valid no longer' using errcode = 'DZ421';
  end if;
  return new;
end
$$;
create trigger moves before insert or update on means_check for each row execute function means_check_moves();

-- Whom a check covers is settled while it is a draft.
create function means_scope_settled() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  if (select state from means_check c where c.id = new.check_id for share) <> 'drafted' then
    raise exception 'the scope of a check is settled once it is requested' using errcode = 'DZ420';
  end if;
  return new;
end
$$;
create trigger settled before insert on means_scope for each row execute function means_scope_settled();

-- A consent is only ever revoked, and once.
create function authorisation_stands() returns trigger language plpgsql as $$
begin
  if old.revoked_on is not null or (new.id, new.person, new.signed_by, new.paper, new.from_date, new.to_date, new.account, new.entered_at)
      is distinct from (old.id, old.person, old.signed_by, old.paper, old.from_date, old.to_date, old.account, old.entered_at) then
    raise exception 'an authorisation is not changed' using errcode = 'DZ420';
  end if;
  return new;
end
$$;
create trigger stands before update on authorisation for each row execute function authorisation_stands();

-- A report belongs to a check that was requested, and was received while all had authorised it.
create function means_report_fits() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare c means_check;
begin
  select * into c from means_check where id = new.check_id for share;
  if c.state is null or c.state <> 'reported' or c.reported_on <> new.received_on then
    raise exception 'a report comes with its check''s becoming reported' using errcode = 'DZ420';
  end if;
  return new;
end
$$;
create trigger fits before insert on means_report for each row execute function means_report_fits();

-- What a report says is of those whom the check covers.
create function means_item_fits() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  if not exists (select from means_report r join means_scope s using (check_id) where r.id = new.report and s.person = new.person) then
    raise exception 'the check does not cover this person' using errcode = 'DZ422';
  end if;
  return new;
end
$$;
create trigger fits before insert on means_item for each row execute function means_item_fits();

-- A fact that needs consent is stated by the report of a check that covers whom it is about, and by nothing else.
create function statement_needs_consent() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare c means_check;
begin
  if new.report is null then
    if exists (select from consent_fact f where f.fact = new.fact) then
      raise exception 'the fact comes only by a means check' using errcode = 'DZ423';
    end if;
    return new;
  end if;
  select k.* into c from means_report r join means_check k on k.id = r.check_id where r.id = new.report;
  if c.state is distinct from 'reported' or not means_authorised(c.id, c.reported_on)
    or new.unit = 'household' and c.household <> new.unit_id
    or new.unit = 'person' and not exists (select from means_scope s where s.check_id = c.id and s.person = new.unit_id)
    or new.said_on <> c.reported_on or new.to_date is distinct from c.expires_on then
    raise exception 'no report of an authorised check says this' using errcode = 'DZ422';
  end if;
  return new;
end
$$;
create trigger consent before insert on statement for each row execute function statement_needs_consent();
-- +goose StatementEnd
alter table statement add foreign key (report) references means_report;

revoke execute on function means_authorised from public;
grant execute on function means_authorised to dajiuzhu_app, dajiuzhu_worker;

create trigger append_only before update or delete or truncate on means_report for each statement execute function refuse_rewriting();
create trigger append_only before update or delete or truncate on means_item for each statement execute function refuse_rewriting();
create trigger append_only before update or delete or truncate on means_scope for each statement execute function refuse_rewriting();
create trigger not_removed before delete or truncate on means_check for each statement execute function refuse_rewriting();
create trigger not_removed before delete or truncate on authorisation for each statement execute function refuse_rewriting();

-- Who has to do with money checks: those who process and decide, and who oversees them. A village assistant only brings the papers.
create function acting_reads_means() returns bool language sql stable parallel safe
  return acting_role() in ('officer', 'decider', 'supervisor', 'administrator', 'inspector');
create function acting_writes_means() returns bool language sql stable parallel safe
  return acting_role() in ('officer', 'decider', 'supervisor');

alter table consent_fact enable row level security;
alter table means_check enable row level security;
alter table means_scope enable row level security;
alter table authorisation enable row level security;
alter table means_report enable row level security;
alter table means_item enable row level security;
create policy reader on consent_fact for select to dajiuzhu_app, dajiuzhu_worker using (true);
create policy worker on means_check to dajiuzhu_worker using (true);
create policy worker on means_scope to dajiuzhu_worker using (true);
create policy worker on authorisation to dajiuzhu_worker using (true);
create policy worker on means_report to dajiuzhu_worker using (true);
create policy worker on means_item to dajiuzhu_worker using (true);

create policy app on means_check for select to dajiuzhu_app using ((select acting_reads_means()) and exists (select from household h where h.id = household));
create policy app on means_scope for select to dajiuzhu_app using (exists (select from means_check c where c.id = check_id));
create policy app on authorisation for select to dajiuzhu_app using (((select acting_reads_means()) or (select acting_role()) = 'assistant') and exists (select from person p where p.id = person));
create policy app on means_report for select to dajiuzhu_app using (exists (select from means_check c where c.id = check_id));
create policy app on means_item for select to dajiuzhu_app using (exists (select from means_report r where r.id = report));

create policy drafts on means_check for insert to dajiuzhu_app with check ((select acting_writes_means()) and account = (select acting_account()) and account <> 0
  and exists (select from household h where h.id = household));
create policy moves on means_check for update to dajiuzhu_app using ((select acting_writes_means()) and exists (select from household h where h.id = household));
create policy drafts on means_scope for insert to dajiuzhu_app with check ((select acting_writes_means()) and exists (select from means_check c where c.id = check_id));
create policy enters on authorisation for insert to dajiuzhu_app with check (((select acting_writes_means()) or (select acting_role()) = 'assistant')
  and account = (select acting_account()) and account <> 0 and exists (select from person p where p.id = person));
create policy revokes on authorisation for update to dajiuzhu_app using ((select acting_writes_means()) and exists (select from person p where p.id = person));
create policy enters on means_report for insert to dajiuzhu_app with check ((select acting_writes_means()) and account = (select acting_account()) and account <> 0
  and exists (select from means_check c where c.id = check_id));
create policy enters on means_item for insert to dajiuzhu_app with check ((select acting_writes_means()) and exists (select from means_report r where r.id = report));

grant select on consent_fact, means_check, means_scope, authorisation, means_report, means_item to dajiuzhu_app, dajiuzhu_worker;
grant insert on means_check, means_scope, authorisation, means_report, means_item to dajiuzhu_app;
grant update (state, requested_on, reported_on, expires_on, objection) on means_check to dajiuzhu_app, dajiuzhu_worker;
grant update (revoked_on, revocation) on authorisation to dajiuzhu_app;
