#!/usr/bin/env bash
# Makes the secrets of the production stack that do not exist yet, in the
# directory named (deploy/secrets when none is). What exists is never changed.
# The directory is closed to other users of this machine; the files in it are
# open because each container reads its own as an ordinary user of its own.
set -euo pipefail
dir=${1:-"$(dirname "$0")/secrets"}

umask 077
mkdir -p "$dir" "$dir/tls/acme"
chmod 0700 "$dir"

# make NAME VALUE writes the file unless it is there, whole or not at all.
make() {
  [ -s "$dir/$1" ] && return
  printf '%s\n' "$2" > "$dir/.$1"
  mv "$dir/.$1" "$dir/$1"
}
random() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }
of() { cat "$dir/$1"; }

make postgres_password "$(random)"
make postgres_owner_password "$(random)"
make postgres_app_password "$(random)"
make postgres_backup_password "$(random)"
make database_url "postgres://payaid_app:$(of postgres_app_password)@postgres:5432/payaid?sslmode=disable"
make database_owner_url "postgres://payaid_owner:$(of postgres_owner_password)@postgres:5432/payaid?sslmode=disable"
make database_backup_url "postgres://payaid_backup:$(of postgres_backup_password)@postgres:5432/payaid?sslmode=disable"
make valkey_password "$(random)"
make redis_session_url "redis://payaid:$(of valkey_password)@valkey:6379/0"
make redis_cache_url "redis://payaid:$(of valkey_password)@cache:6379/0"
# Without the password one may ask whether the server lives, and no more.
make valkey_users "user default on nopass nocommands +ping
user payaid on >$(of valkey_password) allkeys allchannels allcommands"
make s3_access_key "payaid"
make s3_secret_key "$(random)"
make secret_key "$(random)"
make grafana_password "$(random)"
# Empty until people sign in by a provider: only there can one get it.
make oidc_client_secret ""
# Empty until make up made the keys of the backups; may be emptied again (docs/backup.md).
make backup_identity ""
# Empty until mails are sent: the address of the mail server holds its password.
make smtp_url ""

# A certificate that was put here may have come without the right to read it.
chmod 0755 "$dir/tls" "$dir/tls/acme"
find "$dir" "$dir/tls" -maxdepth 1 -type f ! -perm -0444 -exec chmod 0444 {} +
