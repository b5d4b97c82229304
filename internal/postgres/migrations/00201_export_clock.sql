-- When a file was asked for is told by the program's clock, by which it is forgotten too.

-- +goose Up

grant insert (at, touched_at) on page_export to dajiuzhu_app;
