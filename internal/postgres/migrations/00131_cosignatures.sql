-- What witnesses say of the ledger's heads.

-- +goose Up
create table cosignature (
  size    bigint not null, -- of the head
  witness text not null,   -- its name
  line    text not null,   -- C2SP tlog-cosignature, as it stands below the checkpoint
  at      timestamptz not null default now(),
  primary key (witness, size)
);
create index cosignature_size on cosignature (size);
create trigger append_only before update or delete or truncate on cosignature for each statement execute function refuse_change();
grant select on cosignature to dajiuzhu_app, dajiuzhu_worker;
grant insert on cosignature to dajiuzhu_worker;
