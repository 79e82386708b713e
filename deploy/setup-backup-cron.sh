#!/bin/sh
# Lets cron make a backup each night. See --help.
set -eu

usage() {
  cat << 'EOT'
usage: setup-backup-cron.sh [--time HH:MM] [--print | --remove]

PayAid makes a backup each night by itself, and catches up when it was not running
at that hour: usually this script is not needed. It is for who wants cron to do it;
switch the schedule off then, at /admin/backups/settings or by
PAYAID_BACKUP_SCHEDULE=off.

  --time     when, in the time zone of this machine; 02:00 unless said
  --print    show the line and change nothing
  --remove   take the line out again

The line stands in the crontab of the user who runs this, once however often it is
run. cron mails what a failed backup says to that user.
Exit code: 0 done; 1 failed; 2 used wrongly.
EOT
}

mark='# PayAid backup'
at=02:00 do=install
while [ $# -gt 0 ]; do
  case $1 in
  -h | --help) usage; exit 0 ;;
  --time)
    [ $# -ge 2 ] || { usage >&2; exit 2; }
    at=$2
    shift
    ;;
  --time=*) at=${1#--time=} ;;
  --print) do=print ;;
  --remove) do=remove ;;
  *) usage >&2; exit 2 ;;
  esac
  shift
done
case $at in
[01][0-9]:[0-5][0-9] | 2[0-3]:[0-5][0-9]) ;;
*) echo "$at is no time of day such as 02:00" >&2; exit 2 ;;
esac
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
# Backups that went well say nothing, so that cron sends no mail.
line="${at#*:} ${at%:*} * * * out=\$('$here/backup-database.sh' --drill 2>&1) || { echo \"\$out\"; exit 1; } $mark"
if [ "$do" = print ]; then
  printf '%s\n' "$line"
  exit 0
fi
command -v crontab > /dev/null 2>&1 || { echo "there is no crontab on this machine: install cron, or leave the nightly backup to PayAid" >&2; exit 1; }
# A user without a crontab has an empty one.
others=$(crontab -l 2> /dev/null | grep -vF "$mark" || true)
{
  [ -z "$others" ] || printf '%s\n' "$others"
  [ "$do" = remove ] || printf '%s\n' "$line"
} | crontab -
