#!/bin/bash
# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# running_job.sh USER SBATCH-WORD...: submit a job as this user, wait until it runs, and print its number.
set -euo pipefail
user=$1
shift
number=$(runuser -u "$user" -- sbatch --parsable --chdir=/tmp --output=/dev/null --time=5 --mem=50 "$@")
for _try in $(seq 30); do
  state=$(squeue --noheader --job "$number" --format %T)
  if [[ $state == RUNNING ]]; then
    echo "$number"
    exit
  fi
  sleep 1
done
echo "job $number is $state" >&2
exit 1
