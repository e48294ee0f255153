#!/bin/sh
# Called by mmdebstrap with the new root directory; the working directory is this folder.
# CA_DIRECTORY: the host's own trust anchors, copied to the machine so that it reaches what the host reaches.
set -eu
root=$1
tar --create --owner=0 --group=0 --mode='u=rwX,go=rX' --directory=files . | tar --extract --no-same-permissions --directory="$root"
chmod 0440 "$root/etc/sudoers.d/admin"

chroot "$root" useradd --create-home --uid 1000 --shell /bin/bash admin
if [ -d "${CA_DIRECTORY:-}" ]; then
    find "$CA_DIRECTORY" -name '*.crt' -exec cp -t "$root/usr/local/share/ca-certificates/" '{}' +
    chroot "$root" update-ca-certificates
fi
printf '[global]\ncert = /etc/ssl/certs/ca-certificates.crt\n' > "$root/etc/pip.conf"
printf 'en_US.UTF-8 UTF-8\n' > "$root/etc/locale.gen"
chroot "$root" locale-gen
printf 'LABEL=lab-root / ext4 errors=remount-ro 0 1\n' > "$root/etc/fstab"

# What takes apt's lock behind a role's back, or only costs time in a machine that lives for an hour.
chroot "$root" systemctl mask apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer \
    e2scrub_reap.service fstrim.timer getty@tty1.service systemd-networkd-wait-online.service
chroot "$root" systemctl enable ssh.service systemd-networkd.service
chroot "$root" systemctl set-default multi-user.target

# The kernel is started directly, with no drivers in its first file system but those of the root disk.
chroot "$root" update-initramfs -u -k all
# The lab makes a host key for each machine itself: one in the image would be shared by all of them.
rm -f "$root"/etc/ssh/ssh_host_*_key "$root"/etc/ssh/ssh_host_*_key.pub "$root/etc/machine-id" "$root/var/lib/dbus/machine-id"
: > "$root/etc/machine-id"
# QEMU's own network gives the machine this resolver.
rm -f "$root/etc/resolv.conf"
printf 'nameserver 10.0.2.3\n' > "$root/etc/resolv.conf"
printf 'lab-machine\n' > "$root/etc/hostname"
printf '127.0.0.1 localhost\n127.0.1.1 lab-machine\n' > "$root/etc/hosts"
