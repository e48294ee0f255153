#!/bin/sh
# Starts the tunnel anew and says what came of it: "up", or how the gateway's refusal reads in OpenVPN's journal.
unit=openvpn-client@datacloud.service
systemctl restart "$unit"
end=$(($(date +%s) + 60))
while [ "$(date +%s)" -lt "$end" ]; do
    invocation=$(systemctl show --property InvocationID --value "$unit")
    said=$(journalctl "_SYSTEMD_INVOCATION_ID=$invocation" --output cat --no-pager |
        grep -o 'AUTH_FAILED.*\|alert certificate revoked\|TLS handshake failed\|Initialization Sequence Completed' |
        head -1)
    case $said in
    Initialization*) echo up && exit ;;
    ?*) echo "refused: $said" && exit ;;
    esac
    sleep 1
done
echo "no answer"
