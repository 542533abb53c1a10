#!/usr/bin/env bash
# Makes the demo images demo:1 and demo:2 from this machine's static busybox, without a registry:
#   tools/demo-image.sh ENGINE-SOCKET OUTPUT.tar
# The container answers HTTP on port 8080 with its version and hostname; /cgi-bin/who tells whom it sees.
set -euo pipefail
socket=$1 output=$2
busybox=$(command -v busybox) || { echo "busybox is missing: apt-get install busybox-static" >&2; exit 1; }

tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
mkdir -p "$tree"/{bin,etc,proc,sys,tmp,www}
cp "$busybox" "$tree/bin/busybox"
for applet in $("$busybox" --list); do
  [ "$applet" = busybox ] || ln -s busybox "$tree/bin/$applet"
done
echo 'root:x:0:0:root:/:/bin/sh' >"$tree/etc/passwd"
mkdir -p "$tree/www/cgi-bin"
cat >"$tree/www/cgi-bin/who" <<'WHO'
#!/bin/sh
# Who answers, and whom it sees.
printf 'Content-Type: text/plain\r\n\r\n%s saw %s\n' "$(hostname)" "$REMOTE_ADDR"
WHO
chmod +x "$tree/www/cgi-bin/who"
cat >"$tree/bin/serve" <<'SERVE'
#!/bin/sh
# httpd would ignore SIGTERM as the first process of a container; the shell does not.
trap 'exit 0' TERM INT
echo "hello from $(hostname), version ${VERSION}" | tee /www/index.html
httpd -f -p "${PORT:-8080}" -h /www &
wait
SERVE
chmod +x "$tree/bin/serve"

export DOCKER_HOST=unix://$socket
for version in 1 2; do
  tar -C "$tree" -c . | docker import -c 'CMD ["serve"]' -c "ENV VERSION=$version" -c 'EXPOSE 8080' - "demo:$version" >/dev/null
done
docker save -o "$output" demo:1 demo:2
