#include "imagefmt/agent_files.h"

namespace imagefmt {
namespace {

// udev starts the service in every guest that has the agent's serial port, and only there. install.sh puts a real folder where TARGET stands.
constexpr std::string_view kRules = R"(SYMLINK=="virtio-ports/org.linuxcontainers.incus", TAG+="systemd", ENV{SYSTEMD_WANTS}+="incus-agent.service"
)";

constexpr std::string_view kUnit = R"([Unit]
Description=Incus agent
Documentation=https://linuxcontainers.org/incus/docs/main/
DefaultDependencies=no
Before=cloud-init.target cloud-init.service cloud-init-local.service multi-user.target

[Service]
Type=notify
ExecStartPre=TARGET/systemd/incus-agent-setup
ExecStart=/run/incus_agent/incus-agent
WorkingDirectory=-/run/incus_agent
Restart=on-failure
RestartSec=5s
StartLimitInterval=60
StartLimitBurst=10
)";

// Agent and certificates are copied, because the drive may go away: a CD is ejected, a share belongs to the host.
constexpr std::string_view kSetup = R"(#!/bin/sh
# Brings agent and configuration from the config drive to /run/incus_agent.
set -eu
to=/run/incus_agent
from=$to.mnt
disc=/dev/disk/by-label/incus-agent

give_up() {
    rmdir "$from" 2>/dev/null || true
    if [ -x "$to/incus-agent" ]; then
        echo "No config drive, the agent of before is used"
        exit 0
    fi
    umount -l "$to" 2>/dev/null || true
    eject "$disc" >/dev/null 2>&1 || true
    rmdir "$to" 2>/dev/null || true
    echo "No config drive was found" >&2
    exit 1
}

mkdir -p "$from"
modprobe 9pnet_virtio >/dev/null 2>&1 || true
mount -t 9p config "$from" -o ro,access=0,trans=virtio,size=1048576 2>/dev/null ||
    mount -t virtiofs config "$from" -o ro 2>/dev/null ||
    mount -o ro "$disc" "$from" 2>/dev/null ||
    give_up

umount -l "$to" 2>/dev/null || true
mkdir -p "$to"
mount -t tmpfs tmpfs "$to" -o mode=0700,size=50M
cp -Ra "$from/." "$to"
umount "$from"
rmdir "$from"
eject "$disc" >/dev/null 2>&1 || true
chown -R root:root "$to"
restorecon -R "$to" >/dev/null 2>&1 || true
)";

constexpr std::string_view kInstall = R"(#!/bin/sh
# Installs the service that starts the agent at every boot. To be run in the mounted config drive.
set -eu
[ -d systemd ] && [ -e incus-agent ] || { echo "Please run this script in the folder of the config drive" >&2; exit 1; }

target=
for folder in /usr/lib /lib /etc; do
    if [ -w "$folder/systemd" ] && [ -w "$folder/udev" ]; then target=$folder; break; fi
done
[ "$target" ] || { echo "This system has no systemd, or its folders are not writable" >&2; exit 1; }

echo "Installing the agent's service in $target"
mkdir -p "$target/udev/rules.d" "$target/systemd/system"
cp udev/99-incus-agent.rules "$target/udev/rules.d/"
cp systemd/incus-agent.service "$target/systemd/system/"
cp systemd/incus-agent-setup "$target/systemd/"
chmod 755 "$target/systemd/incus-agent-setup"
sed -i "s#TARGET#$target#g" "$target/systemd/system/incus-agent.service"
systemctl daemon-reload || true

if getenforce >/dev/null 2>&1 && command -v semanage >/dev/null 2>&1; then
    for run in /run /var/run; do semanage fcontext -a -t bin_t "$run/incus_agent/incus-agent" >/dev/null 2>&1 || true; done
fi
echo "Done. Reboot, or unmount this folder and run: systemctl start incus-agent"
)";

constexpr AgentFile kFiles[] = {
    {"install.sh", 0700, kInstall},
    {"systemd/incus-agent-setup", 0500, kSetup},
    {"systemd/incus-agent.service", 0400, kUnit},
    {"udev/99-incus-agent.rules", 0400, kRules},
};

}  // namespace

std::span<const AgentFile> agent_files() { return kFiles; }

}  // namespace imagefmt
