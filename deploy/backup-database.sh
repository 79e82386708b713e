#!/bin/sh
# Makes a backup of the whole installation. See --help.
set -eu

usage() {
  cat << 'EOT'
usage: backup-database.sh [--kind manual|safety|pinned] [--drill]

Makes a backup, reads it back, and prints its id on the last line.

  --kind    manual is kept like nightly backups (the default), safety for 7 days,
            pinned until somebody deletes it
  --drill   also restore it into a database of its own, compare it and drop it again

Exit code: 0 it was made (and drilled); 1 it was not; 2 used wrongly.
PAYAID names another command than the payaid of the running stack.
EOT
}

kind=manual drill=
while [ $# -gt 0 ]; do
  case $1 in
  -h | --help) usage; exit 0 ;;
  --kind)
    [ $# -ge 2 ] || { usage >&2; exit 2; }
    kind=$2
    shift
    ;;
  --kind=*) kind=${1#--kind=} ;;
  --drill) drill=yes ;;
  *) usage >&2; exit 2 ;;
  esac
  shift
done
. "$(dirname -- "$0")/payaid.sh"

# Its exit code must be seen, so the output is no pipe.
code=0
out=$(run_payaid backup create --kind "$kind") || code=$?
[ -z "$out" ] || printf '%s\n' "$out"
[ "$code" -eq 0 ] || exit "$code"
if [ -n "$drill" ]; then
  id=$(printf '%s\n' "$out" | tail -n 1)
  run_payaid backup drill "$id" || exit $?
  printf '%s\n' "$id"
fi
