-- The hardest households of a whole county or city are read off, not sorted.

-- +goose Up

create index finding_score on finding (score desc, household) where score is not null;
