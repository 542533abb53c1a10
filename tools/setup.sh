# shellcheck shell=bash
# What ./skein, ./quickstart and ./test share: a Node that is new enough, the packages, the bundle.
# Sourced; `root` is the clone. Only what is missing is installed, and each step says so on stderr.

NODE_MIN_MAJOR=20
NODE_MIN_MINOR=19

say() { printf '%s\n' "$*" >&2; }

die() {
  say "$*"
  exit 1
}

# Runs a step quietly; its output appears only when it fails.
quietly() {
  local output
  output=$("$@" 2>&1 </dev/null) || {
    local code=$?
    printf '%s\n' "$output" >&2
    return $code
  }
}

# apt_install PACKAGE...: installs those that are not there.
apt_install() {
  local missing=() package
  for package; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q '^install ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return
  command -v apt-get >/dev/null || die "Please install: ${missing[*]}"
  [ "$(id -u)" = 0 ] || die "Please install, as root: apt-get install ${missing[*]}"
  say "Installing Debian packages: ${missing[*]}"
  quietly apt-get update -q || say "apt-get update failed; going on with the lists there are."
  # Engines are started where they are needed, never as services of this machine.
  local policy=/usr/sbin/policy-rc.d made=
  if [ ! -e $policy ]; then
    printf '#!/bin/sh\nexit 101\n' >$policy && chmod +x $policy && made=1
  fi
  local code=0
  DEBIAN_FRONTEND=noninteractive quietly apt-get install -q -y --no-install-recommends "${missing[@]}" || code=$?
  [ -z "$made" ] || rm -f $policy
  return $code
}

# The engine, its command, and what hosts of a playground need.
ensure_playground_programs() {
  local packages=(iproute2 iptables nftables conntrack busybox-static procps util-linux etcd-server)
  if ! command -v dockerd >/dev/null || ! command -v docker >/dev/null; then packages+=(docker.io); fi
  apt_install "${packages[@]}"
}

node_is_new_enough() {
  local version major minor
  version=$("$1" --version 2>/dev/null) || return 1
  version=${version#v}
  major=${version%%.*}
  minor=${version#*.}
  minor=${minor%%.*}
  [ "$major" -gt $NODE_MIN_MAJOR ] || { [ "$major" -eq $NODE_MIN_MAJOR ] && [ "$minor" -ge $NODE_MIN_MINOR ]; }
}

# Puts a Node of at least NODE_MIN on the PATH: this machine's own, or one kept in .cache/node.
ensure_node() {
  node_is_new_enough node && return
  local home=$root/.cache/node/node_modules platform
  case $(uname -m) in
  x86_64) platform=linux-x64 ;;
  aarch64) platform=linux-arm64 ;;
  *) die "Please install Node $NODE_MIN_MAJOR.$NODE_MIN_MINOR or newer: none is packaged for $(uname -m)." ;;
  esac
  PATH=$home/.bin:$home/node-$platform/bin:$PATH
  export PATH
  hash -r
  node_is_new_enough node && return
  command -v npm >/dev/null || apt_install nodejs npm
  say "Installing Node $NODE_MIN_MAJOR into .cache/node"
  mkdir -p "$root/.cache/node"
  quietly npm install --prefix "$root/.cache/node" --no-save --no-audit --no-fund --ignore-scripts \
    "node-$platform@$NODE_MIN_MAJOR" npm@10
  hash -r
  node_is_new_enough node || die "Node $NODE_MIN_MAJOR.$NODE_MIN_MINOR or newer is needed; $(node --version 2>&1) is what there is."
}

modules_are_current() {
  [ "$root/node_modules/.package-lock.json" -nt "$root/package-lock.json" ]
}

# Installs the packages of the lockfile when they are missing or older than it.
ensure_modules() {
  modules_are_current && return
  say "Installing packages (npm ci)"
  (cd "$root" && quietly npm ci --no-audit --no-fund --ignore-scripts --loglevel error) || return
  touch "$root/node_modules/.package-lock.json"
}

bundle_is_current() {
  local stamp=$root/dist/stamp
  [ -e "$root/dist/skein.mjs" ] && [ "$stamp" -nt "$root/package-lock.json" ] &&
    [ -z "$(find "$root"/packages/*/src -newer "$stamp" ! -name '*.test.ts' -print -quit)" ]
}

build_bundle() {
  say "Building skein"
  # Sources that change while they are read must look newer than the bundle.
  touch "$root/dist/stamp.new"
  (cd "$root" && quietly node tools/bundle.mjs dist/skein.mjs) || return
  mv "$root/dist/stamp.new" "$root/dist/stamp"
}

# Makes dist/skein.mjs when a source is newer than it. Of several at once, one builds.
ensure_bundle() {
  modules_are_current && bundle_is_current && return
  mkdir -p "$root/dist"
  (
    flock 9
    ensure_modules || exit
    bundle_is_current || build_bundle
  ) 9>"$root/dist/lock"
}
