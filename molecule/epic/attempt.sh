#!/bin/sh
# Starts the tunnel anew and says what came of it: "up", how the gateway's refusal reads in OpenVPN's journal, or "no
# answer", as when the handshake itself was refused: the gateway then speaks no more.
unit=openvpn-client@datacloud.service
systemctl restart "$unit"
end=$(($(date +%s) + 30))
while [ "$(date +%s)" -lt "$end" ]; do
    invocation=$(systemctl show --property InvocationID --value "$unit")
    said=$(journalctl "_SYSTEMD_INVOCATION_ID=$invocation" --output cat --no-pager |
        grep -o 'AUTH_FAILED.*\|Initialization Sequence Completed' |
        head -1)
    case $said in
    Initialization*) echo up && exit ;;
    ?*) echo "refused: $said" && exit ;;
    esac
    sleep 1
done
echo "no answer"
