-- Whoever asks by themselves, for the own household or at a department's window, need not be told first that they may: that takes what a village's
-- assistant would have offered.

-- +goose Up

create or replace function casework_may(by_whom text, gives text, rank text, reserve bool, role text, own_department bool) returns bool
language sql immutable parallel safe return
  case by_whom
    when 'resident' then role in ('resident', 'assistant', 'officer') or role = 'department' and own_department
    when 'village-assistant' then role in ('assistant', 'officer') or gives in ('application', 'acknowledgement') and role = 'resident'
      or gives = 'acknowledgement' and role = 'department' and own_department
    when 'township-officer' then role = 'officer'
    when 'window' then role = 'officer' or role = 'department' and own_department
    when 'county-officer' then role = 'supervisor'
    when 'county-supervisor' then role = 'supervisor'
    when 'coordination' then role = 'supervisor'
    when 'community' then role in ('assistant', 'officer')
    when 'department-officer' then role = 'department' and own_department
    when 'fund' then role = 'department' and own_department
    when 'provider' then role = 'officer' or role = 'department' and own_department
    when 'finance' then role in ('supervisor', 'worker') or role = 'department' and own_department or role = 'officer' and reserve
    when 'decider' then case rank when 'township' then role = 'decider' when 'county' then role = 'supervisor' else role = 'department' and own_department end
    else false
  end;
