#!/usr/bin/env bash
# Makes the secrets of an installation on Kubernetes that do not exist yet, in
# DIRECTORY/secrets beside its kustomization. What exists is never changed.
# Usage: deploy/k8s/secrets.sh DIRECTORY
set -euo pipefail
[ $# = 1 ] && [ -f "$1/kustomization.yaml" ] || { echo "usage: $0 DIRECTORY, which holds a kustomization.yaml" >&2; exit 2; }
dir=$1/secrets
"$(dirname "$0")/../secrets.sh" "$dir"

# CloudNativePG wants the name of a role beside its password, and no line's end in either.
umask 022
for role in owner app backup; do
  printf 'payaid_%s' "$role" > "$dir/${role}_name"
  chmod u+w "$dir/postgres_${role}_password"
  printf '%s' "$(cat "$dir/postgres_${role}_password")" > "$dir/.password"
  mv "$dir/.password" "$dir/postgres_${role}_password"
  chmod 0444 "$dir/${role}_name" "$dir/postgres_${role}_password"
done
