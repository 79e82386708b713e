#!/bin/sh
# Makes nginx.conf from the template beside this script and becomes nginx; with
# the argument "render" it only prints the configuration. What the environment
# may say, with the container's values as defaults:
#   NGINX_SERVERS      replicas as host:port with blanks between; Docker's DNS when absent
#   NGINX_RUN          directory for the process id and temporary files
#   NGINX_TLS_DIR      holds fullchain.pem and privkey.pem when https is wanted
#   NGINX_HTTP_PORT, NGINX_HTTPS_PORT, NGINX_HEALTH_PORT
#   PAYAID_BASE_URL    where plain http leads when there is a certificate
set -eu

PATH=$PATH:/usr/sbin # where Debian keeps nginx, and ordinary users do not look
NGINX_PAGES=$(cd "$(dirname "$0")" && pwd)
: "${NGINX_RUN:=/tmp}" "${NGINX_TLS_DIR:=/etc/payaid-tls}" "${NGINX_MIME_TYPES:=/etc/nginx/mime.types}"
: "${NGINX_HTTP_PORT:=8080}" "${NGINX_HTTPS_PORT:=8443}" "${NGINX_HEALTH_PORT:=8081}"
: "${NGINX_SERVERS:=}" "${PAYAID_BASE_URL:=}"
PAYAID_BASE_URL=${PAYAID_BASE_URL%/}

found=docker NGINX_UPSTREAM=
for server in $NGINX_SERVERS; do
  found=listed
  NGINX_UPSTREAM="$NGINX_UPSTREAM server $server max_fails=4 fail_timeout=5s;"
done

carried=plain
if [ -e "$NGINX_TLS_DIR/fullchain.pem" ] && [ -e "$NGINX_TLS_DIR/privkey.pem" ]; then
  carried=tls
  case $PAYAID_BASE_URL in
  https://*) ;;
  *) echo "there is a certificate, so PAYAID_BASE_URL must begin with https:// (it is '$PAYAID_BASE_URL')" >&2 && exit 1 ;;
  esac
fi

# HTTP/2 became a directive of its own in nginx 1.25.
NGINX_HTTP2_PARAMETER='' NGINX_HTTP2_DIRECTIVE='http2 on;'
case $(nginx -v 2>&1) in
*nginx/1.?.* | *nginx/1.1?.* | *nginx/1.2[0-4].*) NGINX_HTTP2_PARAMETER=http2 NGINX_HTTP2_DIRECTIVE='' ;;
esac

export NGINX_PAGES NGINX_RUN NGINX_TLS_DIR NGINX_MIME_TYPES NGINX_HTTP_PORT NGINX_HTTPS_PORT NGINX_HEALTH_PORT
export NGINX_UPSTREAM NGINX_HTTP2_PARAMETER NGINX_HTTP2_DIRECTIVE PAYAID_BASE_URL
# Only these: every other $name in the template is nginx's own.
names='${NGINX_PAGES} ${NGINX_RUN} ${NGINX_TLS_DIR} ${NGINX_MIME_TYPES} ${NGINX_HTTP_PORT} ${NGINX_HTTPS_PORT} ${NGINX_HEALTH_PORT}
  ${NGINX_UPSTREAM} ${NGINX_HTTP2_PARAMETER} ${NGINX_HTTP2_DIRECTIVE} ${PAYAID_BASE_URL}'

render() {
  sed -e "s/^\( *\)#$found: /\1/" -e "s/^\( *\)#$carried: /\1/" -e '/^ *#[a-z]*: /d' "$NGINX_PAGES/nginx.conf.template" | envsubst "$names"
}

if [ "${1:-}" = render ]; then
  render
  exit
fi
render > "$NGINX_RUN/nginx.conf"
exec nginx -e stderr -c "$NGINX_RUN/nginx.conf" -g 'daemon off;'
