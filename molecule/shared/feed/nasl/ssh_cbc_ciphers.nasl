# Copyright: (c) 2026, INFN DataCloud
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Reads what an SSH server offers (RFC 4253, section 7.1) without logging in.

if(description) {
  script_oid("1.3.6.1.4.1.25623.1.0.990002");
  script_version("2026-11-01T00:00:00+0000");
  script_tag(name:"creation_date", value:"2026-11-01 00:00:00 +0000 (Sun, 01 Nov 2026)");
  script_tag(name:"last_modification", value:"2026-11-01 00:00:00 +0000 (Sun, 01 Nov 2026)");
  script_tag(name:"cvss_base", value:"7.1");
  script_tag(name:"cvss_base_vector", value:"AV:N/AC:M/Au:N/C:C/I:N/A:N");
  script_tag(name:"severity_vector", value:"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N");
  script_tag(name:"severity_origin", value:"DataCloud lab");
  script_tag(name:"severity_date", value:"2026-11-01 00:00:00 +0000 (Sun, 01 Nov 2026)");
  script_cve_id("CVE-2008-5161");
  script_tag(name:"summary", value:"The SSH server offers ciphers in CBC mode, which leak what they should hide.");
  script_tag(name:"insight", value:"Parts of the plain text can be had from errors of a block cipher in CBC mode.");
  script_tag(name:"solution", value:"Allow only ciphers in counter or authenticated mode (Ciphers in sshd_config).");
  script_tag(name:"solution_type", value:"Mitigation");
  script_tag(name:"qod_type", value:"remote_active");
  script_name("DataCloud lab: SSH server offers CBC ciphers");
  script_category(ACT_GATHER_INFO);
  script_family("General");
  script_copyright("Copyright (C) 2026 INFN DataCloud");
  script_dependencies("tcp_ports.nasl");
  exit(0);
}

# The number in the four bytes at this place.
function number(data, at) {
  return (ord(data[at]) << 24) + (ord(data[at + 1]) << 16) + (ord(data[at + 2]) << 8) + ord(data[at + 3]);
}

port = 22;
if(!get_port_state(port))
  exit(0);
soc = open_sock_tcp(port);
if(!soc)
  exit(0);
banner = recv_line(socket:soc, length:512);
if(banner !~ "^SSH-2\.0-") {
  close(soc);
  exit(0);
}
send(socket:soc, data:'SSH-2.0-datacloud_lab\r\n');
head = recv(socket:soc, length:4, min:4);
if(strlen(head) != 4) {
  close(soc);
  exit(0);
}
size = number(data:head, at:0);
packet = recv(socket:soc, length:size, min:size);
close(soc);
# A KEXINIT: padding length, the number 20, a cookie of 16 bytes, then lists of names.
if(strlen(packet) != size || size < 64 || ord(packet[1]) != 20)
  exit(0);

at = 18;
# Key exchange and host keys come first; what the server sends with is the fourth list.
for(list = 0; list < 3; list++)
  at += 4 + number(data:packet, at:at);
ciphers = substr(packet, at + 4, at + 3 + number(data:packet, at:at));
weak = "";
foreach cipher(split(ciphers, sep:",", keep:FALSE)) {
  if(cipher =~ "-cbc$")
    weak += '  ' + cipher + '\n';
}
if(!weak)
  exit(99);
security_message(port:port, data:'The server offers these ciphers:\n' + weak);
