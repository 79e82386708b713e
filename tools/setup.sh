#!/usr/bin/env bash
# Installs what a command of the Makefile needs and this machine lacks, where it
# may (as root, or with sudo that asks for no password); otherwise it prints the
# one command to run. Usage: tools/setup.sh run|test|check
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p bin

have() { command -v "$1" >/dev/null 2>&1; }

have_postgres() {
  have pg_config && [ -x "$(pg_config --bindir)/postgres" ] && return
  have postgres && return
  compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null && return
  compgen -G '/usr/pgsql-*/bin/postgres' >/dev/null && return
  compgen -G '/opt/homebrew/opt/postgresql@*/bin/postgres' >/dev/null && return
  compgen -G '/usr/local/opt/postgresql@*/bin/postgres' >/dev/null && return
  compgen -G '/Applications/Postgres.app/Contents/Versions/*/bin/postgres' >/dev/null
}
have_redis() { have valkey-server || have redis-server; }
have_browser() { have chromium || have chromium-browser || have google-chrome; }

# as_root runs a command as root, or fails when this user may not.
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; elif have sudo && sudo -n true 2>/dev/null; then sudo -n "$@"; else return 1; fi
}

# install PACKAGE... through apt; says what to type where it may not. A database
# that Debian would start by itself is not wanted: PayAid runs its own.
install() {
  echo "installing $*"
  if ! have apt-get; then
    echo "please install: $* (names as in Debian)" >&2
    return 1
  fi
  as_root true || { echo "please run: sudo apt-get install -y $*" >&2; return 1; }
  if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
    as_root mkdir -p /etc/postgresql-common
    echo 'create_main_cluster = false' | as_root tee /etc/postgresql-common/createcluster.conf >/dev/null
  fi
  as_root apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

need_go() {
  have go || { echo "Go 1.26 or newer is needed: https://go.dev/dl" >&2; exit 1; }
}

# need_node wants Node.js 20, which the stylesheet's and the API linter's tools ask
# for; Debian 12's own is older.
need_node() {
  have npm && have node || install nodejs npm || true
  have npm && have node && [ "$(node -p 'process.versions.node.split(".")[0]')" -ge 20 ] && return
  echo "Node.js 20 or newer with npm is needed for make check: https://nodejs.org" >&2
  exit 1
}

# versitygw is the S3 server of the tests, built from tools/go.mod.
need_s3() {
  local version
  version=$(go list -modfile=tools/go.mod -m -f '{{.Version}}' github.com/versity/versitygw)
  [ -x bin/versitygw ] && [ "$(cat bin/versitygw.version 2>/dev/null)" = "$version" ] && return
  echo "building the S3 server of the tests (some minutes, once)"
  (cd tools && CGO_ENABLED=0 go build -o ../bin/versitygw github.com/versity/versitygw/cmd/versitygw)
  echo "$version" > bin/versitygw.version
}

# oidcprovider is the OpenID Provider of the tests, built from tools/oidcprovider.
# go build itself knows whether anything changed.
need_provider() {
  [ -x bin/oidcprovider ] || echo "building the OpenID Provider of the tests (a minute, once)"
  (cd tools && CGO_ENABLED=0 go build -o ../bin/oidcprovider ./oidcprovider)
}

# manifests reads the objects for Kubernetes strictly in the tests, built from tools/manifests.
need_manifests() {
  [ -x bin/manifests ] || echo "building the reader of Kubernetes' objects (a minute, once)"
  (cd tools/manifests && CGO_ENABLED=0 go build -o ../../bin/manifests .)
}

need_go
case "${1:-}" in
run)
  # Both have a stand-in: an npm package for PostgreSQL, an in-process server for
  # Redis. So a refusal here is no end.
  have_postgres || install postgresql || true
  have_redis || install redis-server || true
  ;;
test)
  missing=()
  have_postgres || missing+=(postgresql)
  have_redis || missing+=(redis-server)
  have_browser || missing+=(chromium)
  { PATH=$PATH:/usr/sbin have nginx && have envsubst; } || missing+=(nginx gettext-base)
  [ ${#missing[@]} = 0 ] || install "${missing[@]}"
  need_s3
  need_provider
  need_manifests
  ;;
check)
  need_node
  ;;
*)
  echo "usage: tools/setup.sh run|test|check" >&2
  exit 2
  ;;
esac
