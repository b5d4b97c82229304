-- Limits that ran into a year without a calendar are counted once it has one, by a job.

-- +goose Up
grant update (due_at, due_step, limit_at, due_unknown) on item to dajiuzhu_worker;
create index item_uncounted on item (id) where state <> 'ended' and due_unknown;
