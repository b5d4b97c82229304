-- What a household's file needs of the registry.

-- +goose Up

-- Who was merged is found by the former name, too, as who goes on.
create index person_former_name on person (name) where merged_into is not null;
create index person_former_pinyin on person (pinyin) where merged_into is not null;
create index person_former_initials on person (initials) where merged_into is not null;

-- +goose StatementBegin
create function survivor_of(person bigint) returns bigint language sql stable parallel safe security definer set search_path = pg_catalog, public, pg_temp as $$
  with recursive line as (
    select p.id, p.merged_into from person p where p.id = $1
    union select p.id, p.merged_into from line l join person p on p.id = l.merged_into)
  select id from line where merged_into is null
$$;
-- +goose StatementEnd
revoke execute on function survivor_of from public;

-- A marriage and its end are facts of their own with their source and date, which the file shows from the register's rows and from
-- statements; nothing writes them a second time as changes.
alter table change drop constraint change_kind_check;
alter table change add constraint change_kind_check check (kind in ('registered', 'deregistered', 'birth', 'death', 'revived', 'move', 'renamed',
  'founded', 'split', 'joined', 'ended', 'member-in', 'member-out', 'merged', 'unmerged'));
