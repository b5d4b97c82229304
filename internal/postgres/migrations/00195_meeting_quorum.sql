-- A meeting is not held without its quorum: what is spoken of at it is spoken of by enough of those called. An item may be left for another meeting.

-- +goose Up

-- +goose StatementBegin
create function meeting_has_quorum() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  if exists (select from meeting m, lateral (select count(*) as voices from meeting_voice v where v.meeting = m.id group by v.item) spoken
        where m.id = new.meeting and spoken.voices < m.quorum)
      or not exists (select from meeting_voice v where v.meeting = new.meeting) then
    raise exception 'too few of those called sat at the meeting' using errcode = 'DZ443';
  end if;
  return new;
end
$$;
-- +goose StatementEnd
create trigger quorum before insert on meeting_held for each row execute function meeting_has_quorum();
