-- What a page sends twice is known by the key of its form, which the frame keeps (page_once): casework keeps none of its own.

-- +goose Up
drop table casework_once;
