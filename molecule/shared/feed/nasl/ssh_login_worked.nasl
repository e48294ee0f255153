# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Says that the login worked. The OID is that of Greenbone's check with the same message.

if(description) {
  script_oid("1.3.6.1.4.1.25623.1.0.90022");
  script_version("2026-11-01T00:00:00+0000");
  script_tag(name:"creation_date", value:"2026-11-01 00:00:00 +0000 (Sun, 01 Nov 2026)");
  script_tag(name:"last_modification", value:"2026-11-01 00:00:00 +0000 (Sun, 01 Nov 2026)");
  script_tag(name:"cvss_base", value:"0.0");
  script_tag(name:"cvss_base_vector", value:"AV:N/AC:L/Au:N/C:N/I:N/A:N");
  script_tag(name:"summary", value:"Logs in with the credential of the target.");
  script_tag(name:"qod_type", value:"exploit");
  script_name("SSH Authorization Check");
  script_category(ACT_GATHER_INFO);
  script_family("General");
  script_copyright("Copyright (C) 2026 INFN DataCloud");
  script_dependencies("ssh_login.nasl", "tcp_ports.nasl");
  exit(0);
}

include("ssh_session.inc");

port = lab_ssh_port();
session = lab_ssh_session(port:port);
if(!session)
  exit(0);
if(session == -1) {
  set_kb_item(name:"login/SSH/failed", value:TRUE);
  exit(0);
}
packages = ssh_request_exec(session, cmd:"dpkg-query -W -f '${Package} ${Version} ${db:Status-Abbrev}\n'",
                            stdout:1, stderr:0);
ssh_disconnect(session);
set_kb_item(name:"login/SSH/success", value:TRUE);
if(packages)
  set_kb_item(name:"ssh/login/packages", value:packages);
log_message(port:port, data:"It was possible to login using the provided SSH credentials. Hence authenticated checks are enabled.");
