#!/bin/bash
# Lets payaid_backup read the write-ahead log and copy the server's files, if the log is
# to be archived (PITR=true). The image runs this once after roles.sh, when its volume is
# empty; in a server that exists already it is run by hand, any number of times.
set -euo pipefail

sql() { psql --no-psqlrc --quiet --no-align --tuples-only --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres "$@"; }

if [ "${PITR:-false}" = true ]; then
  # Each superuser's right that is given here is for this role alone: to finish a segment
  # of the log, and to come in by the replication protocol with its password.
  sql -c "ALTER ROLE payaid_backup REPLICATION" -c "GRANT EXECUTE ON FUNCTION pg_switch_wal() TO payaid_backup"
  hba=$(sql -c "SHOW hba_file")
  line='host replication payaid_backup all scram-sha-256'
  if ! grep -qxF "$line" "$hba"; then
    printf '%s\n' "$line" >> "$hba"
  fi
  sql -c "SELECT pg_reload_conf()" > /dev/null
fi
