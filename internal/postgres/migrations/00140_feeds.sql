-- Deliveries of which only some files can be used, rows that stay to be mended when their batch is undone, and who sees a delivery that
-- reaches beyond one's area.

-- +goose Up

-- Whether every file that the manifest names is used. A delivery that is not whole adds rows and says nothing by its silence.
alter table batch add column whole bool not null default true;

-- The cells as they were delivered, where "cells" are as somebody sent them again.
alter table quarantine add column delivered bytea;
create index quarantine_closed on quarantine (closed_by) where closed_by is not null;

-- The first code after those that lie in an area.
create function area_end(area bigint) returns bigint language sql immutable strict parallel safe return area + case
  when area % 10000000000 = 0 then 10000000000
  when area % 100000000 = 0 then 100000000
  when area % 1000000 = 0 then 1000000
  when area % 1000 = 0 then 1000
  else 1 end;

-- A delivery of the whole city is also one of each of its counties: who answers for a county sees that it came. What it holds stays with those
-- in whose area the rows are.
drop policy app on batch;
create policy app on batch for select to dajiuzhu_app using (
  exists (select from feed f where f.id = feed)
  and exists (select from unnest(areas) a where a >= (select acting_area_from()) and a < (select acting_area_to())
    or a > 0 and a <= (select acting_area_from()) and area_end(a) >= (select acting_area_to())));
