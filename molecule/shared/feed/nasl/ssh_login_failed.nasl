# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Says that the login failed. The OID is that of Greenbone's check with the same message.

if(description) {
  script_oid("1.3.6.1.4.1.25623.1.0.105936");
  script_version("2026-11-01T00:00:00+0000");
  script_tag(name:"creation_date", value:"2026-11-01 00:00:00 +0000 (Sun, 01 Nov 2026)");
  script_tag(name:"last_modification", value:"2026-11-01 00:00:00 +0000 (Sun, 01 Nov 2026)");
  script_tag(name:"cvss_base", value:"0.0");
  script_tag(name:"cvss_base_vector", value:"AV:N/AC:L/Au:N/C:N/I:N/A:N");
  script_tag(name:"summary", value:"It was not possible to login using the provided SSH credentials.");
  script_tag(name:"solution", value:"Check the user name and the key or password of the scan's credential.");
  script_tag(name:"qod_type", value:"exploit");
  script_name("SSH Login Failed For Authenticated Checks");
  script_category(ACT_GATHER_INFO);
  script_family("General");
  script_copyright("Copyright (C) 2026 INFN DataCloud");
  script_dependencies("ssh_login_worked.nasl");
  script_mandatory_keys("login/SSH/failed");
  exit(0);
}

include("ssh_session.inc");

log_message(port:lab_ssh_port(),
  data:"It was not possible to login using the provided SSH credentials. Hence authenticated checks are not enabled.");
