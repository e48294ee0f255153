# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What nvidia-smi prints, read from texts in the formats that NVIDIA documents (drivers 535 to 570)."""

from __future__ import annotations

import pytest

from ansible_collections.infn.datacloud.plugins.module_utils.gpu import smi

QUERY = """<?xml version="1.0" ?>
<!DOCTYPE nvidia_smi_log SYSTEM "nvsmi_device_v12.dtd">
<nvidia_smi_log>
    <timestamp>Mon Nov 23 05:00:00 2026</timestamp>
    <driver_version>550.163.01</driver_version>
    <cuda_version>12.4</cuda_version>
    <attached_gpus>2</attached_gpus>
    <gpu id="00000000:3B:00.0">
        <product_name>NVIDIA H100 80GB HBM3</product_name>
        <persistence_mode>Enabled</persistence_mode>
        <mig_mode><current_mig>Enabled</current_mig><pending_mig>Enabled</pending_mig></mig_mode>
        <serial>1650000000001</serial>
        <uuid>GPU-1</uuid>
        <minor_number>0</minor_number>
        <pci>
            <pci_bus_id>00000000:3B:00.0</pci_bus_id>
            <pci_gpu_link_info>
                <link_widths><max_link_width>16x</max_link_width><current_link_width>8x</current_link_width></link_widths>
            </pci_gpu_link_info>
        </pci>
        <fb_memory_usage><total>81559 MiB</total></fb_memory_usage>
        <ecc_mode><current_ecc>Enabled</current_ecc><pending_ecc>Enabled</pending_ecc></ecc_mode>
        <ecc_errors>
            <volatile>
                <sram_correctable>7</sram_correctable>
                <sram_uncorrectable_parity>1</sram_uncorrectable_parity>
                <sram_uncorrectable_secded>0</sram_uncorrectable_secded>
                <dram_uncorrectable>2</dram_uncorrectable>
            </volatile>
            <aggregate><dram_uncorrectable>4</dram_uncorrectable></aggregate>
        </ecc_errors>
        <remapped_rows>
            <remapped_row_pending>Yes</remapped_row_pending><remapped_row_failure>No</remapped_row_failure>
        </remapped_rows>
        <clocks_event_reasons>
            <clocks_event_reason_gpu_idle>Active</clocks_event_reason_gpu_idle>
            <clocks_event_reason_hw_slowdown>Active</clocks_event_reason_hw_slowdown>
            <clocks_event_reason_hw_thermal_slowdown>Not Active</clocks_event_reason_hw_thermal_slowdown>
        </clocks_event_reasons>
        <fabric><state>In Progress</state><status>N/A</status></fabric>
        <clocks><sm_clock>345 MHz</sm_clock></clocks>
        <max_clocks><sm_clock>1980 MHz</sm_clock></max_clocks>
        <processes>
            <process_info>
                <gpu_instance_id>9</gpu_instance_id><compute_instance_id>0</compute_instance_id>
                <pid>4711</pid><type>C</type><process_name>python3</process_name><used_memory>512 MiB</used_memory>
            </process_info>
        </processes>
    </gpu>
    <gpu id="00000000:D8:00.0">
        <product_name>NVIDIA T4</product_name>
        <persistence_mode>Disabled</persistence_mode>
        <mig_mode><current_mig>N/A</current_mig><pending_mig>N/A</pending_mig></mig_mode>
        <minor_number>1</minor_number>
        <uuid>GPU-2</uuid>
        <ecc_mode><current_ecc>N/A</current_ecc></ecc_mode>
        <clocks_throttle_reasons>
            <clocks_throttle_reason_hw_slowdown>Active</clocks_throttle_reason_hw_slowdown>
        </clocks_throttle_reasons>
        <processes>
        </processes>
    </gpu>
</nvidia_smi_log>
"""

INSTANCES = """+-------------------------------------------------------+
| GPU instances:                                        |
| GPU   Name             Profile  Instance   Placement  |
|                          ID       ID       Start:Size |
|=======================================================|
|   0  MIG 1g.10gb         19       13          6:1     |
+-------------------------------------------------------+
|   1  MIG 1g.10gb+me      20        9          2:1     |
+-------------------------------------------------------+
"""
COMPUTE = """+--------------------------------------------------------------------+
| Compute instances:                                                 |
| GPU     GPU       Name             Profile   Instance   Placement  |
|       Instance                       ID        ID       Start:Size |
|         ID                                                         |
|====================================================================|
|   0      3       MIG 1c.2g.20gb       0         1          1:1     |
+--------------------------------------------------------------------+
"""
OLDER_COMPUTE = """| Compute instances:                                    |
| GPU     GPU       Name             Profile   Instance |
|   0      7       MIG 1g.5gb           0         0     |
"""
PROFILES = """+-----------------------------------------------------------------------------+
| GPU instance profiles:                                                      |
| GPU   Name             ID    Instances   Memory     P2P    SM    DEC   ENC  |
|                              Free/Total   GiB              CE    JPEG  OFA  |
|=============================================================================|
|   0  MIG 1g.10gb       19     5/7        9.75       No     16     1     0   |
|                                                             1     1     0   |
+-----------------------------------------------------------------------------+
|   0  MIG 3g.40gb        9     0/2        39.50      No     60     3     0   |
|                                                             3     3     0   |
+-----------------------------------------------------------------------------+
"""
PLACEMENTS = """GPU  0 Profile ID 19 Placements: {0,1,2,3,4,5,6}:1
GPU  0 Profile ID  9 Placements: {0,4}:4
GPU  0 Profile ID  0 Placement : {0}:8
"""
LINKS = """GPU 0: NVIDIA H100 80GB HBM3 (UUID: GPU-1)
\t Link 0: 26.562 GB/s
\t Link 1: <inactive>
GPU 1: NVIDIA T4 (UUID: GPU-2)
"""


def test_query():
    found = smi.query(QUERY)
    assert (found["driver_version"], found["cuda_version"]) == ("550.163.01", "12.4")
    first, second = found["gpus"]
    assert first["address"] == "0000:3b:00.0" and first["device"] == "/dev/nvidia0"
    assert (first["memory_mb"], first["clock_mhz"], first["clock_max_mhz"]) == (81559, 345, 1980)
    assert first["ecc"] is True and first["ecc_errors"] == 3 and first["ecc_errors_ever"] == 4
    assert first["remap_pending"] and not first["remap_failure"]
    assert (first["link_width"], first["link_width_max"], first["fabric"]) == (8, 16, "In Progress")
    assert first["slowed_by"] == ["hw_slowdown"] == second["slowed_by"]
    assert first["processes"] == [{"pid": 4711, "name": "python3", "instance": 9}]
    assert first["mig"] == first["mig_pending"] == "enabled" and first["persistence"]
    assert second["mig"] == "" and second["ecc"] is None and second["ecc_errors"] is None and not second["processes"]


@pytest.mark.parametrize("text", ["", "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver."])
def test_what_is_no_answer(text):
    with pytest.raises(ValueError, match="printed no XML"):
        smi.query(text)


def test_instances():
    assert smi.instances(INSTANCES) == [
        {"gpu": 0, "profile": "1g.10gb", "profile_id": 19, "id": 13, "start": 6, "size": 1},
        {"gpu": 1, "profile": "1g.10gb+me", "profile_id": 20, "id": 9, "start": 2, "size": 1},
    ]
    assert smi.instances("No GPU instances found: Not Found\n") == []


def test_compute_instances():
    assert smi.compute_instances(COMPUTE) == [
        {"gpu": 0, "instance": 3, "profile": "1c.2g.20gb", "profile_id": 0, "id": 1}
    ]
    assert [item["instance"] for item in smi.compute_instances(OLDER_COMPUTE)] == [7]


def test_profiles_and_placements():
    assert smi.profiles(PROFILES) == {
        0: {"1g.10gb": {"id": 19, "free": 5, "total": 7}, "3g.40gb": {"id": 9, "free": 0, "total": 2}}
    }
    assert smi.placements(PLACEMENTS)[0] == {
        19: {"starts": [0, 1, 2, 3, 4, 5, 6], "size": 1},
        9: {"starts": [0, 4], "size": 4},
        0: {"starts": [0], "size": 8},
    }


def test_links():
    assert smi.links(LINKS) == {0: {"up": 1, "down": 1}, 1: {"up": 0, "down": 0}}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("NVIDIA H100 80GB HBM3", "h100"),
        ("NVIDIA A100-SXM4-40GB", "a100"),
        ("Tesla V100-SXM2-32GB", "v100"),
        ("NVIDIA GH200 480GB", "gh200"),
        ("NVIDIA RTX 6000 Ada Generation", "6000"),
        ("NVIDIA Graphics Device", "nvidia-graphics-device"),
    ],
)
def test_kind(name, kind):
    assert smi.kind(name) == kind


def test_gres():
    gpus = [{"name": "NVIDIA H100 NVL", "device": f"/dev/nvidia{number}"} for number in (0, 1)]
    assert smi.gres([*gpus, {"name": "NVIDIA T4", "device": ""}]) == [
        {"name": "gpu", "type": "h100", "count": 2, "files": ["/dev/nvidia0", "/dev/nvidia1"]},
        {"name": "gpu", "type": "t4", "count": 1, "files": []},
    ]


def test_multiset():
    assert smi.multiset(["3g.40gb", "1g.10gb", "1g.10gb"]) == "2x 1g.10gb, 3g.40gb" and smi.multiset([]) == "none"
