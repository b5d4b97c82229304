-- What a person of the record is told stands in the platform too, for the account that is tied to them.

-- +goose Up

-- The account of a person, whichever of the record's entries of them it is tied to; null where there is none.
create function account_of(person bigint) returns bigint language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
  select t.account from account_person t where t.ended_at is null and t.person in (select same_person($1)) order by t.id limit 1
$$;
revoke execute on function account_of from public;

create or replace function tell(n notification) returns bigint
language sql security definer set search_path = pg_catalog, public, pg_temp as $$
  insert into notification (once, account, role, office_from, department, person, area, template, about, urgent,
    title_zh, title_en, text_zh, text_en, sms_zh, sms_en, teller, told_at)
  select n.once, coalesce(n.account, account_of(n.person)), n.role, n.office_from, n.department, n.person, n.area, n.template, n.about, n.urgent,
    n.title_zh, n.title_en, n.text_zh, n.text_en, n.sms_zh, n.sms_en, acting_account(), n.told_at
  where acting_role() <> '' or session_user <> 'dajiuzhu_app' or n.account is null and n.person is null
  on conflict (once) do nothing returning id
$$;

create index notification_sending_failed on notification_sending (id) where state = 'failed';
create index notification_sending_area on notification_sending (area, id);

-- Has what failed be sent again, from a time on, by whoever works on cases where the matter is. Whether it was there and had failed.
-- +goose StatementBegin
create function resend(failed bigint, from_time timestamptz, at_time timestamptz) returns boolean
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  update notification_sending s set state = 'queued', attempts = 0, next_at = from_time where s.id = failed and s.state = 'failed'
    and acting_role() in ('officer', 'supervisor', 'administrator') and acting_reaches(s.area);
  if not found then return false; end if;
  insert into notification_receipt (sending, state, reason, at) values (failed, 'queued', 'account ' || acting_account(), at_time);
  return true;
end
$$;
-- +goose StatementEnd
revoke execute on function resend from public;
grant execute on function resend to dajiuzhu_app;
