#!/bin/bash
# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# build.sh SOURCE MIRROR RELEASE KEYS: make a mirror of the lab's own feed as greenbone-feed-sync expects one, signed with
# a key that is made in the folder KEYS the first time. Says "changed" where anything is new.
set -euo pipefail
source=$1 mirror=$2 release=$3
export GNUPGHOME=$4
umask 022
mkdir -p "$mirror"
mkdir -p -m 0700 "$GNUPGHOME"

if [[ ! -s $GNUPGHOME/public.asc ]]; then
  gpg --batch --quiet --passphrase '' --quick-generate-key 'DataCloud lab feed' ed25519 sign never
  gpg --batch --with-colons --list-keys | awk -F : '$1 == "fpr" { print $10; exit }' > "$GNUPGHOME/public.fpr"
  gpg --batch --armor --export > "$GNUPGHOME/public.asc"
fi

# What has not changed keeps its version: a scanner reads all checks anew when that changes.
content=$(cd "$source" && find . -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum | cut -d ' ' -f 1)
if [[ $(cat "$mirror/content" 2> /dev/null) == "$content $release" ]]; then
  exit
fi
new=$(mktemp -d "$mirror.XXXXXX")
trap 'rm -rf "$new"; gpgconf --kill gpg-agent' EXIT
version=$(date --utc +%Y%m%d%H%M)
nasl=$new/vulnerability-feed/$release/vt-data/nasl notus=$new/vulnerability-feed/$release/vt-data/notus
data=$new/data-feed/$release
mkdir -p "$nasl" "$notus"/{products,advisories} "$data"
cp "$source"/nasl/* "$nasl"
cat > "$nasl/plugin_feed_info.inc" << INFO
PLUGIN_SET = "$version";
PLUGIN_FEED = "DataCloud lab feed";
FEED_VENDOR = "INFN DataCloud";
FEED_HOME = "https://www.infn.it";
FEED_NAME = "DCLAB";
INFO
cp --recursive "$source/scan-configs" "$source/port-lists" "$data"
mkdir "$data/report-formats"
cat > "$data/feed.xml" << INFO
<feed id="5b5c2b8e-3c0f-4f57-8a43-6a4a1c2f4d10">
  <type>GVMD_DATA</type>
  <name>DataCloud lab data objects</name>
  <vendor>INFN DataCloud</vendor>
  <home>https://www.infn.it</home>
  <description>Scan config and port list of the lab</description>
  <version>$version</version>
</feed>
INFO
for folder in "$nasl" "$notus/products" "$notus/advisories"; do
  cd "$folder"
  find . -type f ! -name 'sha256sums*' -printf '%P\0' | sort -z | xargs -0 --no-run-if-empty sha256sum > sha256sums
  gpg --batch --quiet --armor --detach-sign --output sha256sums.asc sha256sums
done
echo "$content $release" > "$new/content"
chmod -R u=rwX,go=rX "$new"
rm -rf "$mirror"
mv "$new" "$mirror"
echo changed
