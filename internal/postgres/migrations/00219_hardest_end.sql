-- Where the hardest of an area end, as the last run over the whole record found: the difficulty index of the last household whose people, counted
-- from the hardest on, make up the pack's share of the area's people. It is of nobody, and marks lists.

-- +goose Up

create table hardest_end (
  area  bigint        primary key,
  score numeric(9, 6) not null
);
alter table hardest_end enable row level security;
create policy worker on hardest_end to dajiuzhu_worker using (true) with check (true);
create policy reader on hardest_end for select to dajiuzhu_app using ((select may_read_findings()));
grant select on hardest_end to dajiuzhu_app;
grant select, insert, delete on hardest_end to dajiuzhu_worker;
