# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# The credential of a target, for the checks that log in. The OID and the names of the preferences are those by which
# ospd-openvas hands it over (ospd_openvas/preferencehandler.py, OID_SSH_AUTH).

if(description) {
  script_oid("1.3.6.1.4.1.25623.1.0.103591");
  script_version("2026-11-01T00:00:00+0000");
  script_tag(name:"creation_date", value:"2026-11-01 00:00:00 +0000 (Sun, 01 Nov 2026)");
  script_tag(name:"last_modification", value:"2026-11-01 00:00:00 +0000 (Sun, 01 Nov 2026)");
  script_tag(name:"cvss_base", value:"0.0");
  script_tag(name:"cvss_base_vector", value:"AV:N/AC:L/Au:N/C:N/I:N/A:N");
  script_tag(name:"summary", value:"Takes the credential for checks that log in with SSH.");
  script_tag(name:"qod_type", value:"remote_banner");
  script_name("SSH Authorization");
  script_category(ACT_SETTINGS);
  script_family("Credentials");
  script_copyright("Copyright (C) 2026 INFN DataCloud");
  script_add_preference(name:"SSH login name:", type:"entry", value:"", id:1);
  script_add_preference(name:"SSH key passphrase:", type:"password", value:"", id:2);
  script_add_preference(name:"SSH password (unsafe!):", type:"password", value:"", id:3);
  script_add_preference(name:"SSH private key:", type:"file", value:"", id:4);
  script_add_preference(name:"SSH privilege login name:", type:"entry", value:"", id:7);
  script_add_preference(name:"SSH privilege password:", type:"password", value:"", id:8);
  exit(0);
}

login = script_get_preference("SSH login name:", id:1);
if(!login)
  exit(0);

key = script_get_preference_file_content("SSH private key:", id:4);
password = script_get_preference("SSH password (unsafe!):", id:3);
passphrase = script_get_preference("SSH key passphrase:", id:2);
set_kb_item(name:"Secret/SSH/login", value:login);
if(key)
  set_kb_item(name:"Secret/SSH/privatekey", value:key);
if(password)
  set_kb_item(name:"Secret/SSH/password", value:password);
if(passphrase)
  set_kb_item(name:"Secret/SSH/passphrase", value:passphrase);
