#!/bin/bash
# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# slurm_verify_node.sh NODE SECONDS: wait until the controller has the node in service, and run a job on it if it is
# idle. Nodes that somebody drained, or that are busy, pass: they are in service or out of it on purpose.
set -u
node=$1
end=$(($(date +%s) + $2))
while :; do
  line=$(timeout 10 scontrol --oneliner show node "$node" 2>&1)
  state=$(sed -n 's/.* State=\([^ ]*\).*/\1/p' <<< "$line")
  reason=$(sed -n 's/.* Reason=\(.*\)$/\1/p' <<< "$line")
  case $state in
    *DRAIN* | *MAINT* | *RESERVED*) echo "$node is $state: ${reason:-no reason}"; [[ $state == *INVAL* ]] || exit 0 ;;
    IDLE) break ;;
    MIXED | ALLOCATED | COMPLETING | *POWER*) exit 0 ;;
  esac
  if (($(date +%s) >= end)); then
    echo "$node is ${state:-unknown to the controller} (${reason:-$(tail -n 1 <<< "$line")});" \
      "look into \`journalctl -u slurmd\` on it, and set it right or correct what the inventory says of it"
    exit 1
  fi
  sleep 1
done
partition=$(sed -n 's/.* Partitions=\([^, ]*\).*/\1/p' <<< "$line")
[[ -n $partition ]] || { echo "$node is in no partition"; exit 0; }
# Where somebody's job is faster, the node is busy, which is as good.
if ! said=$(timeout 60 srun --immediate=20 --time=1 --mem=10 --partition="$partition" --nodelist="$node" --chdir=/ \
  --job-name=verify true 2>&1); then
  [[ $said == *"Unable to allocate resources: Requested nodes are busy"* ]] && exit 0
  echo "$node takes no job: $(tail -n 1 <<< "$said"); look into \`journalctl -u slurmd\` on it"
  exit 1
fi
