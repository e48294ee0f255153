# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Something to say of every host that was scanned, as Greenbone's feed has it: gvmd leaves hosts without any result out of
# its reports.

if(description) {
  script_oid("1.3.6.1.4.1.25623.1.0.990004");
  script_version("2026-11-01T00:00:00+0000");
  script_tag(name:"creation_date", value:"2026-11-01 00:00:00 +0000 (Sun, 01 Nov 2026)");
  script_tag(name:"last_modification", value:"2026-11-01 00:00:00 +0000 (Sun, 01 Nov 2026)");
  script_tag(name:"cvss_base", value:"0.0");
  script_tag(name:"cvss_base_vector", value:"AV:N/AC:L/Au:N/C:N/I:N/A:N");
  script_tag(name:"summary", value:"The host was scanned.");
  script_tag(name:"qod_type", value:"remote_banner");
  script_name("DataCloud lab: host scanned");
  script_category(ACT_END);
  script_family("General");
  script_copyright("Copyright (C) 2026 INFN DataCloud");
  script_dependencies("tcp_ports.nasl");
  exit(0);
}

log_message(port:0, data:"The host was scanned.");
