#!/bin/sh
# Called by mmdebstrap with the new root directory; the working directory is this folder.
# CA_DIRECTORY: the host's own trust anchors, copied to the node so that it reaches what the host reaches.
set -eu
root=$1
tar --create --owner=0 --group=0 --mode='u=rwX,go=rX' --directory=files . | tar --extract --no-same-permissions --directory="$root"
chmod 0440 "$root/etc/sudoers.d/admin"
chmod 0755 "$root/usr/local/sbin/lab-init"

chroot "$root" useradd --create-home --uid 1000 --shell /bin/bash admin
mkdir -p "$root/home/admin/.ssh"
chmod 0700 "$root/home/admin/.ssh"
chroot "$root" chown admin:admin /home/admin/.ssh

if [ -d "${CA_DIRECTORY:-}" ]; then
    find "$CA_DIRECTORY" -name '*.crt' -exec cp -t "$root/usr/local/share/ca-certificates/" '{}' +
    chroot "$root" update-ca-certificates
fi
printf '[global]\ncert = /etc/ssl/certs/ca-certificates.crt\ncache-dir = /var/cache/pip\n' > "$root/etc/pip.conf"
printf 'en_US.UTF-8 UTF-8\n' > "$root/etc/locale.gen"
chroot "$root" locale-gen

# Units that cannot work in a container, touch the host's devices, or take apt's lock behind a role's back.
chroot "$root" systemctl mask \
    systemd-modules-load.service systemd-udevd.service systemd-udevd-control.socket systemd-udevd-kernel.socket \
    systemd-udev-trigger.service systemd-udev-settle.service systemd-remount-fs.service systemd-binfmt.service \
    systemd-firstboot.service systemd-pcrphase.service systemd-hwdb-update.service \
    sys-kernel-debug.mount sys-kernel-tracing.mount sys-kernel-config.mount sys-fs-fuse-connections.mount \
    dev-hugepages.mount dev-mqueue.mount proc-sys-fs-binfmt_misc.automount \
    console-getty.service getty.target getty-static.service \
    apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer
chroot "$root" systemctl enable ssh.service
chroot "$root" systemctl set-default multi-user.target

# The lab makes a host key for each node itself: one in the image would be shared by all of them.
rm -f "$root"/etc/ssh/ssh_host_*_key "$root"/etc/ssh/ssh_host_*_key.pub "$root/etc/machine-id" "$root/var/lib/dbus/machine-id"
: > "$root/etc/machine-id"
