/** A word of a unit's command line, quoted when it must be. */
const quote = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word)
    ? word.replaceAll("%", "%%")
    : `"${word.replaceAll("%", "%%").replaceAll(/["\\$]/g, String.raw`\$&`)}"`;

/**
 * The systemd unit of the daemon. `command` starts the skein command, `config` is read when it
 * exists. Containers are not the unit's: they run on when the daemon stops.
 */
export const unitText = (command: readonly string[], config: string): string =>
  `[Unit]
Description=Skein: swarm mode for Docker-compatible engines
Wants=network-online.target
After=network-online.target docker.service podman.service

[Service]
Type=notify
NotifyAccess=all
EnvironmentFile=-/etc/default/skein
ExecStart=/bin/sh -c 'if [ -e ${config} ]; then export SKEIN_CONFIG=${config}; fi; exec "$@"' skein ${[...command, "daemon"].map(quote).join(" ")}
RuntimeDirectory=skein
RuntimeDirectoryMode=0755
RuntimeDirectoryPreserve=yes
StateDirectory=skein
StateDirectoryMode=0700
KillMode=process
Restart=always
RestartSec=2
TimeoutStartSec=120
LimitNOFILE=1048576

[Install]
WantedBy=multi-user.target
`;
