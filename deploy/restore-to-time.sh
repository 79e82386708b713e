#!/bin/sh
# Puts everything as it was at a moment in place of the live data. See --help.
set -eu

usage() {
  cat << 'EOT'
usage: restore-to-time.sh 'YYYY-MM-DD HH:MM[:SS]' [--yes] [--identity FILE]
       restore-to-time.sh --window

Recovers the server to a moment beside the live one, from a base backup and the
archived write-ahead log, and puts that in place of the live data of every business.
What is live is backed up first and kept for 7 days; whatever fails before the end
leaves it untouched. restore-database.sh --rollback brings it back.

  'YYYY-…'     the moment, in the time zone of the backups' schedule
  --yes        do not ask
  --identity   file with the private key of one of the recipients
  --window     tell which moments can be restored and do nothing

Exit code: 0 done; 1 failed, and the live data is as it was; 2 used wrongly.
PAYAID names another command than the payaid of the running stack.
EOT
}

moment='' yes='' identity='' window=''
while [ $# -gt 0 ]; do
  case $1 in
  -h | --help) usage; exit 0 ;;
  --yes) yes=--yes ;;
  --window) window=yes ;;
  --identity)
    [ $# -ge 2 ] || { usage >&2; exit 2; }
    identity=$2
    shift
    ;;
  -*) usage >&2; exit 2 ;;
  *)
    [ -z "$moment" ] || { usage >&2; exit 2; }
    moment=$1
    ;;
  esac
  shift
done
. "$(dirname -- "$0")/payaid.sh"

if [ -n "$window" ]; then
  [ -z "$moment" ] || { usage >&2; exit 2; }
  run_payaid backup window || exit $?
  exit 0
fi
[ -n "$moment" ] || { usage >&2; exit 2; }
set -- backup restore --to "$moment"
[ -z "$yes" ] || set -- "$@" "$yes"
[ -z "$identity" ] || set -- "$@" --identity "$identity"
run_payaid "$@" || exit $?
