#!/usr/bin/env bash
# Gets what e2e/encryption.test.ts needs: qemu, and Debian's kernel, unpacked into dist/vm-kernel and
# not installed. Run as root on Debian: tools/vm-kernel.sh
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/setup.sh

apt_install qemu-system-x86 busybox-static
folder=dist/vm-kernel
if ! ls $folder/boot/vmlinuz-* >/dev/null 2>&1; then
  rm -rf $folder && mkdir -p $folder
  # The package that names the newest one depends on it.
  package=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/^ *Depends: \(linux-image-[0-9].*\)/\1/p' | head -n 1)
  say "Downloading $package"
  (cd $folder && quietly apt-get download "$package" && dpkg -x ./*.deb . && rm ./*.deb)
fi
say "The kernel is in $folder: $(basename $folder/boot/vmlinuz-*)"
