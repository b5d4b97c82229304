-- How often warnings are right is added up from the indexes of the area alone: the rows are four times as wide, and all of a city's are added.

-- +goose Up

drop index warning_handling_area;
create index warning_handling_area on warning_handling (area, rank, due_on, id) include (rule, mechanism, level, department, state, reason, raised_on) where open;
drop index warning_handling_past_area;
create index warning_handling_past_area on warning_handling (area, rank, due_on, id) include (rule, mechanism, level, department, state, reason, raised_on) where not open;

alter function warning_figures(text, date, date, date) set enable_seqscan = off;
alter function warning_figures(text, date, date, date) set enable_bitmapscan = off;
