#!/usr/bin/env bash
# Builds and starts the production stack (make up). It asks for nothing: secrets
# and settings are made on first use and kept. docs/production.md explains it.
set -euo pipefail
cd "$(dirname "$0")/.."

fail() {
  echo "$1" >&2
  exit 1
}
command -v docker >/dev/null || fail "Docker is needed: install Docker Engine with its Compose plugin (https://docs.docker.com/engine/install), then run make up again"
docker compose version >/dev/null 2>&1 || fail "Docker lacks its Compose plugin: install docker-compose-plugin 2.24 or newer, then run make up again"
docker info >/dev/null 2>&1 || fail "Docker does not answer: start it, or run make up as a user who may use it"

# PostgreSQL keeps the passwords of its first start.
if [ ! -e deploy/secrets/postgres_password ] && docker volume inspect payaid_postgres >/dev/null 2>&1; then
  fail "there is data of PayAid in Docker's volumes, but its secrets in deploy/secrets are gone: put them back from your copy, then run make up again"
fi
deploy/secrets.sh deploy/secrets
if [ ! -e .env ]; then
  cp deploy/settings.env .env
  echo "CPUS=$(nproc 2>/dev/null || echo 1)" >> .env
fi
# The containers' users read these, whatever mask they were checked out with.
chmod -R a+rX deploy/nginx deploy/postgres

VERSION=$(git describe --tags --always --dirty 2>/dev/null || echo local)
export VERSION
compose=(docker compose -f docker-compose.prod.yml)
"${compose[@]}" build
deploy/backup-keys.sh deploy/secrets .env docker run --rm payaid:local
"${compose[@]}" up -d --wait --remove-orphans

address=$(sed -n 's/^PAYAID_BASE_URL=//p' .env | tail -n 1)
cat <<EOT

PayAid runs at ${PAYAID_BASE_URL:-${address:-http://localhost:8080}}
Make the first business and its owner, who also administers this installation:

  ${compose[*]} exec app payaid tenant create --slug my-business --name "My Business"
  ${compose[*]} exec app payaid user create --email you@example.in --tenant my-business --role owner --platform-admin

Keep a copy of deploy/secrets in a safe place: without it neither the data nor a backup can be opened again.
EOT
