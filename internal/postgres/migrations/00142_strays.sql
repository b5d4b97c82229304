-- A delivery of which nothing tells the feed is seen by who brought it, and by who looks after the platform in its area.

-- +goose Up
create policy of_no_feed on batch for select to dajiuzhu_app using (feed is null and (
  exists (select from upload u where u.id = upload and u.account = (select acting_account()))
  or (select acting_role()) in ('administrator', 'inspector')
    and exists (select from unnest(areas) a where a >= (select acting_area_from()) and a < (select acting_area_to()))));
