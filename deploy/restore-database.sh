#!/bin/sh
# Puts a backup in place of the live data. See --help.
set -eu

usage() {
  cat << 'EOT'
usage: restore-database.sh ID|latest [--yes] [--identity FILE]
       restore-database.sh --list
       restore-database.sh --rollback

Puts a backup in place of the live data of every business. What is live is backed
up first and kept for 7 days; whatever fails before the end leaves it untouched.

  latest       the newest backup that is neither damaged nor failed its drill, nor was made
               of an earlier moment
  --yes        do not ask
  --identity   file with the private key of one of its recipients
  --list       list the backups and do nothing
  --rollback   bring back what was live before the last restore

Exit code: 0 done; 1 failed, and the live data is as it was; 2 used wrongly.
PAYAID names another command than the payaid of the running stack.
EOT
}

id='' yes='' identity='' verb=restore
while [ $# -gt 0 ]; do
  case $1 in
  -h | --help) usage; exit 0 ;;
  --yes) yes=--yes ;;
  --list) verb=list ;;
  --rollback) verb=rollback ;;
  --identity)
    [ $# -ge 2 ] || { usage >&2; exit 2; }
    identity=$2
    shift
    ;;
  -*) usage >&2; exit 2 ;;
  *)
    [ -z "$id" ] || { usage >&2; exit 2; }
    id=$1
    ;;
  esac
  shift
done
. "$(dirname -- "$0")/payaid.sh"

case $verb in
list | rollback)
  [ -z "$id" ] || { usage >&2; exit 2; }
  run_payaid backup "$verb" || exit $?
  exit 0
  ;;
esac
[ -n "$id" ] || { usage >&2; exit 2; }
if [ "$id" = latest ]; then
  list=$(run_payaid backup list) || exit $?
  id=$(printf '%s\n' "$list" | sed 1d | grep -v 'DAMAGED\|NOT PROVEN\|NOT TRUSTED\|  pitr  ' | sed -n '1s/ .*//p')
  [ -n "$id" ] || { echo "there is no backup that can be restored" >&2; exit 1; }
fi
set -- backup restore "$id"
[ -z "$yes" ] || set -- "$@" "$yes"
[ -z "$identity" ] || set -- "$@" --identity "$identity"
run_payaid "$@" || exit $?
