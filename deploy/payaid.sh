# Read by the scripts beside it: runs a verb of payaid where it can be run. PAYAID
# names another command. Exit codes are payaid's own: 0 done, 1 failed, 2 used wrongly.
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)

in_stack() {
  command -v docker > /dev/null 2>&1 &&
    [ -n "$(docker compose -f "$root/docker-compose.prod.yml" ps -q --status running backup 2> /dev/null)" ]
}

run_payaid() {
  if [ -n "${PAYAID:-}" ]; then
    "$PAYAID" "$@"
  elif in_stack; then
    # Without a terminal there is nobody to ask.
    if [ -t 0 ]; then tty= ; else tty=-T; fi
    docker compose -f "$root/docker-compose.prod.yml" exec ${tty:+"$tty"} backup payaid "$@"
  elif [ -x "$root/bin/payaid" ]; then
    "$root/bin/payaid" "$@"
  elif command -v payaid > /dev/null 2>&1; then
    payaid "$@"
  else
    echo "payaid is not found: start the stack with make up, or build it with make build, or name it in PAYAID" >&2
    return 1
  fi
}
