# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

if(description) {
  script_oid("1.3.6.1.4.1.25623.1.0.990003");
  script_version("2026-11-01T00:00:00+0000");
  script_tag(name:"creation_date", value:"2026-11-01 00:00:00 +0000 (Sun, 01 Nov 2026)");
  script_tag(name:"last_modification", value:"2026-11-01 00:00:00 +0000 (Sun, 01 Nov 2026)");
  script_tag(name:"cvss_base", value:"5.0");
  script_tag(name:"cvss_base_vector", value:"AV:N/AC:L/Au:N/C:P/I:N/A:N");
  script_tag(name:"severity_vector", value:"CVSS:3.1/AV:N/AC:H/PR:N/UI:R/S:U/C:H/I:N/A:N");
  script_tag(name:"severity_origin", value:"DataCloud lab");
  script_tag(name:"severity_date", value:"2026-11-01 00:00:00 +0000 (Sun, 01 Nov 2026)");
  script_tag(name:"summary", value:"A client that sends passwords in the clear is installed.");
  script_tag(name:"insight", value:"Whoever listens on the way reads what was typed into telnet.");
  script_tag(name:"solution", value:"Remove the package telnet or inetutils-telnet; use SSH.");
  script_tag(name:"solution_type", value:"Mitigation");
  script_tag(name:"qod_type", value:"package");
  script_name("DataCloud lab: telnet client installed");
  script_category(ACT_GATHER_INFO);
  script_family("General");
  script_copyright("Copyright (C) 2026 INFN DataCloud");
  script_dependencies("ssh_login_worked.nasl");
  script_mandatory_keys("login/SSH/success");
  exit(0);
}

packages = get_kb_item("ssh/login/packages");
if(!packages)
  exit(0);

found = egrep(string:packages, pattern:"^(inetutils-)?telnet [^ ]+ ii");
if(!found)
  exit(99);
security_message(port:0, data:"Installed package: " + found);
