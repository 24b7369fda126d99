// The `incus admin init` row.
#include "applets/cli/admin/init.h"

namespace cli {
namespace {

constexpr Flag kInitFlags[] = {{"auto", FlagKind::boolean, "Ask nothing, take defaults"},
                               {"dump", FlagKind::boolean, "Print what the server has as a preseed"},
                               {"minimal", FlagKind::boolean, "Ask nothing, make only what instances need"},
                               {"network-address", FlagKind::text, "Address to listen on (none unless given)"},
                               {"network-port", FlagKind::number, "Port to listen on (8443 unless given)", "-1"},
                               {"preseed", FlagKind::boolean, "Read the answers as YAML from standard input or a file"},
                               {"storage-backend", FlagKind::text, "Kind of storage (btrfs, dir, lvm or zfs; dir unless given)"},
                               {"storage-create-device", FlagKind::text, "Make the pool on this device"},
                               {"storage-create-loop", FlagKind::number, "Make the pool in a loop file of so many GiB", "-1"},
                               {"storage-pool", FlagKind::text, "Pool to use or make"}};

constexpr Command kInit[] = {
    {.path = "admin init", .usage = "[--preseed [<preseed.yaml>]]", .summary = "Set the server up", .run = init_server, .flags = kInitFlags,
     .examples = "incus admin init --minimal\nincus admin init --auto --storage-backend=btrfs\nincus admin init --preseed < preseed.yaml"},
};

}  // namespace

extern const CommandTable admin_init_commands = kInit;

}  // namespace cli
