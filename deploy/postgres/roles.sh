#!/bin/bash
# Makes the three roles and the database. The image runs this once, as superuser,
# when its volume is empty; db/roles.go does the same for the embedded server.
set -euo pipefail
secrets=${SECRETS_DIR:-/run/secrets}

password() {
  [ -s "$secrets/$1" ] || { echo "the secret $1 is missing or empty" >&2; return 1; }
  cat "$secrets/$1"
}
OWNER_PASSWORD=$(password postgres_owner_password)
APP_PASSWORD=$(password postgres_app_password)
BACKUP_PASSWORD=$(password postgres_backup_password)
export OWNER_PASSWORD APP_PASSWORD BACKUP_PASSWORD

# psql takes the passwords from its environment, so that no command line shows them.
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres <<'SQL'
\getenv owner_password OWNER_PASSWORD
\getenv app_password APP_PASSWORD
\getenv backup_password BACKUP_PASSWORD
CREATE ROLE payaid_owner LOGIN NOSUPERUSER CREATEDB BYPASSRLS PASSWORD :'owner_password';
CREATE ROLE payaid_app LOGIN NOSUPERUSER NOCREATEDB NOBYPASSRLS PASSWORD :'app_password';
CREATE ROLE payaid_backup LOGIN NOSUPERUSER NOCREATEDB BYPASSRLS PASSWORD :'backup_password';
GRANT pg_read_all_data TO payaid_backup;
GRANT pg_signal_backend TO payaid_owner;
CREATE DATABASE payaid OWNER payaid_owner;
SQL
