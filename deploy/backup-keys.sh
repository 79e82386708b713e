#!/bin/sh
# Makes the two keys that open backups, once: their files in the directory of the
# secrets, their public keys in the settings. The first key also proves backups by
# restoring them. backup-keys.sh SECRETS SETTINGS PAYAID...
set -eu

case "${1:-}" in
-h | --help)
  echo "usage: backup-keys.sh SECRETS SETTINGS PAYAID..."
  echo "Makes two keys of backups in SECRETS/backup-keys and names their public keys in the file SETTINGS."
  echo "PAYAID... is the command that runs payaid. Keys that are named already stay."
  exit 0
  ;;
esac
[ $# -ge 3 ] || { echo "usage: backup-keys.sh SECRETS SETTINGS PAYAID..." >&2; exit 2; }
secrets=$1 settings=$2
shift 2
if grep -q '^PAYAID_BACKUP_RECIPIENTS=.' "$settings"; then
  exit 0
fi

umask 077
dir=$secrets/backup-keys
mkdir -p "$dir"
public=
for name in first second; do
  if [ ! -s "$dir/$name.key" ]; then
    "$@" backup keygen > "$dir/.$name" 2> /dev/null
    mv "$dir/.$name" "$dir/$name.key"
  fi
  public=$public${public:+,}$(sed -n 's/^# public key: //p' "$dir/$name.key")
done
if [ ! -s "$secrets/backup_identity" ] || [ -z "$(tr -d '[:space:]' < "$secrets/backup_identity")" ]; then
  cat "$dir/first.key" > "$secrets/.backup_identity"
  chmod 0444 "$secrets/.backup_identity"
  mv -f "$secrets/.backup_identity" "$secrets/backup_identity"
fi
printf '\n# Who can open backups. Their private keys are in deploy/secrets/backup-keys.\nPAYAID_BACKUP_RECIPIENTS=%s\n' "$public" >> "$settings"
