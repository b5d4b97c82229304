-- Who is told of more: notices that are over are looked for every quarter of an hour, and whoever reports somebody in need, without an account,
-- is heard by the office that goes there.

-- +goose Up

create index item_notice on item (notice_until) where state <> 'ended' and notice_until is not null;

-- Whoever has no posting tells offices only.
create or replace function tell(n notification) returns bigint
language sql security definer set search_path = pg_catalog, public, pg_temp as $$
  insert into notification (once, account, role, office_from, department, person, area, template, about, urgent,
    title_zh, title_en, text_zh, text_en, sms_zh, sms_en, teller, told_at)
  select n.once, n.account, n.role, n.office_from, n.department, n.person, n.area, n.template, n.about, n.urgent,
    n.title_zh, n.title_en, n.text_zh, n.text_en, n.sms_zh, n.sms_en, acting_account(), n.told_at
  where acting_role() <> '' or session_user <> 'dajiuzhu_app' or n.account is null and n.person is null
  on conflict (once) do nothing returning id
$$;
