alter table case_access rename column level to levels;
